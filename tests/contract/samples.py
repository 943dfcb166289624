"""One message of every kind, with every field filled: what the golden files are written from."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from schemas import backoffice as bo
from schemas import parcel as pc
from schemas import payment as pay
from schemas import reading as rd
from schemas import referral as rf
from schemas.agency import AgencyKind
from schemas.base import Model, Text
from schemas.errors import Problem, Refusal, RefusalCode
from schemas.files import FileRef, Paper
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing import state as fl
from schemas.filing.submission import Submission
from schemas.level import Channel, Level
from schemas.limit import Limit, Unit
from schemas.people import Actor, Address, Applicant, PersonKind, Role, Via
from schemas.publishing import calendar as cal
from schemas.publishing.calendar import Calendar, Timeliness
from schemas.publishing.procedure import ProcedureRules
from schemas.stream.ledger import Receipt
from schemas.stream.snapshots import Snapshot

FILING: Final = UUID("f6fae566-a33a-5e3d-be63-33acc1539c0f")
AGENCY: Final = "H01.12"
DESK: Final = "H01.01"
AT: Final = datetime(2026, 11, 25, 3, 0, 30, tzinfo=UTC)
CODE: Final = "H01.12-20261125-0000001"
PERSON: Final = Applicant(
    subject="vneid:001099000001",
    kind=PersonKind.PERSON,
    name="Nguyễn Văn An",
    id_number="001099000001",
    phone="0900000000",
    email="an@example.vn",
    stands_for_it="vneid:001085000002",
)
ADDRESS: Final = Address(recipient="Nguyễn Văn An", phone="0900000000", address="1 Hàng Bài, Hà Nội", postcode="10000")
APPLICANT: Final = Actor(subject="vneid:001099000001", role=Role.APPLICANT)
OFFICER: Final = Actor(subject="h01.12-reception-1", role=Role.RECEPTION, agency=AGENCY)
VIA: Final = Via(principal="portal", channel=Channel.ONLINE)
FILE: Final = FileRef(key="papers/1.pdf", sha256="b" * 64, size=1000, media_type="application/pdf")
RESULT: Final = FileRef(key="results/1.pdf", sha256="c" * 64, size=2000, media_type="application/pdf")
PAPERS: Final = (Paper(code="identity", file=FILE), Paper(code="mandate"))
DIGESTS: Final[dict[str, str | None]] = {"identity": "b" * 64, "mandate": None}
PINNED: Final = ev.Digests(rules="c" * 64, calendar="d" * 64)
FORM: Final[dict[str, str | bool | int]] = {"name": "An", "copies": 2, "urgent": True}
LINE: Final = ev.FeeLine(code="extract", amount=8000, quantity=2)
ITEM: Final = cm.SupplementItem(target=cm.TargetKind.PAPER, code="identity", note="bản chụp mờ")
SUPPLEMENT: Final = fl.OpenSupplement(n=1, items=(ITEM,), officer="h01.12-specialist-1", legal_basis="NĐ 61/2018 Đ15")
FEE: Final = fl.Fee(
    n=1,
    amount=16_000,
    lines=(LINE,),
    channel=Channel.ONLINE,
    waived=1,
    lapsed=True,
    state=fl.FeeState.PAID,
    receipt_no="0000001",
)
DECISION: Final = fl.Decision(
    outcome=ev.Outcome.APPROVED,
    officer="h01.12-leader-1",
    acting_for="h01.12-leader-2",
    standing_order="01/QĐ-UBND",
    silence="NĐ 1/2026",
    reason="đủ điều kiện",
    legal_basis="NĐ 123/2015",
)
PROPOSAL: Final = fl.Proposal(
    outcome=ev.Outcome.APPROVED,
    officer="h01.12-specialist-1",
    acting_for="h01.12-specialist-2",
    reason="đủ điều kiện",
    legal_basis="NĐ 123/2015",
)
QUESTION: Final = fl.Question(n=1, officer="h01.12-specialist-1", question="Nơi đăng ký?", answer="Hà Nội")
INSPECTION: Final = fl.Inspection(
    step="inspect",
    officer="h01.12-specialist-1",
    held_at=AT,
    place="1 Hàng Bài",
    participants=("Nguyễn Văn An",),
    findings="đúng hiện trạng",
)
OPINION: Final = fl.Opinion(step="consult", party="police", consent=True, silent=True, note="không ý kiến")
PART: Final = fl.FilingPart(
    n=1,
    step="parts",
    code="residence",
    agency="H01.31",
    limit=Limit(amount=7, unit=Unit.WORKING_DAYS),
    stage=fl.PartStage.ANSWERED,
    referred_at=AT,
    due=AT,
    overdue=True,
    answered_at=AT,
    outcome=ev.Outcome.APPROVED,
    officer="h01.31-specialist-1",
    result=RESULT,
)
OBLIGATION: Final = fl.Obligation(step="tax", reference="34/TB-CCT", amount=5_000_000)
DRAFT: Final = fl.Draft(step="draft", n=1, officer="h01.12-specialist-1", file=FILE)
WAIVER: Final = fl.Waiver(code="student", percent=50, officer="h01.12-cashier-1")

CALENDAR: Final = Calendar.model_validate(
    {
        "code": "vn",
        "version": "2026.1",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "week": [("07:00-11:30", "13:30-17:00")] * 5 + [(), ()],
        "off": ["2026-01-01"],
        "open": {"2026-08-22": ["07:00-11:30"]},
        "cut_off": "15:00",
    }
)
TIMED: Final[dict[str, Any]] = {
    "limit": Limit(amount=4, unit=Unit.WORKING_HOURS),
    "since": AT,
    "calendar": "vn@2026.1",
    "due": AT,
}

DOSSIER: Final = bo.Dossier(
    filing_id=FILING,
    code=CODE,
    agency=AGENCY,
    procedure="2.000635",
    version="2026-11",
    level=Level.FULLY_ONLINE,
    applicant=PERSON,
    form=FORM,
    papers=PAPERS,
)
PART_DECISION: Final = bo.PartDecision(
    outcome=ev.Outcome.REFUSED,
    officer="h01.31-specialist-1",
    reason="không đủ điều kiện",
    legal_basis="Luật Cư trú Đ20",
    result=RESULT,
)
NEED: Final = ev.SupplementNeed(target="paper", code="identity")
EVENTS: Final[tuple[Any, ...]] = (
    ev.Submitted(
        code=CODE,
        agency=AGENCY,
        desk=DESK,
        result_desk=DESK,
        procedure="2.000635",
        version="2026-11",
        procedure_sha256="a" * 64,
        calendar="vn@2026.1",
        level=Level.FULLY_ONLINE,
        channel=Channel.ONLINE,
        fee_channel=Channel.ONLINE,
        result_channel=Channel.POST,
        paper_digests=DIGESTS,
        client_id="portal",
        submission_id="1",
        accountable=ev.Accountable(standing="h01.12-leader-1", silent="h01.12-leader-1"),
        digests=PINNED,
        partners=(ev.Partner(part="residence", agency="H01.31"),),
        applicant=PERSON,
        filed_by=APPLICANT,
        form=FORM,
        papers=PAPERS,
        authorisation=FILE,
        signature=FILE,
        address=ADDRESS,
        payer_account="0123456789",
        possible_duplicates=(CODE,),
        missing=(NEED,),
        received_at=AT,
        assisted=True,
        read_back=FILE,
    ),
    ev.Accepted(automatic=True, since=AT),
    ev.IntakeRefused(reason="không thuộc thẩm quyền", legal_basis="NĐ 61/2018 Đ17"),
    ev.SupplementRequested(
        n=1,
        needs=(NEED,),
        officer="h01.12-specialist-1",
        notes=("bản chụp mờ",),
        legal_basis="NĐ 61/2018 Đ15",
        late=True,
        late_reason="hồ sơ phức tạp",
    ),
    ev.Supplemented(n=1, channel=Channel.COUNTER, desk=DESK, paper_digests=DIGESTS, form=FORM, papers=PAPERS),
    ev.SupplementExpired(n=1),
    ev.DossierTransferred(officer="h01.01-reception-1", papers=("identity",), originals=("identity",)),
    ev.DossierReceived(officer="h01.12-reception-1", papers=("identity",), note="thiếu trang 2"),
    ev.FeeRequested(n=1, amount=16_000, lines=(LINE,), channel=Channel.ONLINE, waived=8_000),
    ev.FeePaid(n=1, amount=16_000, channel=Channel.ONLINE, receipt_no="0000001"),
    ev.FeeExpired(n=1),
    ev.ResultUnclaimed(n=1),
    ev.FeeWaived(n=1, waiver="student", percent=50, officer="h01.12-cashier-1", reason="sinh viên"),
    ev.StepStarted(step="appraise"),
    ev.DraftShown(step="draft", n=1, officer="h01.12-specialist-1", draft=FILE),
    ev.DraftConfirmed(n=1, silent=True),
    ev.DraftCorrected(n=1, note="sai tên", form=FORM),
    ev.Claimed(officer="h01.12-specialist-1"),
    ev.Released(),
    ev.Reassigned(officer="h01.12-specialist-2", role=Role.SPECIALIST, acting_for="h01.12-specialist-1"),
    ev.Recalled(step="appraise", officer="h01.12-specialist-1"),
    ev.Asked(n=1, officer="h01.12-specialist-1", question="Nơi đăng ký?"),
    ev.Answered(n=1, answer="Hà Nội"),
    ev.Inspected(
        step="inspect",
        officer="h01.12-specialist-1",
        held_at=AT,
        place="1 Hàng Bài",
        participants=("Nguyễn Văn An",),
        findings="đúng hiện trạng",
    ),
    ev.OpinionRecorded(
        step="consult", party="police", consent=True, officer="h01.12-specialist-1", note="không ý kiến"
    ),
    ev.ConsultationClosed(step="consult", silent=("health",)),
    ev.Referred(n=1, step="parts", part="residence", agency="H01.31"),
    ev.PartOverdue(n=1, part="residence"),
    ev.PartAnswered(n=1, part="residence", outcome=ev.Outcome.APPROVED, officer="h01.31-specialist-1", result=RESULT),
    ev.PartsDecided(step="parts"),
    ev.ObligationReferred(step="tax", officer="h01.12-specialist-1", reference="12/PC-UBND"),
    ev.ObligationDemanded(step="tax", officer="h01.12-specialist-1", reference="34/TB-CCT", amount=5_000_000),
    ev.ObligationFulfilled(step="tax", officer="h01.12-specialist-1", reference="56/GNT"),
    ev.Suspended(
        officer="h01.12-leader-1",
        reason="tranh chấp",
        legal_basis="NĐ 118/2025",
        limit=Limit(amount=10, unit=Unit.CALENDAR_DAYS),
        awaits="bản án của Toà án",
    ),
    ev.SuspensionProlonged(
        officer="h01.12-leader-1", by=Limit(amount=5, unit=Unit.CALENDAR_DAYS), reason="Toà án chưa xử"
    ),
    ev.Resumed(officer="h01.12-leader-1"),
    ev.Stopped(
        officer="h01.12-leader-1",
        reason="tranh chấp",
        legal_basis="NĐ 118/2025",
        unproposed=True,
        unproposed_reason="hồ sơ giả",
    ),
    ev.Extended(officer="h01.12-leader-1", by=Limit(amount=3, unit=Unit.WORKING_DAYS), reason="quá tải"),
    ev.Forwarded(step="verify", note="đã xác minh"),
    ev.Proposed(
        step="appraise",
        outcome=ev.Outcome.REFUSED,
        officer="h01.12-specialist-1",
        acting_for="h01.12-specialist-2",
        reason="thiếu",
        legal_basis="NĐ 123/2015",
    ),
    ev.Decided(
        outcome=ev.Outcome.APPROVED,
        officer="h01.12-leader-1",
        acting_for="h01.12-leader-2",
        standing_order="01/QĐ-UBND",
        silence="NĐ 1/2026",
        reason="đủ điều kiện",
        legal_basis="NĐ 123/2015",
    ),
    ev.ResultIssued(result=RESULT),
    ev.PickupOffered(),
    ev.ParcelRequested(n=1),
    ev.ParcelFailed(n=1, outcome=ev.ParcelOutcome.RETURNED),
    ev.HandedOver(channel=Channel.COUNTER, recipient="Nguyễn Văn An"),
    ev.Withdrawn(reason="đổi ý", request=FILE),
    ev.Reminded(clock=ev.Clock.INTAKE, due=AT),
    ev.ApologyDrafted(due=AT, proposed=AT),
    ev.Reappointed(officer="h01.12-leader-1", by=Limit(amount=5, unit=Unit.WORKING_DAYS), reason="chờ xác minh"),
    ev.Apologised(officer="h01.12-leader-1", reason="chờ xác minh"),
    ev.Overdue(clock=ev.Clock.INTAKE, due=AT),
    ev.FinishedEarly(due=AT),
    ev.MachineWorkFailing(work="issue", tries=10, error="LookupError"),
    ev.MachineWorkAnswered(work="issue"),
    ev.CalendarChanged(calendar=CALENDAR),
    pay.PaymentRequested(
        number="20261125-0000001",
        n=1,
        provider="bank",
        amount=16_000,
        **TIMED,
        description=CODE,
        payer_account="0123456789",
    ),
    pay.PaymentOrdered(order_id="o1", pay_url="http://127.0.0.1:8001/pay/1"),
    pay.PaymentCaptured(capture_id="m1", amount=16_000, captured_at=AT, owed=True),
    pay.PaymentExpired(),
    pay.PaymentCancelled(reason="the filing no longer owes this fee"),
    pay.PaymentRefunded(capture_id="m1", amount=16_000),
    pay.PaymentCalendarChanged(calendar="vn@2026.2", due=AT),
    pc.ConsignmentRequested(number="20261125-0000001", n=1, contents=CODE, address=ADDRESS, **TIMED),
    pc.ConsignmentSent(waybill="VN000000001"),
    pc.ConsignmentEnded(outcome=ev.ParcelOutcome.LOST),
    pc.ConsignmentCalendarChanged(calendar="vn@2026.2", due=AT),
    rf.ReferralRequested(
        n=1,
        part="residence",
        agency="H01.31",
        lead=AGENCY,
        reminder=Limit(amount=1, unit=Unit.WORKING_DAYS),
        remind_at=AT,
        dossier=DOSSIER,
        filed_by=APPLICANT,
        **TIMED,
    ),
    rf.ReferralReminded(due=AT),
    rf.ReferralOverdue(due=AT),
    rf.ReferralAnswered(
        outcome=ev.Outcome.REFUSED,
        officer="h01.31-specialist-1",
        acting_for="h01.31-specialist-2",
        automatic=True,
        result=RESULT,
        reason="không đủ điều kiện",
        legal_basis="Luật Cư trú Đ20",
    ),
    rf.ReferralCancelled(),
    rf.ReferralCalendarChanged(calendar="vn@2026.2", due=AT, remind_at=AT),
)

_SAID: Final[dict[str, Any]] = {
    "command_id": "c-1",
    "actor": OFFICER,
    "via": VIA,
    "on_behalf_of": "vneid:001099000001",
    "seen_seq": 3,
}

COMMANDS: Final[tuple[cm.Command, ...]] = (
    cm.Accept(**_SAID),
    cm.RefuseIntake(**_SAID, reason="không thuộc thẩm quyền", legal_basis="NĐ 61/2018 Đ17"),
    cm.RequestSupplement(**_SAID, items=(ITEM,), legal_basis="NĐ 61/2018 Đ15", late_reason="hồ sơ phức tạp"),
    cm.Supplement(**_SAID, form=FORM, papers=PAPERS),
    cm.TransferDossier(**_SAID, originals=("identity",)),
    cm.ReceiveDossier(**_SAID, note="thiếu trang 2"),
    cm.Claim(**_SAID),
    cm.Release(**_SAID),
    cm.Reassign(**_SAID, officer="h01.12-specialist-2", acting_for="h01.12-specialist-1"),
    cm.Recall(**_SAID),
    cm.Ask(**_SAID, question="Nơi đăng ký?"),
    cm.Answer(**_SAID, n=1, answer="Hà Nội"),
    cm.Inspect(**_SAID, held_at=AT, place="1 Hàng Bài", participants=("Nguyễn Văn An",), findings="đúng"),
    cm.RecordOpinion(**_SAID, party="police", consent=False, note="không đồng ý"),
    cm.ReferObligation(**_SAID, reference="12/PC-UBND"),
    cm.DemandObligation(**_SAID, reference="34/TB-CCT", amount=5_000_000),
    cm.FulfilObligation(**_SAID, reference="56/GNT"),
    cm.Forward(**_SAID, note="đã xác minh"),
    cm.ShowDraft(**_SAID, draft=FILE),
    cm.ConfirmDraft(**_SAID),
    cm.CorrectDraft(**_SAID, note="sai tên", form=FORM),
    cm.Propose(**_SAID, outcome=ev.Outcome.APPROVED, reason="đủ điều kiện", legal_basis="NĐ 123/2015"),
    cm.Decide(**_SAID, outcome=ev.Outcome.REFUSED, reason="không đủ điều kiện", legal_basis="NĐ 123/2015"),
    cm.Stop(
        **_SAID,
        mode=cm.StopMode.SUSPEND,
        reason="tranh chấp",
        legal_basis="NĐ 118/2025",
        limit=Limit(amount=10, unit=Unit.CALENDAR_DAYS),
        awaits="bản án của Toà án",
        unproposed_reason="hồ sơ giả",
    ),
    cm.Prolong(**_SAID, reason="Toà án chưa xử", by=Limit(amount=5, unit=Unit.CALENDAR_DAYS)),
    cm.Resume(**_SAID),
    cm.Extend(**_SAID, reason="quá tải"),
    cm.Reappoint(**_SAID, reason="quá tải", by=Limit(amount=5, unit=Unit.WORKING_DAYS)),
    cm.Apologise(**_SAID, reason="quá tải"),
    cm.WaiveFee(**_SAID, waiver="student", reason="sinh viên"),
    cm.PayAtCounter(**_SAID, amount=16_000),
    cm.Withdraw(**_SAID, reason="đổi ý", request=FILE),
    cm.HandOver(**_SAID, recipient="Nguyễn Văn An"),
    rf.AnswerPart(
        **_SAID,
        outcome=ev.Outcome.REFUSED,
        reason="không đủ điều kiện",
        legal_basis="Luật Cư trú Đ20",
        result=RESULT,
    ),
)

SUBMISSION: Final = Submission(
    client_id="portal",
    submission_id="1",
    procedure="2.000635",
    version="2026-11",
    agency=AGENCY,
    desk=DESK,
    result_desk=DESK,
    level=Level.FULLY_ONLINE,
    channel=Channel.ONLINE,
    applicant=PERSON,
    actor=APPLICANT,
    via=VIA,
    form=FORM,
    papers=(Paper(code="identity", file=FILE),),
    authorisation=FILE,
    signature=FILE,
    fee_channel=Channel.ONLINE,
    result_channel=Channel.POST,
    address=ADDRESS,
    received_at=AT,
    assisted=FILE,
    payer_account="0123456789",
)
RECEIPT: Final = Receipt(command_id="submit", digest="d" * 64, seq=1, at=AT, code=CODE)
PROBLEM: Final = Problem(
    field="papers.identity",
    rule="paper_required",
    message=Text(vi="thiếu giấy tờ bắt buộc; hãy bổ sung", en="this paper is required; add it"),
)
RULES: Final = ProcedureRules.model_validate(
    {
        "code": "2.000635",
        "version": "2026-11",
        "sha256": "a" * 64,
        "level": 4,
        "limits": {
            "intake": "8 working hours",
            "processing": "1 working days",
            "issue": "4 working hours",
            "delivery": "4 working days",
            "pickup": "30 calendar days",
        },
        "papers": [{"code": "identity", "required": True}],
        "form": [
            {"code": "copies", "kind": "integer", "required": True, "minimum": 1, "maximum": 50},
            {"code": "register", "kind": "choice", "required": False, "choices": ["birth", "death"]},
        ],
        "review": [{"code": "appraise", "role": "specialist", "act": "propose", "limit": "4 working hours"}],
        "fee": {
            "items": [{"code": "extract", "amount": 8000, "per": "copies"}],
            "due": "acceptance",
            "channels": ["online", "counter"],
            "limit": "5 working days",
        },
        "result_channels": ["online", "post"],
        "supplement_rounds": 1,
        "supplement_limit": "10 working days",
        "supplement_within": "3 working days",
        "signature": True,
        "standing_order": "01/QĐ-UBND",
        "standing_officer": "h01.12-leader-1",
    }
)
CLOCK: Final = fl.ClockState(
    clock=ev.Clock.STEP,
    limit=Limit(amount=4, unit=Unit.WORKING_HOURS),
    cut_off=time(15),
    started=AT,
    due=AT + timedelta(hours=4),
    pauses=(fl.Pause(since=AT, until=AT, reason=fl.PauseReason.SUPPLEMENT, basis="NĐ 61/2018"),),
    extensions=(fl.Extension(by=Limit(amount=4, unit=Unit.WORKING_HOURS), at=AT, kind="extended"),),
    remind_at=AT,
    reminded_at=AT,
    apologise_at=AT,
    apologised_at=AT,
    overdue_at=AT,
    ended=AT,
    ended_by="forwarded",
    outcome=Timeliness.LATE,
)
SNAPSHOT: Final = fl.Filing(
    filing_id=FILING,
    agency=AGENCY,
    procedure=RULES,
    calendar=CALENDAR,
    digests=PINNED,
    seq=9,
    code=CODE,
    level=Level.FULLY_ONLINE,
    channel=Channel.ONLINE,
    desk=DESK,
    result_desk=DESK,
    at_desk=("identity",),
    under_way=("identity",),
    fee_channel=Channel.ONLINE,
    result_channel=Channel.POST,
    applicant=PERSON,
    filed_by=APPLICANT,
    form=FORM,
    papers=PAPERS,
    address=ADDRESS,
    payer_account="0123456789",
    submitted_at=AT,
    received_at=AT,
    missing=(NEED,),
    accepted_at=AT,
    changed_at=AT,
    automatic=True,
    processing=True,
    step="appraise",
    officer="h01.12-specialist-1",
    acting_for="h01.12-specialist-2",
    supplements=1,
    supplements_in_review=1,
    supplement=SUPPLEMENT,
    fees=(FEE,),
    questions=(QUESTION,),
    inspections=(INSPECTION,),
    opinions=(OPINION,),
    parts=(PART,),
    obligation=OBLIGATION,
    drafts=1,
    draft=DRAFT,
    suspended=True,
    extensions=1,
    machine_failing="issue",
    last_move=fl.Move(
        kind="proposed", step="appraise", officer="h01.12-specialist-1", acting_for="h01.12-specialist-2"
    ),
    client_id="portal",
    submission_id="1",
    possible_duplicates=(CODE,),
    waiver=WAIVER,
    proposal=PROPOSAL,
    decision=DECISION,
    result=RESULT,
    pickup=True,
    parcels=1,
    closing=fl.Closing.DELIVERED,
    closed_at=AT,
    clocks={ev.Clock.STEP: CLOCK},
    past_clocks=(CLOCK,),
    overdue=(ev.Clock.INTAKE,),
    reappointed=True,
    apologised=True,
    early=True,
)

SUMMARY: Final = rd.FilingSummary(
    filing_id=FILING,
    code=CODE,
    agency=AGENCY,
    procedure="2.000635",
    version="2026-11",
    client_id="portal",
    submission_id="1",
    level=4,
    status=9,
    status_name=fl.STATUS_NAMES[fl.Status.PROCESSED],
    stage="delivery",
    seq=9,
    submitted_at=AT,
    due_at=AT,
    closed_at=AT,
    overdue=("intake",),
)
TASK: Final = rd.TaskSummary(
    stream=f"filing:{FILING}",
    filing_id=FILING,
    code=CODE,
    procedure="2.000635",
    agency=AGENCY,
    name="appraise",
    role=Role.SPECIALIST,
    officer="h01.12-specialist-1",
    acting_for="h01.12-specialist-2",
    actions=("propose", "release"),
    due_at=AT,
    overdue=True,
)

WEEK: Final = cal.Week(saturday=(cal.MORNING,))
HOLIDAY: Final = date(2026, 8, 31)
MADE_UP: Final = date(2026, 8, 22)
OTHERS: Final[dict[str, Model]] = {
    "calendar": cal.CalendarFile(
        code="vn",
        version="2026-11",
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        base="VN",
        week=WEEK,
        cut_off=time(15),
        overlays=(
            cal.Overlay(
                agency="H01",
                days=(
                    cal.CalendarDay(date=HOLIDAY, kind=cal.DayKind.OFF, source="QĐ 1/QĐ-UBND"),
                    cal.CalendarDay(
                        date=MADE_UP,
                        kind=cal.DayKind.MAKEUP,
                        hours=(cal.MORNING, cal.AFTERNOON),
                        replaces=HOLIDAY,
                        source="QĐ 1/QĐ-UBND",
                    ),
                ),
            ),
        ),
    ),
    "agency_calendar": cal.Calendar(
        code="vn",
        version="2026-11",
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        week=WEEK.days(),
        off=(HOLIDAY,),
        open={MADE_UP: (cal.MORNING, cal.AFTERNOON)},
        cut_off=time(15),
    ),
    "submission": SUBMISSION,
    "receipt": RECEIPT,
    "refusal": Refusal(code=RefusalCode.NOT_ALLOWED, problems=(PROBLEM,), allowed=("claim", "withdraw")),
    "action": fl.Action(name="accept", allowed=False, problem=PROBLEM),
    "clock_state": CLOCK,
    "submit_check": fl.SubmitCheck(content="d" * 64),
    "filing_start": fl.FilingStart(
        submission=SUBMISSION.model_dump(mode="json", exclude_none=True),
    ),
    "filing_end": fl.FilingEnd(closing=fl.Closing.DELIVERED, code=CODE),
    "filing_view": fl.FilingView(
        filing_id=FILING,
        code=CODE,
        seq=9,
        agency=AGENCY,
        procedure="2.000635",
        version="2026-11",
        calendar="vn@2026.1",
        level=Level.FULLY_ONLINE,
        channel=Channel.ONLINE,
        desk=DESK,
        result_desk=DESK,
        at_desk=("identity",),
        under_way=("identity",),
        result_channel=Channel.POST,
        status=fl.Status.PROCESSED,
        status_name=fl.STATUS_NAMES[fl.Status.PROCESSED],
        stage=fl.Stage.DELIVERY,
        submitted_at=AT,
        received_at=AT,
        missing=(NEED,),
        accepted_at=AT,
        closed=False,
        closing=fl.Closing.DELIVERED,
        possible_duplicates=(CODE,),
        supplement=SUPPLEMENT,
        questions=(QUESTION,),
        inspections=(INSPECTION,),
        opinions=(OPINION,),
        parts=(PART,),
        obligation=OBLIGATION,
        draft=DRAFT,
        waiver=WAIVER,
        proposal=PROPOSAL,
        fee=FEE,
        decision=DECISION,
        result=RESULT,
        complain_until=AT,
        unclaimed=True,
        tasks=(
            fl.Task(
                name="appraise",
                agency=AGENCY,
                role=Role.SPECIALIST,
                actions=("propose", "release"),
                officer="h01.12-specialist-1",
                acting_for="h01.12-specialist-2",
                due=AT,
                overdue=True,
            ),
        ),
        timers=(fl.Timer(clock=ev.Clock.STEP, due=AT),),
        overdue=(ev.Clock.INTAKE,),
        parked=1,
        as_of=AT,
    ),
    "filing_result": fl.ResultView(filing_id=FILING, code=CODE, outcome=ev.Outcome.APPROVED, result=RESULT),
    "filing_parked": fl.Parked(signal="fee_settled", problem="unreadable", at=AT),
    "timeline_entry": rd.TimelineEntry(
        stream=f"filing:{FILING}",
        seq=2,
        kind="accepted",
        at=AT,
        status=2,
        role=Role.RECEPTION,
        subject="h01.12-reception-1",
        agency=AGENCY,
        body={},
        personal={},
    ),
    "filings_page": rd.Page[rd.FilingSummary](as_of=AT, rows=(SUMMARY,), next="WyJ4Il0="),
    "tasks_page": rd.Page[rd.TaskSummary](as_of=AT, rows=(TASK,), next="WyJ4Il0="),
    "count": rd.Count(agency=AGENCY, status=4, status_name=fl.STATUS_NAMES[fl.Status.PROCESSING], filings=3, late=1),
    "agency": rd.AgencySummary(
        kind=AgencyKind.COMMUNE,
        province="H01",
        agency=AGENCY,
        name=Text(vi="Ủy ban nhân dân phường Hồng Hà", en="Hong Ha Ward"),
        queue="backoffice",
    ),
    "absence": rd.AbsenceSummary(
        officer="h01.12-specialist-1",
        role=Role.SPECIALIST,
        first_day="2026-12-01",
        last_day="2026-12-14",
        substitute="h01.12-specialist-2",
        begun=True,
        tasks=3,
    ),
    "filing_state": SNAPSHOT,
    "snapshot": Snapshot(state={"seq": 1}, receipts=(RECEIPT,), memory={"queue": "backoffice"}),
    "fee_settled": fl.FeeFact(n=1, settlement="paid", amount=16_000),
    "parcel_settled": fl.ParcelFact(n=1, outcome="delivered"),
    "part_overdue": fl.OverduePartFact(n=1),
    "part_settled": fl.PartFact(n=1, outcome="approved", officer="h01.31-specialist-1", result=RESULT),
    "check_request": bo.CheckRequest(request_id="check:1", dossier=DOSSIER),
    "check_answer": bo.CheckAnswer(complete=True),
    "issue_request": bo.IssueRequest(
        request_id="issue:9",
        dossier=DOSSIER,
        outcome=ev.Outcome.APPROVED,
        officer="h01.12-leader-1",
        reason="đủ điều kiện",
    ),
    "issue_answer": bo.IssueAnswer(result=RESULT),
    "answer_request": bo.AnswerRequest(request_id="answer:1", dossier=DOSSIER, part="residence", lead=AGENCY),
    "answer_answer": bo.AnswerAnswer(decision=PART_DECISION),
    "referral_start": rf.ReferralStart(
        filing_id=FILING,
        n=1,
        agency="H01.31",
        part="residence",
        lead=AGENCY,
        dossier=DOSSIER,
        filed_by=APPLICANT,
        reminder=Limit(amount=1, unit=Unit.WORKING_DAYS),
        remind_at=AT,
        **TIMED,
    ),
    "referral_view": rf.ReferralView(
        filing_id=FILING,
        n=1,
        part="residence",
        lead=AGENCY,
        agency="H01.31",
        state=rf.ReferralState.ANSWERED,
        due=AT,
        overdue=True,
        officer="h01.31-specialist-1",
        decision=PART_DECISION,
    ),
    "payment_start": pay.PaymentStart(
        filing_id=FILING,
        n=1,
        agency=AGENCY,
        amount=16_000,
        description=CODE,
        **TIMED,
        payer_account="0123456789",
        watch_seconds=259_200,
    ),
    "payment_view": pay.PaymentView(
        filing_id=FILING,
        n=1,
        number="20261125-0000001",
        amount=16_000,
        state=pay.PaymentState.PENDING,
        pay_url="http://127.0.0.1:8001/pay/1",
        captured=16_000,
        refunded=0,
    ),
    "parcel_start": pc.ParcelStart(filing_id=FILING, n=1, agency=AGENCY, address=ADDRESS, contents=CODE, **TIMED),
    "parcel_view": pc.ParcelView(
        filing_id=FILING, n=1, number="20261125-0000001", waybill="VN000000001", due=AT, state=pc.ParcelState.SENT
    ),
}

STREAM: Final = f"filing:{FILING}"
QUESTIONS: Final[tuple[rd.Question, ...]] = (
    rd.AskFiling(stream=STREAM),
    rd.AskClocks(stream=STREAM),
    rd.AskResult(stream=STREAM),
    rd.AskParked(stream=STREAM),
    rd.AskPayment(stream=f"payment:{FILING}:1"),
    rd.AskParcel(stream=f"parcel:{FILING}:1"),
    rd.AskReferral(stream=f"referral:{FILING}:1"),
    rd.AskReceipt(stream=STREAM, command_id="c-1"),
    rd.AskActions(stream=STREAM, actor=OFFICER),
    rd.AskTimeline(stream=STREAM, audience=rd.Audience.OFFICER),
    rd.AskChanges(stream=STREAM, after=3, wait=5),
    rd.AskFilings(client_id="portal", open_only=True, after="WyJ4Il0=", limit=10),
    rd.AskPersonsFilings(id_number="001099000001", after="WyJ4Il0=", limit=10),
    rd.AskTasks(
        agency=AGENCY,
        role=Role.SPECIALIST,
        officer="h01.12-specialist-1",
        acting_for="h01.12-specialist-2",
        overdue=True,
        due_before=AT,
        after="WyJ4Il0=",
        limit=10,
    ),
    rd.AskCounts(agency=AGENCY),
    rd.AskAgency(agency=AGENCY),
    rd.AskAbsences(agency=AGENCY),
)
OTHERS["changes"] = rd.Changes(as_of=AT, seq=9, views=(OTHERS["filing_view"],), more=True)

SAMPLES: Final[dict[str, Model]] = (
    {f"event.{event.kind}": event for event in EVENTS}
    | {f"ask.{question.ask}": question for question in QUESTIONS}
    | {f"command.{command.kind}": command for command in COMMANDS}
    | OTHERS
)
