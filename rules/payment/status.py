"""Where a payment stands: its row, what it waits for, and how its filing hears of its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rules.known import known
from rules.waiting import Wait, Waits
from schemas.ids import BEGINNING, fee_key, of_obligation, reference_of
from schemas.payment.events import PaymentChargeBackAhead, PaymentOutcomeAwaited
from schemas.payment.state import Attempt, Payment, PaymentState
from schemas.stream.rows import PaymentRow, Rows, Standing


def not_owed(n: int) -> str:
    """Why the `n`-th payment of a filing is cancelled."""
    return f"the filing no longer owes this {'obligation' if of_obligation(n) else 'fee'}"


_HEARD_AS: Final = ("fee_paid", "fee_expired", "result_unclaimed", "fee_waived")


def tells(payment: Payment) -> bool:
    """Whether its filing is to hear how it ended. That what is owed to another authority was not paid ends nothing."""
    expired = payment.state is PaymentState.EXPIRED
    return payment.state is PaymentState.PAID or (expired and not of_obligation(payment.n))


def _heard_as(payment: Payment) -> tuple[str, ...]:
    if not tells(payment):
        return ()
    return ("obligation_fulfilled",) if of_obligation(payment.n) else _HEARD_AS


def standing(payment: Payment) -> Standing:
    """Where a payment stands."""
    return Standing(
        n=payment.n,
        calendar=payment.calendar,
        open=payment.state is PaymentState.PENDING or bool(payment.to_refund),
        watched_until=payment.watched_until,
        heard_as=_heard_as(payment),
    )


def reference(payment: Payment, request: Attempt) -> str:
    """What a request of it is known by outside."""
    return reference_of(fee_key(payment.filing_id, payment.n, request.attempt))


def rows(payment: Payment) -> Rows:
    """What the read models show of a payment."""
    renewed = tuple(f"{request.provider}:{reference(payment, request)}" for request in payment.renewed)
    row = PaymentRow(
        n=payment.n,
        number=payment.number,
        provider=payment.provider,
        reference=reference_of(fee_key(payment.filing_id, payment.n)),
        amount=payment.amount,
        state=payment.state,
        captured=sum(c.amount for c in payment.captures),
        refunded=sum(one.amount for one in payment.given_back),
        calendar=str(payment.calendar),
        due_at=known(payment.due),
        settled_at=payment.settled_at,
        watch_seconds=payment.watch_seconds,
        seq=payment.seq,
        requested_at=known(payment.requested_at),
        renewed=renewed or None,
        renewed_beginnings=tuple(one[: one.index(":") + 1 + BEGINNING] for one in renewed) or None,
    )
    return Rows(row=row.model_dump(mode="json"))


def _awaited(payment: Payment) -> Iterator[Wait]:
    """Whether it was paid, once the time to pay is over."""
    until = [request.awaited for request in payment.attempts if request.awaited is not None]
    if until and payment.state is PaymentState.PENDING:
        yield Wait(since=known(payment.due), until=max(until))


def _ahead(payment: Payment) -> Iterator[Wait]:
    """The money of each charge-back that came before it."""
    return (Wait(since=one.at, dong=one.amount) for one in payment.ahead)


WAITS: Final = (
    Waits(_awaited, frozenset({PaymentOutcomeAwaited}), "doctor.outcomes.awaited"),
    Waits(_ahead, frozenset({PaymentChargeBackAhead}), "doctor.refunds.ahead", closed=True),
)
