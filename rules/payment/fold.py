"""The change that each event makes to a payment, and what its requests wait for."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from rules.known import known
from rules.payment import charge_backs
from schemas import payment as pay
from schemas.payment import Attempt, Payment, PaymentState
from schemas.stream.ledger import Recorded

_ENDED = {"payment_expired": PaymentState.EXPIRED, "payment_cancelled": PaymentState.CANCELLED}


def lacking(payment: Payment) -> bool:
    """Whether something came that is less than was asked, and may still be taken for the whole fee."""
    pending = payment.state is PaymentState.PENDING
    return pending and any(capture.amount < payment.amount for capture in payment.captures)


def ends(payment: Payment, request: Attempt) -> datetime:
    """Until when a request can be paid."""
    return request.expires or known(payment.due)


def past(payment: Payment, now: datetime) -> list[Attempt]:
    """The requests that are open and can be paid no longer, while the fee is not due."""
    open_ = [request for request in payment.attempts if not request.over]
    return [request for request in open_ if ends(payment, request) <= now < known(payment.due)]


def captured_ids(payment: Payment) -> set[str]:
    return {capture.capture_id for capture in payment.captures}


def _pending(payment: Payment, n: int) -> Attempt | None:
    """This request of it, while the fee is owed."""
    return next((one for one in payment.attempts if one.attempt == n and payment.state is PaymentState.PENDING), None)


def is_open(payment: Payment, n: int) -> bool:
    """Whether this request of it may be paid."""
    request = _pending(payment, n)
    return request is not None and not request.over


def not_yet_awaited(payment: Payment, n: int) -> bool:
    """Whether it is not said yet of this request of it that its outcome is awaited."""
    request = _pending(payment, n)
    return request is not None and request.awaited is None


def unless_first(n: int) -> int | None:
    """How an event names the n-th request."""
    return None if n == 1 else n


_KEPT: Final = (
    "number",
    "provider",
    "amount",
    "limit",
    "since",
    "calendar",
    "due",
    "description",
    "watch_seconds",
    "payer_account",
    "expires",
)


def evolve(payment: Payment, recorded: Recorded) -> Payment:
    """The payment after one event."""
    return payment.model_copy(update=_change(payment, recorded) | {"seq": recorded.seq})


def _change(  # noqa: PLR0911 -- one line for each event
    payment: Payment, recorded: Recorded
) -> dict[str, Any]:
    match recorded.event:
        case pay.PaymentRequested() as event:
            return {name: getattr(event, name) for name in _KEPT} | {"requested_at": recorded.at}
        case pay.PaymentOrdered(pay_url=pay_url, code=code, attempt=n):
            return _of_request(payment, n or 1, pay_url=pay_url, code=code)
        case pay.PaymentRequestExpired(attempt=n):
            return _of_request(payment, n, over=True)
        case pay.PaymentOutcomeAwaited(attempt=n, until=until):
            return _of_request(payment, n, awaited=until)
        case pay.PaymentRenewed() as event:
            said = event.model_dump(include={"attempt", "provider", "expires"})
            return {"renewed": (*payment.renewed, Attempt(**said, requested_at=recorded.at))}
        case pay.PaymentExpired() | pay.PaymentCancelled() as event:
            return {"state": _ENDED[event.kind], "owed_capture": None, "settled_at": recorded.at}
        case pay.PaymentCalendarChanged(calendar=calendar, due=due):
            later = due > known(payment.due)
            return {"calendar": calendar, "due": due} | (_nothing_awaited(payment) if later else {})
        case _:
            return _of_its_money(payment, recorded)


def _of_its_money(payment: Payment, recorded: Recorded) -> dict[str, Any]:
    match recorded.event:
        case pay.PaymentCaptured() as event:
            said = event.model_dump(include={"capture_id", "amount", "attempt"})
            capture = pay.Capture(**said, at=event.captured_at)
            taken: dict[str, Any] = {"captures": (*payment.captures, capture)}
            paid = {"state": PaymentState.PAID, "owed_capture": event.capture_id, "settled_at": recorded.at}
            return taken | (paid if event.owed else {})
        case pay.PaymentAccepted() as event:
            paid = {"state": PaymentState.PAID, "owed_capture": event.capture_id, "settled_at": recorded.at}
            return paid | {"forgone": event.forgone}
        case pay.PaymentChargedBack() as event:
            charged = pay.ChargedBack(**event.model_dump(exclude={"kind"}))
            ahead = charge_backs.still_ahead(payment, event)
            return {"charged_back": (*payment.charged_back, charged), "ahead": ahead}
        case pay.PaymentChargeBackAhead() as event:
            return {"ahead": (*payment.ahead, pay.ChargeBack(**event.model_dump(exclude={"kind"})))}
        case pay.PaymentRefunded() as event:
            return _given_back(payment, event)
        case _:
            msg = f"{recorded.event.kind} is no event of a payment"
            raise TypeError(msg)


def _of_request(payment: Payment, n: int, **change: Any) -> dict[str, Any]:
    """What changes of its n-th request."""
    if n == 1:
        return change
    renewed = (one.model_copy(update=change) if one.attempt == n else one for one in payment.renewed)
    return {"renewed": tuple(renewed)}


def _nothing_awaited(payment: Payment) -> dict[str, Any]:
    """The time to pay is not over after all."""
    renewed = (one.model_copy(update={"awaited": None}) for one in payment.renewed)
    return {"awaited": None, "renewed": tuple(renewed)}


def _given_back(payment: Payment, event: pay.PaymentRefunded) -> dict[str, Any]:
    """One of before there were cases was of the whole."""
    given = pay.GivenBack(capture_id=event.capture_id, amount=event.amount, case=event.case or 0)
    all_given = (*payment.given_back, given)
    went = sum(one.amount for one in all_given if one.capture_id == event.capture_id)
    whole = any(one.capture_id == event.capture_id and one.amount <= went for one in payment.captures)
    return {"given_back": all_given} | ({"refunded": (*payment.refunded, event.capture_id)} if whole else {})
