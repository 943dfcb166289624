"""The descriptor of refunds: a refund's tasks, waits, view, and reports to its payment and its filing."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from rules.refund.claims import without_provider
from rules.refund.commands import RULES
from rules.refund.evidence import evidence, found_by
from rules.refund.fold import WHOLE, evolve, gone_twice, in_dispute, in_state, is_open, total
from rules.require import require
from rules.stream_kind import StreamKind, Telling, Wait, Waits, numbered
from schemas.base import Model
from schemas.filing.commands import AskFeeAgain
from schemas.filing.state import ChargeBackFact
from schemas.payment.state import CaptureAccepted, GivenBack
from schemas.people import Role
from schemas.refund import events
from schemas.refund.commands import REFUND_COMMANDS
from schemas.refund.state import CAPTURES, WITHOUT_PROVIDER, CaseState, Refund, RefundCause, RefundStart, RefundView
from schemas.stream.rows import Rows, Standing, TaskRow
from schemas.stream.snapshots import RefundMemory
from schemas.translate import said


def standing(refund: Refund) -> Standing:
    """The standing of a refund."""
    heard_as = ("fee_charged_back",) if refund.asked_again else ()
    return Standing(n=refund.n, open=is_open(refund), heard_as=heard_as)


def _tasks(refund: Refund) -> Iterator[TaskRow]:
    """The tasks of a refund. A short payment is either accepted by an officer and approved by a leader, or refunded."""
    if refund.undecided is not None:
        yield _task(refund, "decide_refund", Role.LEADER, "decide_refund")
    if refund.unanswered:
        name = "charge_back" if refund.charged_back else "given_back_too_early"
        yield _task(refund, name, Role.LEADER, "answer_charge_back")
    if in_dispute(refund) and refund.accepted_by:
        yield _task(refund, "short_payment", Role.LEADER, "approve_short_payment", "request_refund")
    elif in_dispute(refund):
        for role in (Role.CASHIER, Role.LEADER):
            yield _task(refund, "short_payment", role, "accept_short_payment", "request_refund")
    yield from _of_cases(refund)


def _of_cases(refund: Refund) -> Iterator[TaskRow]:
    for entry in in_state(refund, CaseState.OPEN):
        name = f"approve_refund:{entry.case}"
        yield from (_task(refund, name, role, "approve_refund", "decline_refund") for role in entry.agreeing)
    for entry in in_state(refund, CaseState.LEFT_TO_HAND):
        yield _task(refund, f"give_back_by_hand:{entry.case}", Role.CASHIER, "give_back_by_hand")


def _task(refund: Refund, name: str, role: Role, *actions: str) -> TaskRow:
    return TaskRow(name=name, agency=refund.agency, role=role, actions=actions, overdue=False)


def _by_hand(refund: Refund) -> Iterator[Wait]:
    """The waits for officers to pay out refunds by hand, one for each case."""
    provider = require(refund.capture).provider
    at_counter = provider == WITHOUT_PROVIDER
    why = said("doctor.refunds.at_counter") if at_counter else said("doctor.refunds.not_by", provider=provider)
    for entry in in_state(refund, CaseState.LEFT_TO_HAND):
        yield Wait(since=refund.since.get(entry.case), why=why)


def _undecided(refund: Refund) -> Iterator[Wait]:
    """The waits for officers to agree: one for each case, and one for the refund as a whole."""
    for entry in in_state(refund, CaseState.OPEN):
        yield Wait(since=refund.since.get(entry.case))
    if refund.undecided is not None or refund.unanswered or in_dispute(refund):
        yield Wait(since=refund.since.get(WHOLE))


def _under_way(refund: Refund) -> Iterator[Wait]:
    """The waits for the provider to report an outcome, one for each case."""
    for entry in in_state(refund, CaseState.APPROVED):
        yield Wait(since=refund.since.get(entry.case), of=require(refund.capture).provider)


def _twice(refund: Refund) -> Iterator[Wait]:
    """The wait for money that the provider owes the agency, since the money was both returned and charged back."""
    if dong := gone_twice(refund):
        yield Wait(of=require(refund.capture).provider, dong=dong)


def was_ruled(refund: Refund) -> bool:
    """Whether the procedure's refund rule was ever applied to an end of the filing."""
    return refund.ruled or refund.reopened > 0 or any(entry.cause is RefundCause.RULE for entry in refund.entries)


def accepted(refund: Refund) -> CaptureAccepted | None:
    """The report that the short payment is accepted as the whole fee; None if it was not accepted."""
    capture = require(refund.capture)
    return CaptureAccepted(capture_id=capture.capture_id, forgone=refund.forgone) if refund.accepted else None


def asked_again(refund: Refund) -> tuple[ChargeBackFact, ...]:
    """The reports to the filing about parts of the fee that must be requested again after a charge-back."""
    fee = require(refund.capture).payment
    again = enumerate(refund.asked_again, 1)
    return tuple(ChargeBackFact(n=refund.n, fee=fee, amount=amount, again=n) for n, amount in again)


def given_back(refund: Refund) -> tuple[GivenBack, ...]:
    """The reports to the payment about paid refunds, case by case; none if the fee was paid without a provider."""
    if without_provider(refund.n):
        return ()
    capture_id = require(refund.capture).capture_id
    given = in_state(refund, CaseState.GIVEN)
    return tuple(GivenBack(capture_id=capture_id, case=entry.case, amount=entry.amount) for entry in given)


def view(refund: Refund) -> RefundView:
    """The `RefundView` of a refund."""
    capture = require(refund.capture)
    return RefundView(
        filing_id=refund.filing_id,
        n=refund.n,
        payment=capture.payment,
        captured=capture.amount,
        given=total(refund, CaseState.GIVEN),
        charged_back=refund.charged_back or None,
        gone_twice=gone_twice(refund) or None,
        entries=refund.entries,
    )


def _again(fact: ChargeBackFact) -> AskFeeAgain:
    said = fact.model_dump(exclude={"again"})
    return AskFeeAgain(command_id=f"fee:{fact.fee}:again:{fact.n}:{fact.again}", **said)


def _answered(n: int, body: dict[str, Any]) -> dict[str, Any] | None:
    if body.get("again") is None:
        return None
    return {"n": n, "fee": n // CAPTURES, "amount": body["amount"], "again": body["again"]}


_ASKS_OFFICERS: Final[frozenset[type[Model]]] = frozenset(
    {
        *(events.RefundOpened, events.RefundUndecided, events.RefundDisputed, events.RefundChargedBack),
        events.RefundCalledOff,
    }
)

REFUND: Final = StreamKind(
    name="refund",
    workflow="Refund",
    state=Refund,
    events=events.RefundEvent,
    first="refund_begun",
    initial=lambda origin: Refund(**numbered(origin)),
    rules=RULES,
    evolve=evolve,
    standing=standing,
    rows=lambda refund: Rows(tasks=tuple(_tasks(refund))),
    start=RefundStart,
    commands=REFUND_COMMANDS,
    evidence_of=evidence,
    found_by=found_by,
    memory=RefundMemory,
    shown=frozenset(
        {
            events.RefundOpened,
            events.RefundApproved,
            events.RefundDeclined,
            events.RefundGiven,
            events.RefundGivenByHand,
            events.RefundDisputed,
            events.ShortfallAccepted,
            events.ShortfallMadeUp,
        }
    ),
    tells=(Telling("fee_charged_back", ChargeBackFact, _again, {"charge_back_answered": _answered}),),
    waits=(
        Waits(_undecided, _ASKS_OFFICERS, "doctor.refunds.undecided", usual=timedelta(days=7)),
        Waits(_by_hand, frozenset({events.RefundLeftToHand}), "doctor.refunds.by_hand"),
        Waits(_under_way, frozenset({events.RefundApproved}), "doctor.refunds.under_way", usual=timedelta(days=1)),
        Waits(_twice, frozenset({events.RefundChargedBack}), "doctor.refunds.twice", closed=True),
    ),
    title=said("many.refunds"),
)
