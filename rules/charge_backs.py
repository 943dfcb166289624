"""What the payer's bank takes back: of which money of a payment it is, also where it is told of before that money."""

from __future__ import annotations

from schemas import payment as pay
from schemas.payment import Capture, ChargeBack, Payment


def told(payment: Payment, back: ChargeBack) -> pay.PaymentChargedBack | pay.PaymentChargeBackAhead | None:
    """What is recorded of it: of money that is not known by now that it was told. None: it was told before."""
    recorded = {_number(payment, one) for one in payment.charged_back}
    if (back.transaction, back.attempt) in recorded | {(one.transaction, one.attempt) for one in payment.ahead}:
        return None
    capture = capture_of(payment, back)
    return pay.PaymentChargeBackAhead(**dict(back)) if capture is None else _recorded(capture, back)


def capture_of(payment: Payment, back: ChargeBack) -> Capture | None:
    """Which money of its request it is: that of its number, or else the last of this amount; None: none that is known.

    A bank that tells of transfers gives what it takes back a number of its own.
    """
    captures = [one for one in payment.captures if one.attempt == back.attempt]
    named = (one for one in captures if one.capture_id == back.transaction)
    alike = (one for one in captures[::-1] if one.amount == back.amount and not payment.charged(one))
    return next(named, None) or next(alike, None)


def ahead_of(payment: Payment, capture: Capture) -> tuple[pay.PaymentChargedBack, ...]:
    """What was told of this money before it came: it is recorded with it."""
    request = [one for one in payment.ahead if one.attempt == capture.attempt]
    named = (one for one in request if one.transaction == capture.capture_id)
    alike = (one for one in request if one.amount == capture.amount)
    back = next(named, None) or next(alike, None)
    return () if back is None else (_recorded(capture, back),)


def still_ahead(payment: Payment, charged: pay.PaymentChargedBack) -> tuple[ChargeBack, ...]:
    """What is told of money that has not come, once this is recorded."""
    came = _number(payment, charged)
    return tuple(one for one in payment.ahead if (one.transaction, one.attempt) != came)


def _number(payment: Payment, charged: pay.ChargedBack) -> tuple[str, int | None]:
    """What tells one from the others: two providers may count alike."""
    attempts = {capture.capture_id: capture.attempt for capture in payment.captures}
    return charged.transaction, attempts.get(charged.capture_id)


def _recorded(capture: Capture, back: ChargeBack) -> pay.PaymentChargedBack:
    said = back.model_dump(include={"transaction", "amount", "at"})
    return pay.PaymentChargedBack(capture_id=capture.capture_id, **said)
