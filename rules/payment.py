"""The life of a request for money. Late, double or unasked money is always recorded, and what is not owed goes back."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from rules.time import working_time
from schemas import payment as pay
from schemas.errors import RefusalCode, problem, refused
from schemas.filing.commands import ChangeCalendar, Command
from schemas.payment import Payment, PaymentState
from schemas.publishing.calendar import Calendar
from schemas.stream.ledger import Recorded

_ENDED = {"payment_expired": PaymentState.EXPIRED, "payment_cancelled": PaymentState.CANCELLED}


def decide(payment: Payment, command: Command, _: datetime) -> tuple[pay.PaymentEvent, ...]:
    """What `command` makes happen to a payment. Raises `RefusalError`."""
    match command:
        case pay.RequestPayment(start=start):
            return (
                pay.PaymentRequested(
                    n=start.n,
                    amount=start.amount,
                    limit=start.limit,
                    since=start.since,
                    calendar=start.calendar,
                    due=start.due,
                    description=start.description,
                    watch_seconds=start.watch_seconds,
                    payer_account=start.payer_account,
                ),
            )
        case pay.RecordCapture(capture=capture) if capture.capture_id not in _known(payment):
            return (
                pay.PaymentCaptured(
                    capture_id=capture.capture_id,
                    amount=capture.amount,
                    captured_at=capture.at,
                    owed=payment.state is PaymentState.PENDING and capture.amount == payment.amount,
                ),
            )
        case pay.ExpirePayment() if payment.state is PaymentState.PENDING:
            return (pay.PaymentExpired(),)
        case pay.CancelPayment(reason=reason) if payment.state in {PaymentState.PENDING, PaymentState.PAID}:
            return (pay.PaymentCancelled(reason=reason),)
        case pay.RecordRefund(capture_id=capture_id, amount=amount):
            return (pay.PaymentRefunded(capture_id=capture_id, amount=amount),)
        case ChangeCalendar(calendar=calendar) if calendar.name != payment.calendar:
            return (pay.PaymentCalendarChanged(calendar=calendar.name, due=_due(payment, calendar)),)
        case _:
            why = problem("", "wrong_state", "khoản thu đã kết thúc", f"the payment is {payment.state}")
            raise refused(RefusalCode.NOT_ALLOWED, why)


def _due(payment: Payment, calendar: Calendar) -> datetime:
    if payment.limit is None or payment.since is None:
        msg = "nothing has been recorded yet"
        raise ValueError(msg)
    return working_time.due(payment.since, payment.limit, calendar)


def _known(payment: Payment) -> set[str]:
    return {capture.capture_id for capture in payment.captures}


_KEPT: Final = (
    "number",
    "amount",
    "limit",
    "since",
    "calendar",
    "due",
    "description",
    "watch_seconds",
    "payer_account",
)


def evolve(payment: Payment, recorded: Recorded) -> Payment:
    """The payment after one event."""
    return payment.model_copy(update=_change(payment, recorded) | {"seq": recorded.seq})


def _change(payment: Payment, recorded: Recorded) -> dict[str, Any]:
    match recorded.event:
        case pay.PaymentRequested() as event:
            return {name: getattr(event, name) for name in _KEPT} | {"requested_at": recorded.at}
        case pay.PaymentCaptured() as event:
            capture = pay.Capture(capture_id=event.capture_id, amount=event.amount, at=event.captured_at)
            taken: dict[str, Any] = {"captures": (*payment.captures, capture)}
            paid = {"state": PaymentState.PAID, "owed_capture": event.capture_id, "settled_at": recorded.at}
            return taken | (paid if event.owed else {})
        case pay.PaymentExpired() | pay.PaymentCancelled() as event:
            return {"state": _ENDED[event.kind], "owed_capture": None, "settled_at": recorded.at}
        case pay.PaymentCalendarChanged(calendar=calendar, due=due):
            return {"calendar": calendar, "due": due}
        case pay.PaymentRefunded(capture_id=capture_id):
            return {"refunded": (*payment.refunded, capture_id)}
        case _:
            msg = f"{recorded.event.kind} is no event of a payment"
            raise TypeError(msg)


def view(payment: Payment, pay_url: str | None) -> pay.PaymentView:
    """What a payment shows."""
    return pay.PaymentView(
        filing_id=payment.filing_id,
        n=payment.n,
        number=payment.number,
        amount=payment.amount,
        state=payment.state,
        pay_url=pay_url if payment.state is PaymentState.PENDING else None,
        captured=sum(c.amount for c in payment.captures),
        refunded=sum(c.amount for c in payment.captures if c.capture_id in payment.refunded),
    )
