"""The change that each event makes to a payment, and the state of its requests."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from rules.payment import charge_backs
from rules.require import require
from rules.rule import Change, folding
from schemas.payment import events as ev
from schemas.payment.state import Attempt, Capture, ChargeBack, ChargedBack, GivenBack, Payment, PaymentState


def parts(payment: Payment, going: Collection[str]) -> tuple[Capture, ...]:
    """The captures that may settle the due fee, alone or with later captures; empty unless the payment is pending.

    A capture that was charged back or refunded in part, or is in `going`, is left out: officers decide about it.
    """
    if payment.state is not PaymentState.PENDING:
        return ()
    gone = {one.capture_id for one in payment.charged_back} | {one.capture_id for one in payment.given_back}
    return tuple(one for one in payment.captures if one.capture_id not in gone.union(going))


def lacking(payment: Payment) -> bool:
    """Whether there is a capture below the requested amount that may still be accepted as the whole fee."""
    pending = payment.state is PaymentState.PENDING
    return pending and any(capture.amount < payment.amount for capture in payment.captures)


def ends(payment: Payment, request: Attempt) -> datetime:
    """The time until which a request can be paid."""
    return request.expires or require(payment.due)


def past(payment: Payment, now: datetime) -> list[Attempt]:
    """The open requests that have expired while the fee may still be paid; none once the fee's due time is reached."""
    open_ = [request for request in payment.attempts if not request.over]
    return [request for request in open_ if ends(payment, request) <= now < require(payment.due)]


def captured_ids(payment: Payment) -> frozenset[str]:
    return frozenset(capture.capture_id for capture in payment.captures)


def pending(payment: Payment, n: int) -> Attempt | None:
    """The request numbered `n`; None if the payment is not pending any more."""
    return next((one for one in payment.attempts if one.attempt == n and payment.state is PaymentState.PENDING), None)


def is_open(payment: Payment, n: int) -> bool:
    """Whether the request numbered `n` can be paid."""
    request = pending(payment, n)
    return request is not None and not request.over


def unless_first(n: int) -> int | None:
    """The number of a request in the form that events have: None for the first request, else `n`."""
    return None if n == 1 else n


def _requested(_: Payment, event: ev.PaymentRequested, at: datetime) -> dict[str, Any]:
    return {
        "number": event.number,
        "provider": event.provider,
        "amount": event.amount,
        "limit": event.limit,
        "since": event.since,
        "calendar": event.calendar,
        "due": event.due,
        "description": event.description,
        "watch_seconds": event.watch_seconds,
        "payer_account": event.payer_account,
        "payer_address": event.payer_address,
        "expires": event.expires,
        "requested_at": at,
    }


def _renewed(payment: Payment, event: ev.PaymentRenewed, at: datetime) -> dict[str, Any]:
    request = Attempt(attempt=event.attempt, provider=event.provider, expires=event.expires, requested_at=at)
    address = event.payer_address or payment.payer_address
    return {"renewed": (*payment.renewed, request), "payer_address": address}


def _ended(state: PaymentState) -> Change[Payment]:
    return lambda _, __, at: {"state": state, "owed_capture": None, "parts": (), "settled_at": at, "watch_over": False}


def _on_another_calendar(payment: Payment, event: ev.PaymentCalendarChanged, _: datetime) -> dict[str, Any]:
    """The change when the calendar changes. If the new due time is later, no wait for late outcomes remains."""
    changed: dict[str, Any] = {"calendar": event.calendar, "due": event.due}
    if event.due <= require(payment.due):
        return changed
    renewed = (one.model_copy(update={"awaited": None}) for one in payment.renewed)
    return changed | {"awaited": None, "renewed": tuple(renewed)}


def _captured(payment: Payment, event: ev.PaymentCaptured, at: datetime) -> dict[str, Any]:
    capture = Capture(capture_id=event.capture_id, amount=event.amount, attempt=event.attempt, at=event.captured_at)
    return {"captures": (*payment.captures, capture)} | (_paid(event, at) if event.owed else {})


def _paid(event: ev.PaymentCaptured | ev.PaymentAccepted, at: datetime) -> dict[str, Any]:
    by = {"owed_capture": event.capture_id, "parts": event.parts}
    return {"state": PaymentState.PAID, "settled_at": at, "watch_over": False} | by


def _charged_back(payment: Payment, event: ev.PaymentChargedBack, _: datetime) -> dict[str, Any]:
    charged = ChargedBack(capture_id=event.capture_id, transaction=event.transaction, amount=event.amount, at=event.at)
    return {"charged_back": (*payment.charged_back, charged), "ahead": charge_backs.still_ahead(payment, event)}


def _charge_back_ahead(payment: Payment, event: ev.PaymentChargeBackAhead, _: datetime) -> dict[str, Any]:
    ahead = ChargeBack(
        transaction=event.transaction,
        amount=event.amount,
        at=event.at,
        attempt=event.attempt,
        by_number=event.by_number,
    )
    return {"ahead": (*payment.ahead, ahead)}


def _of_request(payment: Payment, n: int, **change: Any) -> dict[str, Any]:
    if n == 1:
        return change
    renewed = (one.model_copy(update=change) if one.attempt == n else one for one in payment.renewed)
    return {"renewed": tuple(renewed)}


def _given_back(payment: Payment, event: ev.PaymentRefunded, _: datetime) -> dict[str, Any]:
    """The change after a refund. A capture counts as refunded once its refunds together reach its amount."""
    given = GivenBack(capture_id=event.capture_id, amount=event.amount, case=event.case or 0)
    all_given = (*payment.given_back, given)
    went = sum(one.amount for one in all_given if one.capture_id == event.capture_id)
    whole = any(one.capture_id == event.capture_id and one.amount <= went for one in payment.captures)
    return {"given_back": all_given} | ({"refunded": (*payment.refunded, event.capture_id)} if whole else {})


CHANGES: Final[Mapping[type[Any], Change[Payment]]] = {
    ev.PaymentRequested: _requested,
    ev.PaymentOrdered: lambda payment, event, _: _of_request(
        payment, event.attempt or 1, pay_url=event.pay_url, code=event.code
    ),
    ev.PaymentRequestExpired: lambda payment, event, _: _of_request(payment, event.attempt, over=True),
    ev.PaymentOutcomeAwaited: lambda payment, event, _: _of_request(payment, event.attempt, awaited=event.until),
    ev.PaymentRenewed: _renewed,
    ev.PaymentExpired: _ended(PaymentState.EXPIRED),
    ev.PaymentCancelled: _ended(PaymentState.CANCELLED),
    ev.PaymentCalendarChanged: _on_another_calendar,
    ev.PaymentCaptured: _captured,
    ev.PaymentAccepted: lambda _, event, at: _paid(event, at) | {"forgone": event.forgone},
    ev.PaymentChargedBack: _charged_back,
    ev.PaymentChargeBackAhead: _charge_back_ahead,
    ev.PaymentRefunded: _given_back,
    ev.PaymentWatchEnded: lambda *_: {"watch_over": True},
}
evolve = folding(CHANGES)
