"""Whom a payment asks for its money, and about which of its requests."""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.partners.money.provider import Demand
    from activities.payment import Asking, Closing
    from rules.known import known
    from schemas import ids
    from schemas.payment import Attempt, Payment, PaymentState


def ends(payment: Payment, request: Attempt) -> datetime:
    """Until when a request can be paid."""
    return request.expires or known(payment.due)


def past(payment: Payment, now: datetime) -> list[Attempt]:
    """The requests that are open and can be paid no longer, while the fee is not due."""
    open_ = [request for request in payment.attempts if not request.over]
    return [request for request in open_ if ends(payment, request) <= now < known(payment.due)]


def asking(payment: Payment, request: Attempt, *, over: bool) -> Asking:
    """Who takes the money, and what they are asked about."""
    demand = Demand(
        key=ids.fee_key(payment.filing_id, payment.n, request.attempt),
        amount=payment.amount,
        description=payment.description,
        made=request.requested_at,
        expires=ends(payment, request),
    )
    return Asking(provider=request.provider, demand=demand, attempt=request.attempt, over=over)


def closing(payment: Payment, request: Attempt, now: datetime) -> Closing:
    """The same of a request that is over: of a fee that is owed and due, until it is known whether it was paid."""
    due = payment.state is PaymentState.PENDING and now >= known(payment.due)
    return Closing(
        **dict(asking(payment, request, over=True)),
        due=payment.due if due else None,
        settled=payment.settled_at,
        awaited=request.awaited is not None,
        known=tuple(capture.capture_id for capture in payment.captures),
    )


def late(payment: Payment, request: Attempt) -> Asking:
    """The same once it is settled. By which request it was paid is looked at, any other that is open is closed."""
    owed = next((one for one in payment.captures if one.capture_id == payment.owed_capture), None)
    elsewhere = owed is not None and (owed.attempt or 1) != request.attempt
    return asking(payment, request, over=elsewhere and not request.over)
