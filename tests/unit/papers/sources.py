"""The sources of papers: filings of a published procedure, each up to the event that causes a paper."""

from dataclasses import replace
from typing import Any, Final

from rules.filing import lifecycle
from rules.money_receipts import lines_of
from rules.require import require
from rules.streams import PAPERS, PARCEL
from schemas.base import Text
from schemas.complaint.state import ComplaintState
from schemas.filing.events import Clock, PaymentMeans
from schemas.filing.state import Filing
from schemas.level import Channel
from schemas.limit import Limit
from schemas.papers.commands import IssueReceipt
from schemas.papers.sheet import Letterhead, PaperSource
from schemas.papers.state import OfficialPapers, PaperKind
from schemas.parcel.commands import RecordSent, RequestConsignment
from schemas.parcel.state import Parcel, ParcelStart
from schemas.people import SYSTEM, Actor, Applicant, Role
from schemas.publishing.fee import FeeDue, FeeKind
from schemas.publishing.procedure import ExtensionRule, LimitCase, Procedure, ReviewStep, SuccessionRule
from schemas.publishing.procedure_rules import rules_of
from schemas.stream.ledger import About, Recorded
from tests.conftest import ROOT
from tests.unit.complaint.disputes import FOUND, Dispute
from tests.unit.filing import lives
from tests.unit.filing.lives import (
    APPLICANT,
    CASHIER,
    EXTENSION,
    FETCHED,
    HANDOVER,
    LEADER,
    PASSPORT,
    RECEPTION,
    SPECIALIST,
    Life,
    local,
)
from tests.unit.forms.dossiers import MARKED, RESIDENCE, RESIDENCE_FILE, procedure

RESIDENCE_PROCEDURE: Final = procedure(RESIDENCE_FILE)
TRACKING: Final = "https://dichvucong.example.gov.vn/tra-cuu?ma={code}"
AGENCIES: Final = {
    lives.AGENCY: Letterhead(
        name=Text(vi="Công an phường Hồng Hà", en="Hong Ha Ward Police"),
        parent=Text(vi="Công an thành phố Hà Nội", en="Ha Noi City Police"),
        place=Text(vi="Hà Nội", en="Ha Noi"),
    ),
    "H01": Letterhead(
        name=Text(vi="Ủy ban nhân dân thành phố Hà Nội", en="Ha Noi People's Committee"),
        place=Text(vi="Hà Nội", en="Ha Noi"),
    ),
    lives.DESK: Letterhead(
        name=Text(vi="Trung tâm Phục vụ hành chính công thành phố Hà Nội", en="Ha Noi Public Administration Centre"),
        parent=Text(vi="Ủy ban nhân dân thành phố Hà Nội", en="Ha Noi People's Committee"),
        place=Text(vi="Hà Nội", en="Ha Noi"),
    ),
}
PHONES: Final = {lives.AGENCY: "024 3825 1101", lives.DESK: "1900 1009"}
OFFICERS: Final = {f"{role}-1": f"{MARKED[:28]} {role}" for role in ("reception", "specialist", "leader", "handover")}
TITLES: Final = {"leader-1": Text(vi="KT. TRƯỞNG CÔNG AN PHƯỜNG\nPHÓ TRƯỞNG CÔNG AN PHƯỜNG", en="Deputy head")}
WAYBILL: Final = "E123456789VN"
CODE: Final = "H01.12-20261125-0000001"
FILE: Final = {"key": "files/a", "sha256": "0" * 64, "size": 5}
_RESIDENCE: Final = RESIDENCE | {
    "agency": lives.AGENCY,
    "authorisation": None,
    "papers": [{"code": "declaration", "file": FILE}, {"code": "owner_consent", "file": FILE}],
}


class Filed(Life):
    """A filing of a published procedure, with a realistic dossier code."""

    def __init__(self, of: Procedure = RESIDENCE_PROCEDURE, **changes: Any) -> None:
        self.of = of
        self.states: list[Any] = []
        super().__init__(rules_of(of, "a" * 64), **(_RESIDENCE | changes))

    def source(self, kind: str, **changes: Any) -> PaperSource:
        """Returns the source of the paper that the last event of this kind causes."""
        return self.source_at(max(n for n, one in enumerate(self.log, 1) if one.event.kind == kind), **changes)

    def source_at(self, upto: int, **changes: Any) -> PaperSource:
        """Returns the source of the paper that the event with this number causes."""
        state = before = self.blank
        for recorded in self.log[:upto]:
            before, state = state, lifecycle.evolve(state, recorded)
        facts: dict[str, Any] = {
            "events": tuple(self.log[:upto]),
            "filing": state.model_copy(update={"code": CODE}),
            "procedure": self.of,
            "agencies": AGENCIES,
            "phones": PHONES,
            "officers": OFFICERS,
            "titles": TITLES,
            "tracking": TRACKING,
            "before": before,
        }
        return PaperSource(**(facts | changes))

    @property
    def blank(self) -> Any:
        """The filing before its first event."""
        return self.filing.__class__(
            filing_id=self.filing.filing_id,
            agency=lives.AGENCY,
            procedure=rules_of(self.of, "a" * 64),
            calendar=lives.CALENDAR,
            level=1,
        )


def accepted(**changes: Any) -> Filed:
    filed = Filed(**changes)
    filed.accepted()
    return filed


def supplement_requested(*targets: tuple[str, str], **changes: Any) -> Filed:
    """Returns a filing at its intake with an open request for these missing items."""
    filed = Filed(**changes)
    filed.supplement_requested(RECEPTION, *targets)
    return filed


ITEMS: Final = [{"target": "paper", "code": "owner_consent", "note": "mờ"}]
REASON: Final = (
    "Giấy tờ nộp kèm bị mờ, không đọc được phần xác nhận của chủ sở hữu; địa chỉ ghi trong tờ khai khác với địa chỉ "
    "trong hợp đồng thuê nhà, cần đối chiếu lại với cơ sở dữ liệu quốc gia về dân cư"
)
LAW: Final = {"reason": REASON, "legal_basis": "Nghị định 61/2018/NĐ-CP, Điều 17 khoản 1 điểm b"}
PLAIN: Final = RESIDENCE_PROCEDURE.model_copy(
    update={
        "fee": None,
        "review": RESIDENCE_PROCEDURE.review[1:],
        "extension": ExtensionRule.model_validate(EXTENSION["extension"] | {"source": "unconfirmed"}),
    }
)
"""A procedure without fee and inspection, and with an extension."""

OWNER: Final = Actor(subject=RESIDENCE["applicant"]["subject"], role=Role.APPLICANT)
PASSING: Final = PLAIN.model_copy(
    update={
        "succession": SuccessionRule.model_validate(
            {
                "limit": "60 calendar days",
                "evidence": {"vi": "Văn bản thừa kế", "en": "Document on the inheritance"},
                "source": "unconfirmed",
            }
        )
    }
)
"""`PLAIN` with a right that passes on to a successor."""

HEIR: Final = Applicant(subject="cuc", name=RESIDENCE["applicant"]["name"], id_number="001199000003")
CASE: Final = LimitCase.model_validate(
    {
        "code": "verified",
        "name": {"vi": "Phải xác minh", "en": "Something is verified"},
        "processing": "30 working days",
        "source": "unconfirmed",
    }
)

UNPAID_RESULT: Final = PLAIN.model_copy(
    update={"fee": RESIDENCE_PROCEDURE.fee and RESIDENCE_PROCEDURE.fee.model_copy(update={"due": FeeDue.RESULT})}
)
"""`PLAIN` with a fee that is due with the result."""

OWING: Final = PLAIN.model_copy(
    update={
        "review": (
            *(step for step in procedure(ROOT / "procedures" / "1.013833@2026-12.yaml").review if step.obligation),
            *PLAIN.review,
        )
    }
)
"""`PLAIN` with an obligation to another authority."""

DRAFTED: Final = PLAIN.model_copy(
    update={
        "review": (
            ReviewStep.model_validate(
                lives.DRAFT
                | {"name": {"vi": "Lập dự thảo kết quả", "en": "Draft of the result"}, "source": "unconfirmed"}
                | {"draft": {"answer": "1 calendar days", "source": "unconfirmed"}}
            ),
            *PLAIN.review,
        )
    }
)
"""`PLAIN` with a draft that the applicant checks."""

READ: Final = PLAIN.model_copy(
    update={"limits": PLAIN.limits.model_copy(update={"reading": Limit.model_validate("5 working days")})}
)
"""`PLAIN` with a result that waits until it is read online."""


def handled(of: Procedure = PLAIN, **changes: Any) -> Filed:
    filed = Filed(of, **changes)
    filed.accepted().do("claim", SPECIALIST)
    return filed


def lacking_forty() -> PaperSource:
    """Returns the source for a filing that lacks forty papers, each with a long name and a note."""
    (paper, *_) = PLAIN.papers
    many = tuple(
        paper.model_copy(update={"code": f"p{n}", "required": False, "name": Text(vi=f"{MARKED} {n:02}", en=f"{n}")})
        for n in range(40)
    )
    filed = Filed(PLAIN.model_copy(update={"papers": (*PLAIN.papers, *many)}))
    items = [{"target": "paper", "code": one.code, "note": f"thiếu bản số {n:02}"} for n, one in enumerate(many)]
    filed.do("request_supplement", RECEPTION, items=items, legal_basis=LAW["legal_basis"])
    return filed.source("supplement_requested")


def refused_more_time() -> PaperSource:
    """Returns the source for a filing whose applicant was refused more time."""
    filed = supplement_requested(("paper", "owner_consent"))
    filed.do("request_more_time", RECEPTION, reason=REASON).do(
        "answer_more_time", RECEPTION, granted=False, reason=REASON
    )
    return filed.source("more_time_refused")


def late(kind: str) -> PaperSource:
    """Returns the source for a filing with an event of this kind: a missed, postponed or extended appointment."""
    filed = handled()
    if kind == "apologised":
        filed.until("2026-12-07 09:00").rung()
    elif kind == "reappointed":
        filed.until("2026-12-03 09:00").rung()
    filed.do({"apologised": "apologise", "reappointed": "reappoint", "extended": "extend"}[kind], LEADER, reason=REASON)
    return filed.source(kind)


def handed_over(*, arrived: bool) -> PaperSource:
    """Returns the source for a filing on paper from another agency, whose papers have `arrived` or are on their way."""
    filed = Filed(PLAIN, **lives.AT_DESK, papers=[{"code": "declaration"}, {"code": "owner_consent"}])
    filed.do("transfer_dossier", lives.officer(Role.RECEPTION, agency=lives.DESK), originals=["owner_consent"])
    if arrived:
        filed.do("receive_dossier", RECEPTION, note="tờ khai bị nhàu, vẫn đọc được")
    return filed.source("dossier_received" if arrived else "dossier_transferred")


def by_post(kind: str) -> PaperSource:
    papers = [{"code": "declaration"}, {"code": "owner_consent"}]
    filed = Filed(PLAIN, channel="post", actor=RECEPTION, papers=papers, received_at=local("2026-11-25 08:15"))
    return filed.source(kind)


def owing(**demanded: Any) -> PaperSource:
    """Returns the source for a filing whose applicant owes money to another authority."""
    filed = handled(OWING)
    filed.do("refer_obligation", SPECIALIST, reference="12/PC-UBND")
    filed.do("demand_obligation", SPECIALIST, reference="34/TB-CCT", amount=5_121_000, **demanded)
    return filed.source("obligation_demanded")


def issued(of: Procedure = PLAIN, **changes: Any) -> Filed:
    """Returns a filing whose result is issued, by default for pickup at the counter."""
    filed = handled(of, **{"result_channel": "counter"} | changes)
    filed.wait(hours=2).do("propose", SPECIALIST, outcome="approved").wait(hours=20).do("claim", LEADER)
    return (
        filed.wait(minutes=40).do("decide", LEADER, outcome="approved").wait(minutes=5).do("issue", result=lives.RESULT)
    )


def returned(*, by_parcel: bool = False) -> Filed:
    filed = issued(result_channel="post" if by_parcel else "counter")
    if not by_parcel:
        applicant = require(filed.filing.applicant)
        own = {"recipient": applicant.name, "identity": PASSPORT | {"citizen_number": applicant.id_number}}
        filed.wait(days=2).do("hand_over", HANDOVER, **FETCHED | own)
    return filed


def sent(*, originals: bool = False, cod: int = 0) -> PaperSource:
    """Returns the source for a parcel that the post has accepted, with or without returned originals."""
    papers = [{"code": "declaration"}, {"code": "owner_consent"}]
    filed = Filed(PLAIN, **(lives.AT_DESK | {"papers": papers} if originals else {}), result_channel="post")
    if originals:
        there = lives.officer(Role.RECEPTION, agency=lives.DESK)
        filed.do("transfer_dossier", there, originals=["owner_consent"]).do("receive_dossier", RECEPTION)
    else:
        filed.accepted()
    filed.do("claim", SPECIALIST).do("propose", SPECIALIST, outcome="approved").do("claim", LEADER)
    filed.do("decide", LEADER, outcome="approved").do("issue", result=lives.RESULT)
    source = filed.source("parcel_requested")
    results = tuple(one.model_copy(update={"number": "H01.12-2026-K0000001"}) for one in source.filing.results)
    filing = source.filing.model_copy(update={"results": results})
    log, state = taken_by_the_post(filing, cod)
    return replace(source, events=log, filing=filing, before=None, parcel=state, course=source.events)


def taken_by_the_post(filing: Filing, cod: int) -> tuple[tuple[Recorded, ...], Parcel]:
    """Returns the events of a filing's parcel until the post has accepted it, and the parcel's state after them."""
    clock, state = filing.clocks[Clock.DELIVERY], Parcel(filing_id=filing.filing_id, n=1, agency=filing.agency)
    start = ParcelStart(
        **state.model_dump(include={"filing_id", "n", "agency"}),
        address=filing.address,
        contents=CODE,
        cod=cod,
        limit=clock.limit,
        since=clock.started,
        calendar=filing.calendar.name,
        due=clock.due,
    )
    log: list[Recorded] = []
    commands = (RequestConsignment(command_id="request", start=start), RecordSent(command_id="sent", waybill=WAYBILL))
    for seq, command in enumerate(commands, 1):
        (event,) = PARCEL.decide(state, command, clock.started)
        recorded = Recorded(seq=seq, at=clock.started, command_id=command.command_id, actor=SYSTEM, event=event)
        log.append(recorded)
        state = PARCEL.evolve(state, recorded)
    return tuple(log), state


def receipted(of: FeeKind, replaces: str | None = None) -> PaperSource:
    """Returns the source for a receipt for a filing's whole fee, all of this kind, paid in cash at the counter."""
    filed = accepted()
    fee = require(filed.filing.fee)
    filed.do("pay_at_counter", CASHIER, amount=fee.amount, means="cash")
    source = filed.source("fee_paid")
    command = IssueReceipt(
        command_id="number",
        of=of,
        series="BLP",
        fee=1,
        lines=lines_of(of, fee.amount, fee.lines, {line.code: of for line in fee.lines}),
        channel=Channel.COUNTER,
        means=PaymentMeans.CASH,
        officer=CASHIER.subject,
        about=About(stream=f"filing:{source.filing.filing_id}", seq=len(source.events)),
        replaces=replaces,
    )
    papers = OfficialPapers(filing_id=source.filing.filing_id, agency=lives.AGENCY)
    [event] = PAPERS.decide(papers, command, filed.now)
    taken = event.model_copy(update={"number": f"{lives.AGENCY}-2026-{'BP' if of is FeeKind.CHARGE else 'BL'}0000002"})
    issued = Recorded(seq=1, at=filed.now, command_id="number", actor=SYSTEM, event=taken)
    return replace(source, events=(issued,), receipt=PAPERS.evolve(papers, issued).receipts[0])


WORDS: Final = f"{REASON}. Đề nghị xem xét lại việc từ chối."
_WHY: Final = {"reason": REASON}


def complained(*acts: tuple[str, dict[str, Any]], act: str = "intake_refused", **said: Any) -> PaperSource:
    """Returns the source for a complaint about a refusal, after these commands to the complaint."""
    filed = Filed(PLAIN)
    filed.do("refuse_intake", RECEPTION, **LAW)
    first = ComplaintState.REJECTED if "against" in said else None
    found = FOUND.model_copy(update={"act": act, "step": "decide", "first": first, "earlier": 1 if first else 0})
    dispute = Dispute(found, **{"words": WORDS, "n": 2 if first else 1} | said)
    for kind, content in acts:
        actors = {"verify_complaint": SPECIALIST, "withdraw": APPLICANT, "report_suit": APPLICANT}
        if kind == "record_dialogue":
            dispute.until("2026-12-01 09:00")
        dispute.do(kind, actors.get(kind, LEADER), **content)
    source = filed.source("intake_refused")
    complaint = dispute.complaint.model_copy(update={"agency": "H01"} if first else {})
    log = [one for one in dispute.log if one.event.kind != "stay_ended"]
    return replace(source, events=tuple(log), complaint=complaint)


_TAKEN_UP: Final[tuple[tuple[str, dict[str, Any]], ...]] = (("claim", {}), ("take_up", {}))
_VERIFIED: Final = (*_TAKEN_UP, ("verify_complaint", {"findings": REASON}))
_INVITED: Final = (
    *_VERIFIED,
    ("invite_to_dialogue", {"at": "2026-12-01T02:00:00Z", "place": "Trụ sở Ủy ban nhân dân phường", "topics": REASON}),
)
_HELD: Final = (*_INVITED, ("record_dialogue", {"attended": True, "minutes": REASON}))
_NOTICES: Final[dict[str, tuple[tuple[str, dict[str, Any]], ...]]] = {
    "taken-up": (("claim", {}), ("take_up", {"complex": REASON})),
    "not-taken-up": (("claim", {}), ("not_take_up", {"ground": "not_concerned", **_WHY})),
    "dialogue": _INVITED,
    "stay": (*_TAKEN_UP, ("stay_act", _WHY)),
    "lifted": (*_TAKEN_UP, ("stay_act", _WHY), ("lift_stay", _WHY)),
    "withdrawn": (("withdraw", _WHY),),
    "suit": (*_TAKEN_UP, ("report_suit", {"court": "Tòa án nhân dân khu vực 1 – Hà Nội", "day": "2026-11-25"})),
}


def of_complaints() -> dict[str, tuple[PaperKind, PaperSource]]:
    """Returns the kind and the source of every notice and decision about a complaint, by the name of its picture."""

    def decided(outcome: str, **said: Any) -> PaperSource:
        return complained(*_HELD, ("answer_complaint", {"outcome": outcome, **LAW}), act="decided", **said)

    decision = PaperKind.COMPLAINT_DECISION
    return {
        **{
            f"complaint_notice-{name}": (PaperKind.COMPLAINT_NOTICE, complained(*acts))
            for name, acts in _NOTICES.items()
        },
        "complaint_decision": (decision, decided("partly_upheld")),
        "complaint_decision-rejected": (decision, decided("rejected")),
        "complaint_decision-second": (decision, decided("upheld", against=1)),
    }


def paper_sources() -> dict[str, tuple[PaperKind, PaperSource]]:
    """Returns the kind and the source of every paper in each of its forms, by the name of its picture."""
    stopped = handled().do("stop", LEADER, mode="end", unproposed_reason="hồ sơ giả", **LAW)
    suspended = handled().do("stop", LEADER, mode="suspend", awaits="bản án của tòa án", **LAW)
    refused = Filed(PLAIN).do("refuse_intake", RECEPTION, **LAW)
    lapsed = supplement_requested(("paper", "owner_consent")).until("2027-01-20 09:00").rung()
    unpaid = accepted().wait(days=60).do("settle_fee", n=1, settlement="expired")
    withdrawn = handled().do("withdraw", OWNER, reason=REASON)
    unfetched = issued().wait(days=60).rung()
    unclaimed = issued(UNPAID_RESULT).wait(days=60).do("settle_fee", n=1, settlement="expired")
    cancelled = supplement_requested(("paper", "owner_consent")).do("cancel_supplement", RECEPTION, reason=REASON)
    passed = handled().do("pass_on", LEADER, to=lives.DESK, **LAW)
    ceased = handled(PASSING).do("record_cessation", RECEPTION, evidence=lives.FILE)
    alone = handled(PASSING).do("record_cessation", RECEPTION, evidence=lives.FILE).wait(days=90).rung()
    succeeded = handled(PASSING).do("record_cessation", RECEPTION, evidence=lives.FILE)
    succeeded.wait(days=3).do("succeed", RECEPTION, applicant=HEIR, evidence=lives.FILE)
    resumed = handled().do("stop", LEADER, mode="suspend", **LAW).wait(days=3)
    resumed.do("prolong", LEADER, reason=REASON).wait(days=3).do("resume", LEADER)
    other = handled(PLAIN.model_copy(update={"cases": (CASE,)})).do(
        "apply_case", LEADER, case="verified", reason=REASON
    )
    supplied = handled().do("request_supplement", SPECIALIST, items=ITEMS, legal_basis=LAW["legal_basis"])
    supplied.wait(days=2).do("supplement", OWNER, papers=[{"code": "owner_consent", "file": FILE}])
    stayed = handled().do("record_stay", n=1, stay=1, since=lives.START, limit="30 calendar days")
    stayed.wait(days=5).do("end_stay", n=1, stay=1)
    drafted = handled(DRAFTED).do("show_draft", SPECIALIST, draft=lives.FILE)
    declined = accepted().do("decline_waiver", RECEPTION, waiver="hardship", reason=REASON)
    return {
        "receipt": (PaperKind.RECEIPT, accepted().source("accepted")),
        "receipt-counter": (PaperKind.RECEIPT, returned().source("accepted")),
        "supplement": (
            PaperKind.SUPPLEMENT,
            supplement_requested(("paper", "owner_consent"), ("field", "address")).source("supplement_requested"),
        ),
        "supplement-more-time": (PaperKind.SUPPLEMENT, refused_more_time()),
        "supplement-forty": (PaperKind.SUPPLEMENT, lacking_forty()),
        "refusal": (PaperKind.REFUSAL, refused.source("intake_refused")),
        "apology": (PaperKind.APOLOGY, late("reappointed")),
        "apology-late": (PaperKind.APOLOGY, late("apologised")),
        "apology-extension": (PaperKind.APOLOGY, late("extended")),
        "stop": (PaperKind.STOP, stopped.source("stopped")),
        "stop-suspended": (PaperKind.STOP, suspended.source("suspended")),
        "stop-ceased": (PaperKind.STOP, ceased.source("applicant_ceased")),
        "stop-lapsed": (PaperKind.STOP, alone.source("lapsed")),
        "stop-nothing-supplied": (PaperKind.STOP, lapsed.source("supplement_expired")),
        "stop-unpaid": (PaperKind.STOP, unpaid.source("fee_expired")),
        "stop-withdrawn": (PaperKind.STOP, withdrawn.source("withdrawn")),
        "stop-unfetched": (PaperKind.STOP, unfetched.source("overdue")),
        "stop-unclaimed": (PaperKind.STOP, unclaimed.source("result_unclaimed")),
        "correction-succeeded": (PaperKind.CORRECTION, succeeded.source("succeeded")),
        "correction-resumed": (PaperKind.CORRECTION, resumed.source("resumed")),
        "correction-prolonged": (PaperKind.CORRECTION, resumed.source("suspension_prolonged")),
        "correction-dates": (PaperKind.CORRECTION, supplied.source("supplemented")),
        "correction-case": (PaperKind.CORRECTION, other.source("case_applied")),
        "correction-stayed": (PaperKind.CORRECTION, stayed.source("stayed")),
        "correction-stay-over": (PaperKind.CORRECTION, stayed.source("stay_over")),
        "correction-supplement": (PaperKind.CORRECTION, cancelled.source("supplement_cancelled")),
        "correction-passed-on": (PaperKind.CORRECTION, passed.source("passed_on")),
        "correction-draft": (PaperKind.CORRECTION, drafted.source("draft_shown")),
        "correction-online": (PaperKind.CORRECTION, issued(READ, result_channel="online").source("result_offered")),
        "correction-counter": (PaperKind.CORRECTION, issued().source("pickup_offered")),
        "correction-waiver": (PaperKind.CORRECTION, declined.source("fee_waiver_declined")),
        "control": (PaperKind.CONTROL, returned().source("handed_over")),
        "handover": (PaperKind.HANDOVER, handed_over(arrived=False)),
        "handover-arrived": (PaperKind.HANDOVER, handed_over(arrived=True)),
        "handover-post": (PaperKind.HANDOVER, by_post("submitted")),
        "fee": (PaperKind.FEE, accepted().source("fee_requested")),
        "fee-obligation": (PaperKind.FEE, owing()),
        "form": (PaperKind.FORM, by_post("submitted")),
        "form-result": (PaperKind.FORM, returned(by_parcel=True).source("parcel_requested")),
        "label": (PaperKind.LABEL, sent()),
        "label-originals": (PaperKind.LABEL, sent(originals=True, cod=25_000)),
        "complaint": (PaperKind.COMPLAINT, complained()),
        **of_complaints(),
        "charge_receipt": (PaperKind.CHARGE_RECEIPT, receipted(FeeKind.CHARGE)),
        "fee_receipt": (PaperKind.FEE_RECEIPT, receipted(FeeKind.FEE, replaces=f"{lives.AGENCY}-2026-BL0000001")),
    }
