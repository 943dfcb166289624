"""The status of a payment: its row, its waits, and the events that report its end to the filing."""

from collections.abc import Iterator
from typing import Final

from rules.require import require, shared
from rules.waiting import Wait, Waits
from schemas.ids import BEGINNING, fee_key, of_obligation, reference_of
from schemas.payment.events import PaymentChargeBackAhead, PaymentOutcomeAwaited
from schemas.payment.state import Attempt, Payment, PaymentState
from schemas.stream.rows import PaymentRow, Rows, Standing


def not_owed(n: int) -> str:
    """The reason of the cancellation of a filing's `n`-th payment."""
    return f"the filing no longer owes this {'obligation' if of_obligation(n) else 'fee'}"


def tells(payment: Payment) -> bool:
    """Whether the payment's end is reported to the filing. An expired payment of an obligation is not reported."""
    expired = payment.state is PaymentState.EXPIRED
    return payment.state is PaymentState.PAID or (expired and not of_obligation(payment.n))


def _heard_as(payment: Payment) -> tuple[str, ...]:
    if not tells(payment):
        return ()
    of_fee = ("fee_paid", "fee_expired", "result_unclaimed", "fee_waived")
    return ("obligation_fulfilled",) if of_obligation(payment.n) else of_fee


def standing(payment: Payment) -> Standing:
    """The status of a payment."""
    return Standing(
        n=payment.n,
        calendar=payment.calendar,
        open=payment.state is PaymentState.PENDING or bool(payment.to_refund),
        watched_until=payment.watched_until,
        heard_as=_heard_as(payment),
    )


def reference(payment: Payment, request: Attempt) -> str:
    """The reference of a request at its provider."""
    return reference_of(fee_key(payment.filing_id, payment.n, request.attempt))


def rows(payment: Payment) -> Rows:
    """The read models of a payment."""
    renewed = tuple(f"{request.provider}:{reference(payment, request)}" for request in payment.renewed)
    row = shared(PaymentRow, payment) | {
        "reference": reference_of(fee_key(payment.filing_id, payment.n)),
        "captured": sum(one.amount for one in payment.captures),
        "refunded": sum(one.amount for one in payment.given_back),
        "calendar": str(payment.calendar),
        "due_at": require(payment.due),
        "renewed": renewed or None,
        "renewed_beginnings": tuple(one[: one.index(":") + 1 + BEGINNING] for one in renewed) or None,
    }
    return Rows(row=PaymentRow(**row).model_dump(mode="json"))


def _awaited(payment: Payment) -> Iterator[Wait]:
    """The wait for the outcome of a payment that is still pending after the time to pay."""
    until = [request.awaited for request in payment.attempts if request.awaited is not None]
    if until and payment.state is PaymentState.PENDING:
        yield Wait(since=require(payment.due), until=max(until))


def _ahead(payment: Payment) -> Iterator[Wait]:
    """The waits for captures that charge-backs name and that are not recorded yet, one for each charge-back."""
    return (Wait(since=one.at, dong=one.amount) for one in payment.ahead)


WAITS: Final = (
    Waits(_awaited, frozenset({PaymentOutcomeAwaited}), "doctor.outcomes.awaited"),
    Waits(_ahead, frozenset({PaymentChargeBackAhead}), "doctor.refunds.ahead", closed=True),
)
