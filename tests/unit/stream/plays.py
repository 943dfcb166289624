"""A `Play` for each kind of stream: its first states, and all commands that people and the system may give."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from rules.complaint import fold as of_complaint
from rules.filing import lifecycle, queues
from rules.filing.fold import task_role
from rules.officers import on_the_applicants_side
from rules.referral import fold as of_referral
from rules.refund import fold as of_refund
from rules.require import require
from rules.result import fold as of_result
from rules.stream_kind import Origin, StreamKind
from rules.streams import COMPLAINT, FILING, PAPERS, PARCEL, PAYMENT, REFERRAL, REFUND, RESULT
from schemas.complaint.commands import RingComplaint, SettleUpheld
from schemas.complaint.state import Complaint
from schemas.filing import commands as cm
from schemas.filing.events import Clock, ParcelOutcome
from schemas.filing.state import Filing, Stage
from schemas.ids import StreamId
from schemas.papers import commands as of_office
from schemas.papers.state import OfficialPapers
from schemas.parcel import commands as of_post
from schemas.parcel.state import Meaning, Parcel, ParcelStart
from schemas.payment import commands as of_bank
from schemas.payment.state import Payment, PaymentState
from schemas.people import SYSTEM, Actor, Role
from schemas.publishing.fee import RefundCase
from schemas.referral import commands as of_part
from schemas.referral.state import Referral, ReferralStart
from schemas.refund import commands as of_money
from schemas.refund.state import CaseState, Claim, Refund, RefundCause, RefundLine
from schemas.result import commands as of_paper
from schemas.result.state import Result
from tests.unit.complaint.disputes import ANSWER, FOUND, complain
from tests.unit.filing.contents import all_fitting
from tests.unit.filing.lives import (
    ADDRESS,
    AGENCY,
    APPLICANT,
    CALENDAR,
    COMMANDS,
    FILE,
    LEADER,
    PAPER,
    PARTNERS,
    START,
    Life,
    local,
    procedure,
)
from tests.unit.filing.lives import RESULT as RESULT_FILE
from tests.unit.payments import PaymentStory
from tests.unit.refund.givings import BY_HAND, CAPTURE, WHY
from tests.unit.result.signings import FILING as ID
from tests.unit.result.signings import ISSUED, ORDER, SIGNERS, file
from tests.unit.stream.reached import Key, Move, Place, Play, taken

Contents = Mapping[str, Iterable[dict[str, Any]]]
DONE: Final[dict[str, Any]] = {"reason": "-", "legal_basis": "Đ1"}


def of_people(
    kind: StreamKind[Any], state: Any, now: datetime, people: Iterable[Actor], contents: Contents
) -> Iterator[Move]:
    """Yields every command that these people may give now, or at the time `_at` in its content."""
    for actor in people:
        for model in kind.commands:
            name = str(model.model_fields["kind"].default)
            for content in contents[name]:
                said = dict(content)
                at = said.pop("_at", None)
                if kind.guard(state, name, actor, at or now) is None:
                    yield Move(actor, model, said, at)


def opened(kind: StreamKind[Any], n: int, *moves: Move) -> Place:
    """Returns the place of a stream after these moves; fails if one of them is refused."""
    place = Place(kind.initial(Origin(StreamId(kind.name, ID, n), AGENCY, procedure(), CALENDAR)), START)
    for move in moves:
        place = require(taken(kind, place, move))
    return place


def by_itself(model: type[cm.Command], at: datetime | None = None, **content: Any) -> Move:
    return Move(SYSTEM, model, content, at)


def given_to(officers: Iterable[Actor], role: Role, *but: str | None) -> list[dict[str, Any]]:
    """Returns the fields of commands that assign a task to each officer in this role; `but` excludes subjects."""
    return [{"officer": one.subject} for one in officers if one.role is role and one.subject not in but]


# A referral.


def referral(officers: tuple[Actor, ...], _: tuple[Actor, ...]) -> Play:
    def moves(state: Referral, now: datetime) -> Iterator[Move]:
        contents: Contents = {
            "claim": [{}],
            "release": [{}],
            "reassign": given_to(officers, Role.SPECIALIST),
            "answer_part": [{"outcome": "approved"}, {"outcome": "refused", **DONE}],
        }
        yield from of_people(REFERRAL, state, now, officers, contents)
        yield by_itself(of_part.AnswerByMachine, decision={"outcome": "approved", "officer": LEADER.subject})
        yield by_itself(of_part.LookAtDeadline, of_referral.next_moment(state))
        yield by_itself(of_part.CancelReferral)

    start = ReferralStart(
        filing_id=ID,
        n=1,
        agency=AGENCY,
        part="residence",
        lead="H01.13",
        dossier=ORDER.dossier,
        filed_by=APPLICANT,
        reminder="1 working days",
        remind_at=local("2026-12-03 17:00"),
        limit="7 working days",
        since=START,
        calendar=CALENDAR.name,
        due=local("2026-12-04 17:00"),
    )
    return Play(
        kind=REFERRAL,
        begun=lambda: [opened(REFERRAL, 1, by_itself(of_part.RequestDecision, start=start))],
        moves=moves,
        rings=of_referral.next_moment,
        asks=lambda _: False,
        key=lambda state: (state.state, state.officer, state.reminded, state.overdue),
    )


# A complaint.

_DIALOGUE: Final = {"place": "trụ sở", "topics": "giấy tờ"}
_FIRST: Final = {"act": "decided", "officer": LEADER.subject}
_DISPUTES: Final[tuple[tuple[dict[str, Any], dict[str, Any]], ...]] = (
    (_FIRST, {}),
    (_FIRST | {"act": "fee_requested", "officer": None, "higher": None}, {}),
    (_FIRST | {"first": "rejected"}, {"against": 1}),
    (
        _FIRST,
        {
            "actor": Actor(subject="reception-1", role=Role.RECEPTION, agency=AGENCY),
            "touched": {"name": "Eve", "address": "2 Hàng Bài", "how": "lối đi"},
            "document": FILE,
        },
    ),
)


def complaint(officers: tuple[Actor, ...], applicants: tuple[Actor, ...]) -> Play:
    def moves(state: Complaint, now: datetime) -> Iterator[Move]:
        timer = of_complaint.next_timer(state)
        contents: Contents = {
            "claim": [{}],
            "release": [{}],
            "reassign": given_to(officers, Role.LEADER),
            "take_up": [{}],
            "not_take_up": [{"ground": "out_of_time", "reason": "-"}],
            "verify_complaint": [{"findings": "-"}] if state.verified is None else [],
            "invite_to_dialogue": [_DIALOGUE | {"at": now + timedelta(days=14)}] if state.dialogue_at is None else [],
            "record_dialogue": [{"minutes": "-", "attended": False, "_at": state.dialogue_at}],
            "stay_act": [{"reason": "-"}],
            "lift_stay": [{"reason": "-"}],
            "answer_complaint": [ANSWER, *(ANSWER | {"outcome": other} for other in ("partly_upheld", "rejected"))],
            "send_answer": [{"how": "-"}],
            "withdraw": [{"reason": "-", "request": FILE}],
            "report_suit": [{"court": "-", "day": "2026-11-25", "document": FILE}],
        }
        yield from of_people(COMPLAINT, state, now, (*officers, *applicants), contents)
        if timer is not None:
            yield by_itself(RingComplaint, timer.due, moment=timer.moment)
        yield by_itself(SettleUpheld, reopened=True)

    def begun() -> Iterator[Place]:
        for found, said in _DISPUTES:
            given = complain(FOUND.model_copy(update=found), **said)
            yield opened(COMPLAINT, 1, Move(given.actor, type(given), {"start": given.start, "grounds": given.grounds}))

    def rings(state: Complaint) -> datetime | None:
        timer = of_complaint.next_timer(state)
        return None if timer is None else timer.due

    return Play(
        kind=COMPLAINT,
        begun=begun,
        moves=moves,
        rings=rings,
        asks=of_complaint.undoes,
        key=lambda state: (
            *(state.state, state.act, state.against, state.touched is None, state.answerer, state.verified is None),
            *(state.dialogue_at is None, state.dialogue is None, state.stayed, state.reminded, state.overdue),
            *(state.sent_at is None, state.reopened),
        ),
    )


# A refund.

_SHORT: Final = CAPTURE.model_copy(update={"amount": 8_000})
_ENDED: Final = {"rule": RefundCase.STOPPED, "ended": (LEADER.subject,), "by_leader": True}
_CLAIMS: Final = (
    Claim(unowed=RefundCause.SECOND),
    Claim(rule=RefundCase.LAPSED, percent=50),
    Claim(**_ENDED, percent=50),
    Claim(**_ENDED),
    Claim(returned=(RefundLine(code="copy", amount=1),), ended=("cashier-1",)),
    Claim(short=True),
    Claim(charged_back=CAPTURE.amount),
)
_CASES: Final = 2


def refund(officers: tuple[Actor, ...], _: tuple[Actor, ...]) -> Play:
    def moves(state: Refund, now: datetime) -> Iterator[Move]:
        cases = {which: [{"case": one.case} for one in of_refund.in_state(state, which)] for which in CaseState}
        more = len(state.entries) < _CASES
        contents: Contents = {
            "request_refund": [WHY] if more else [],
            "decide_refund": [WHY | {"amount": 0}, *([WHY | {"amount": 1}] if more else [])],
            "approve_refund": cases[CaseState.OPEN],
            "decline_refund": [one | {"reason": "-"} for one in cases[CaseState.OPEN]],
            "give_back_by_hand": [one | BY_HAND for one in cases[CaseState.LEFT_TO_HAND]],
            "accept_short_payment": [WHY],
            "approve_short_payment": [{}],
            "answer_charge_back": [WHY | {"outcome": "written_off"}, WHY | {"outcome": "asked_again"}],
        }
        yield from of_people(REFUND, state, now, officers, contents)
        for entry in of_refund.to_give(state):
            yield by_itself(of_money.RecordAsked, case=entry.case, n=1)
        for one in cases[CaseState.APPROVED]:
            yield by_itself(of_money.RecordGiven, case=one["case"])
            yield by_itself(of_money.LeaveToHand, case=one["case"], rule="not_offered")
        if state.unowed and more:
            yield by_itself(of_money.OpenClaimed, claim=Claim(unowed=state.unowed))
        for claim in _CLAIMS if _is_new(state) else ():
            if claim.short is (state.capture == _SHORT):
                yield by_itself(of_money.OpenClaimed, claim=claim)

    def begun() -> Iterator[Place]:
        for capture in (CAPTURE, _SHORT):
            yield opened(REFUND, 1001, by_itself(of_money.BeginRefund, capture=capture, apart=("an",)))

    return Play(
        kind=REFUND,
        begun=begun,
        moves=moves,
        rings=lambda _: None,
        asks=lambda state: bool(of_refund.to_give(state)) or _is_new(state),
        key=lambda state: (
            tuple(one.state for one in state.entries),
            require(state.capture).amount if _is_new(state) else None,
            tuple((one.amount, one.cause, one.asked_by, one.approved_by) for one in state.entries),
            *(state.undecided, state.disputed, state.accepted, state.accepted_by, state.unanswered, state.unowed),
        ),
    )


def _is_new(refund: Refund) -> bool:
    """Returns True if the refund has not yet recorded anything from the logs of its payment and its filing."""
    return refund.seq == 1


# A result.

_NUMBERS: Final = 2
_SIGNED_AGAIN: Final[Mapping[type[cm.Command], type[cm.Command]]] = {
    of_paper.SignAgain: of_paper.SignAgainBy,
    of_paper.CorrectResult: of_paper.CorrectResultBy,
}
"""For each command of a person that begins another signing, the workflow's form of it, with the directory's signers."""


def result(officers: tuple[Actor, ...], _: tuple[Actor, ...]) -> Play:
    signers = [one for one in SIGNERS if any(one.officer == officer.subject for officer in officers)]

    def moves(state: Result, now: datetime) -> Iterator[Move]:
        more = len(state.entries) < _NUMBERS
        contents: Contents = {
            "decline_signature": [{"reason": "-"}] if more else [],
            "sign_again": [{}],
            "revoke_result": [DONE],
            "correct_result": [DONE, DONE | {"result": file(9)}] if more else [],
            "renew_result": [
                {"registered": one.registered, "result": file(8)} for one in state.entries if one.issued_at is not None
            ],
        }
        for move in of_people(RESULT, state, now, officers, contents):
            again = {"signers": signers} if move.model in _SIGNED_AGAIN else {}
            yield Move(move.actor, _SIGNED_AGAIN.get(move.model, move.model), move.content | again)
        yield by_itself(of_paper.NameSigners, signers=signers)
        yield by_itself(of_paper.RecordMade, result=file(0))
        yield by_itself(cm.ReportFailing, work="issue", tries=10)
        yield by_itself(cm.ReportAnswered, work="issue")
        if (signer := state.awaited) is not None:
            yield by_itself(of_paper.RecordSigned, place=signer.place, result=file(state.signed + 1))
            yield by_itself(of_paper.AskOther, signer=signer.model_copy(update={"officer": "deputy-1"}))
            if more:
                yield by_itself(of_paper.RecordDeclined, place=signer.place)

    def begun() -> Iterator[Place]:
        for named, adopted in ((signers, None), ((), None), ((), ISSUED)):
            enter = by_itself(of_paper.EnterResult, n=1, order=ORDER, signers=named, adopted=adopted)
            yield opened(RESULT, 1, enter)

    return Play(
        kind=RESULT,
        begun=begun,
        moves=moves,
        rings=lambda _: None,
        asks=of_result.in_the_making,
        key=lambda state: (
            tuple((one.state, one.result is None, one.brought is None) for one in state.entries),
            *(state.signed, tuple(one.officer for one in state.signers), state.machine_failing, state.adopted),
        ),
    )


# Money and parcels: what banks and the post report.


def payment(_: tuple[Actor, ...], applicants: tuple[Actor, ...]) -> Play:
    def moves(state: Payment, now: datetime) -> Iterator[Move]:
        renew = [{"through": {"provider": "vnpay", "seconds": 900}}] if len(state.attempts) < 2 else []
        for move in of_people(PAYMENT, state, now, applicants, {"renew_payment": renew}):
            yield Move(move.actor, of_bank.RenewThrough, move.content)
        for one in state.attempts:
            yield by_itself(of_bank.RecordOrder, order_id="o1", pay_url="x", attempt=one.attempt)
            yield by_itself(of_bank.ExpireRequest, attempt=one.attempt)
            yield by_itself(of_bank.AwaitOutcome, attempt=one.attempt, until=require(state.due) + timedelta(days=3))
        yield by_itself(of_bank.ExpirePayment, state.due)
        yield by_itself(of_bank.CancelPayment, reason="-")
        yield by_itself(of_bank.EndPaymentWatch, state.watched_until, until=state.watched_until or now)
        if len(state.captures) < 2:
            for amount in (8_000, 17_000):
                capture = {"capture_id": f"m{len(state.captures)}", "amount": amount, "at": now}
                yield by_itself(of_bank.RecordCapture, capture=capture)
        yield from _money_leaves(state, now)

    return Play(
        kind=PAYMENT,
        begun=lambda: [Place(told.payment, told.now) for told in (PaymentStory(), PaymentStory(900))],
        moves=moves,
        rings=lambda state: state.due if state.state is PaymentState.PENDING else state.watched_until,
        asks=lambda state: PAYMENT.standing(state).open or state.watched_until is not None,
        key=lambda state: (
            *(state.state, state.owed_capture is None, state.watch_over),
            *(all(one.over for one in state.attempts), any(one.awaited for one in state.attempts)),
            frozenset((one.amount, state.returned(one), state.taken_back(one) > 0) for one in state.captures),
        ),
    )


def _money_leaves(state: Payment, now: datetime) -> Iterator[Move]:
    for one in state.captures:
        if (sum_ := state.unowed(one) - state.returned(one)) > 0:
            given = {"capture_id": one.capture_id, "case": len(state.given_back) + 1, "amount": sum_}
            yield by_itself(of_bank.RecordRefund, given=given)
        if one.amount < state.amount:
            accepted = {"capture_id": one.capture_id, "forgone": state.amount - one.amount}
            yield by_itself(of_bank.RecordAcceptance, accepted=accepted)
        if not state.taken_back(one):
            back = {"transaction": one.capture_id, "amount": one.amount, "at": now, "by_number": True}
            yield by_itself(of_bank.RecordChargeBack, back=back)


def parcel(officers: tuple[Actor, ...], _: tuple[Actor, ...]) -> Play:
    def moves(state: Parcel, now: datetime) -> Iterator[Move]:
        yield from of_people(PARCEL, state, now, officers, {"claim_compensation": [{"reference": "1"}]})
        yield by_itself(of_post.RecordSent, waybill="E1")
        for meaning in Meaning:
            if meaning not in {Meaning.OTHER, Meaning.ACCEPTED, Meaning.IN_TRANSIT}:
                step = {"meaning": meaning, "said": f"{meaning}", "at": now}
                yield by_itself(of_post.RecordSteps, steps=(step,))
        yield by_itself(of_post.RecordEnd, outcome=ParcelOutcome.CANCELLED)
        yield by_itself(of_post.EndParcelWatch, state.watched_until, until=state.watched_until or now)
        yield by_itself(of_post.RecallConsignment)
        yield by_itself(of_post.RecordLeft)

    due = local("2026-12-01 17:00")
    start = ParcelStart(
        filing_id=ID,
        n=1,
        agency=AGENCY,
        address=ADDRESS,
        contents="-",
        cod=8_000,
        fee=8_000,
        limit="4 working days",
        since=START,
        calendar=CALENDAR.name,
        due=due,
    )
    return Play(
        kind=PARCEL,
        begun=lambda: [opened(PARCEL, 1, by_itself(of_post.RequestConsignment, start=start))],
        moves=moves,
        rings=lambda state: state.watched_until,
        asks=lambda state: state.under_way or state.watched_until is not None,
        key=lambda state: (
            *(state.state, state.waybill, state.recalled, state.left, state.spoilt, state.claim, state.watch_over),
            min(state.invitations, 1),
        ),
    )


def papers(officers: tuple[Actor, ...], _: tuple[Actor, ...]) -> Play:
    """Returns the play of a filing's official papers; no officer waits for these, since acts put them in an outbox."""
    about = {"stream": f"filing:{ID}", "seq": 4}

    def moves(state: OfficialPapers, now: datetime) -> Iterator[Move]:
        said: dict[str, Any] = {"template": FILE.sha256, "body_sha256": FILE.sha256, "file": FILE, "signed": False}
        yield by_itself(of_office.RecordPaper, paper="receipt", about=about, **said)
        line = {"code": "a", "amount": 1}
        sold: dict[str, Any] = {"of": "le_phi", "fee": 1, "series": "BLLP", "channel": "counter", "lines": [line]}
        yield by_itself(of_office.IssueReceipt, about=about, **sold)
        for one in state.receipts:
            yield by_itself(of_office.VoidByItself, registered=one.registered, cause="refunded")
            for actor in officers:
                for model, content in ((of_office.VoidReceipt, {"reason": "-"}), (of_office.ApproveVoid, {})):
                    if PAPERS.guard(state, str(model.model_fields["kind"].default), actor, now) is None:
                        yield Move(actor, model, {"registered": one.registered} | content)

    return Play(
        kind=PAPERS,
        begun=lambda: [opened(PAPERS, 0)],
        moves=moves,
        rings=lambda _: None,
        asks=lambda _: False,
        key=lambda state: (
            len(state.made),
            *((one.void_asked and one.void_asked.officer, one.voided_at is None) for one in state.receipts),
        ),
    )


# A filing.

MADE_WHERE_DECIDED: Final = frozenset({Stage.ISSUE})
"""The stages in which the agency that decided has still to act."""
OTHER: Final = "H01.13"
"""The agency to which filings are passed on, with officers of the same names."""


def filing(
    officers: tuple[Actor, ...], applicants: tuple[Actor, ...], shape: dict[str, Any], *, on_paper: bool = False
) -> Play:
    def begun() -> Iterator[Place]:
        rules = procedure(**shape)
        said: dict[str, Any] = dict(PAPER) if on_paper or rules.level < 3 else {}
        said["papers"] = [{"code": one.code, "file": FILE} for one in rules.papers if one.required]
        for channel in rules.result_channels:
            life = Life(rules, **said, result_channel=channel, address=ADDRESS)
            yield Place(life.filing, life.now)

    def rings(state: Filing) -> datetime | None:
        timer = lifecycle.next_timer(state)
        return None if timer is None else timer.due

    def moves(state: Filing, now: datetime) -> Iterator[Move]:
        there = [one.model_copy(update={"agency": state.agency}) for one in officers]
        yield from _by_officers(state, now, there)
        yield from () if state.ceased else _by_anybody(state, now, applicants)
        yield from _by_the_system(state)

    return Play(kind=FILING, begun=begun, moves=moves, rings=rings, asks=_is_asked, key=_of_filing)


def _by_anybody(state: Filing, now: datetime, people: Iterable[Actor]) -> Iterator[Move]:
    contents = all_fitting(state)
    for actor in people:
        for name in queues.allowed(state, actor, now):
            if name not in {"recuse", "reassign", "pass_on"}:
                yield Move(actor, COMMANDS[name], contents.get(name, {}))


def _by_officers(state: Filing, now: datetime, officers: list[Actor]) -> Iterator[Move]:
    yield from _by_anybody(state, now, officers)
    recused = (one.split(" ")[1] for one in state.recused)
    apart = (state.officer, *on_the_applicants_side(state), *recused)
    to = {"to": AGENCY if state.agency == OTHER else OTHER}
    for actor in officers:
        if actor.role is Role.TEAM_LEAD:
            yield from (Move(actor, cm.Reassign, given) for given in given_to(officers, task_role(state), *apart))
        if actor.role in {Role.LEADER, Role.OPERATOR}:
            heir: dict[str, Any] = {"heir": to["to"]} if actor.role is Role.OPERATOR else {}
            heir["partners"] = [{"part": part.code, "agency": PARTNERS[part.code]} for part in state.planned]
            yield Move(actor, cm.PassOnTo, all_fitting(state)["pass_on"] | to | {"destination": heir})


def _is_asked(state: Filing) -> bool:
    """Returns True if the filing, its online payment or its parcel now waits for a back office, a bank or the post."""
    online = state.fee_pending and state.fee is not None and state.fee.online
    by_post = Clock.DELIVERY in state.clocks
    return by_post or lifecycle.stage(state) in MADE_WHERE_DECIDED or (lifecycle.stage(state) is Stage.FEE and online)


def _by_the_system(state: Filing) -> Iterator[Move]:
    for timer in lifecycle.timers(state):
        yield by_itself(cm.TimerFired, timer.due, clock=timer.clock, moment=timer.moment)
    if state.fee_pending and state.fee is not None:
        yield by_itself(cm.SettleFee, n=state.fee.n, settlement="paid", amount=state.fee.amount)
    for demand in state.demands_to_collect:
        yield by_itself(cm.SettleFee, n=demand.n, settlement="paid", amount=demand.amount)
    for part in state.parts_under_way:
        yield by_itself(cm.SettlePart, n=part.n, outcome="approved", officer="police-1")
        yield by_itself(cm.ReportOverduePart, n=part.n)
    for outcome in ParcelOutcome if state.parcels else ():
        yield by_itself(cm.SettleParcel, n=state.parcels, outcome=outcome)
    yield by_itself(cm.Accept)
    yield by_itself(cm.Issue, result=RESULT_FILE)


def _of_filing(state: Filing) -> Key:
    clocks = ((clock, one.paused, one.overdue, one.reminded_at is None) for clock, one in state.clocks.items())
    fee, decision = state.fee, state.decision
    return (
        *(lifecycle.stage(state), lifecycle.status(state), state.agency, state.step, state.officer, state.ceased),
        *(state.closing, state.accepted_at is None, state.supplement and state.supplement.more_time),
        *(fee and (fee.state, fee.channel), decision and decision.outcome, state.proposal and state.proposal.outcome),
        *(state.result is None, state.result_channel, state.parcel_end, state.recalled, state.copy_number > 1),
        *(state.suspended, state.draft is None, state.at_desk, state.under_way, frozenset(clocks)),
        tuple(one.stage for one in state.parts),
        state.obligation and state.obligation.amount is None,
    )
