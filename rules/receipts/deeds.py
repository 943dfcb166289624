"""What is done with receipts in the stream of a filing's papers: issued once for what causes them, made void."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from rules.evidence import Entry, Evidence
from rules.officers import role_is
from rules.time.working_time import VIETNAM
from schemas.about import About
from schemas.errors import Problem, RefusalCode, problem, refused
from schemas.ids import StreamId, filing_workflow, payment_workflow, refund_workflow
from schemas.papers import OfficialPapers
from schemas.payment import Payment
from schemas.people import Actor, Role
from schemas.publishing.fee import FeeKind
from schemas.receipts import (
    IssueReceipt,
    MoneyReceipt,
    ReceiptIssued,
    ReceiptVoided,
    VoidByItself,
    VoidCause,
    VoidReceipt,
)
from schemas.refund import CAPTURES, CaseState, Refund
from schemas.stream.ledger import Recorded
from schemas.stream.rows import ReceiptRow

VOIDERS: Final = (Role.CASHIER, Role.LEADER)


def issue(papers: OfficialPapers, command: IssueReceipt, at: datetime) -> tuple[ReceiptIssued, ...]:
    """Once for what it is about. Raises `RefusalError`."""
    if issued_for(papers.receipts, command.about, command.of) is not None:
        raise refused(RefusalCode.NOT_ALLOWED, problem("", "wrong_state", says="receipt_is_issued"))
    said = command.model_dump(include=set(ReceiptIssued.model_fields) - {"kind", "series"})
    series = command.series if command.given else f"{command.series}-{at.astimezone(VIETNAM):%y}"
    return (ReceiptIssued(series=series, amount=sum(line.amount for line in command.lines), **said),)


def void(papers: OfficialPapers, command: VoidReceipt) -> tuple[ReceiptVoided, ...]:
    """For ever. Raises `RefusalError`."""
    receipt = registered(papers.receipts, command.registered)
    why = (
        role_is(command.actor, *VOIDERS)
        or _of_this_agency(papers, command.actor)
        or (problem("registered", "unknown_receipt") if receipt is None else None)
        or (problem("registered", "receipt_is_void") if receipt and receipt.voided_at else None)
    )
    if why or receipt is None:
        raise refused(RefusalCode.NOT_ALLOWED, *((why,) if why else ()))
    return (
        ReceiptVoided(
            of=receipt.of,
            registered=command.registered,
            fee=receipt.fee,
            officer=command.actor.subject,
            again=command.again,
            given=receipt.given,
            reason=command.reason,
        ),
    )


def void_by_itself(papers: OfficialPapers, command: VoidByItself) -> tuple[ReceiptVoided, ...]:
    """As the system. Raises `RefusalError` if it is void already."""
    receipt = registered(papers.receipts, command.registered)
    if receipt is None or receipt.voided_at is not None:
        raise refused(RefusalCode.NOT_ALLOWED, problem("registered", "receipt_is_void"))
    said = {"registered": command.registered, "cause": command.cause}
    return (ReceiptVoided(of=receipt.of, fee=receipt.fee, given=receipt.given, **said),)


def gone(payment: Payment) -> VoidCause | None:
    """Why nothing is left of the money that paid the fee online; None while something is, and where nothing did."""
    owed = next((one for one in payment.captures if one.capture_id == payment.owed_capture), None)
    if owed is None or payment.returned(owed) + payment.taken_back(owed) < owed.amount:
        return None
    return VoidCause.CHARGED_BACK if payment.taken_back(owed) else VoidCause.REFUNDED


def gone_without_provider(refund: Refund) -> VoidCause | None:
    """The same of what was paid at the counter, or to the post: all of it was given back by hand."""
    without_provider = refund.n % CAPTURES == 0
    given = sum(entry.amount for entry in refund.entries if entry.state is CaseState.GIVEN)
    whole = without_provider and refund.capture is not None and given >= refund.capture.amount
    return VoidCause.REFUNDED if whole else None


def valid(receipts: Iterable[MoneyReceipt], fee: int, of: FeeKind) -> tuple[MoneyReceipt, ...]:
    """The receipts of this kind for this fee that are not void."""
    return tuple(one for one in receipts if (one.fee, one.of, one.voided_at) == (fee, of, None))


def _of_this_agency(papers: OfficialPapers, actor: Actor) -> Problem | None:
    return None if actor.agency == papers.agency else problem("actor.agency", "other_agency")


def issued_for(receipts: Iterable[MoneyReceipt], about: About, of: FeeKind) -> MoneyReceipt | None:
    """The receipt of this kind that was issued for what an event says."""
    return next((one for one in receipts if (one.about, one.of) == (about, of)), None)


def registered(receipts: Iterable[MoneyReceipt], number: str) -> MoneyReceipt | None:
    """The receipt that has this number in the register."""
    return next((one for one in receipts if one.registered == number), None)


def evolve(papers: OfficialPapers, recorded: Recorded) -> OfficialPapers:
    """The papers after a receipt was issued or made void. Raises `TypeError` for any other event."""
    event = recorded.event
    if isinstance(event, ReceiptIssued):
        said = event.model_dump(include=set(MoneyReceipt.model_fields) - {"registered", "given"})
        number = event.number if event.given is None else number_given(papers.agency, event.series, event.given)
        told = {"seq": recorded.seq, "at": recorded.at, "registered": number, "given": event.given is not None}
        return papers.model_copy(update={"receipts": (*papers.receipts, MoneyReceipt(**said, **told))})
    if not isinstance(event, ReceiptVoided):
        msg = f"{event.kind} is no event of official papers"
        raise TypeError(msg)
    gone = {"voided_at": recorded.at}
    now = (one.model_copy(update=gone) if one.registered == event.registered else one for one in papers.receipts)
    return papers.model_copy(update={"receipts": tuple(now)})


def number_given(agency: str, series: str, given: str) -> str:
    """How the register calls a number that a service outside gave: it is unique in its series alone."""
    return f"{agency}-{series}-{given}"


def rows(papers: OfficialPapers) -> tuple[dict[str, Any], ...]:
    """What the stream says in the register of receipts."""
    return tuple(_row(one) for one in papers.receipts)


def _row(one: MoneyReceipt) -> dict[str, Any]:
    said = one.model_dump(include={"series", "given", "fee", "amount", "voided_at", "replaces"})
    return ReceiptRow(number=one.registered, kind=one.of, issued_at=one.at, **said).model_dump(mode="json")


_WENT: Final = {VoidCause.REFUNDED: "payment_refunded", VoidCause.CHARGED_BACK: "payment_charged_back"}


def evidence(stream: StreamId, event: ReceiptIssued | ReceiptVoided) -> Evidence:
    """What must have been recorded: that the money came, or whose place a receipt takes; of a void one that it is."""
    if isinstance(event, ReceiptVoided):
        number = {} if event.given else {"number": event.registered}
        issued = Entry(("receipt_issued",), {"of": event.of, "fee": event.fee} | number, str(stream))
        if event.cause is None:
            return ((issued,),)
        went = Entry((_WENT[event.cause],), {}, payment_workflow(stream.filing, event.fee))
        by_hand = Entry(("refund_given_by_hand",), {}, refund_workflow(stream.filing, event.fee * CAPTURES))
        return ((issued, went), (issued, by_hand)) if event.cause is VoidCause.REFUNDED else ((issued, went),)
    paid = Entry(("fee_paid",), {"n": event.fee}, filing_workflow(stream.filing))
    if event.replaces is None:
        return ((paid,),)
    void = {"registered": event.replaces, "again": True, "of": event.of, "fee": event.fee}
    return ((paid, Entry(("receipt_voided",), void, str(stream))),)
