"""What the payer's bank takes back: of which money of a payment it is, also where it is told of before that money."""

from __future__ import annotations

from datetime import datetime

from schemas.ids import digest
from schemas.payment.events import PaymentChargeBackAhead, PaymentChargedBack
from schemas.payment.state import Capture, ChargeBack, ChargedBack, Payment


def told(payment: Payment, back: ChargeBack) -> PaymentChargedBack | PaymentChargeBackAhead | None:
    """What is recorded of it: of money that is not known by now that it was told.

    None: it was told before, or nothing is left of that money.
    """
    if is_known(payment, back):
        return None
    capture = capture_of(payment, back)
    if capture is None:
        return PaymentChargeBackAhead(**dict(back))
    left = capture.amount - payment.taken_back(capture)
    return _recorded(capture, back, left) if left > 0 else None


def is_known(payment: Payment, back: ChargeBack) -> bool:
    """Whether it was told before.

    Money may be taken back in parts, each under the number of that money: they differ in amount or in time. A number of
    its own tells one from all others.
    """
    said = _of_number(payment, back)
    numbered = any(isinstance(one, ChargedBack) and one.capture_id != one.transaction for one in said)
    return numbered or (back.amount, back.at) in {(one.amount, one.at) for one in said}


def when(payment: Payment, back: ChargeBack) -> datetime:
    """When it was, if nobody says that: as it was told first, or else as it says itself."""
    return next((one.at for one in _of_number(payment, back) if one.amount == back.amount), back.at)


def named(payment: Payment, back: ChargeBack) -> str:
    """What it is known by: its number, or, of a further part that is told under that, what tells them apart."""
    first = next(iter(_of_number(payment, back)), None)
    if first is None or (first.amount, first.at) == (back.amount, back.at):
        return back.transaction
    return digest(f"{back.transaction}:{back.amount}:{back.at}")


def capture_of(payment: Payment, back: ChargeBack) -> Capture | None:
    """Which money of its request it is: that of its number, or else the last of this amount; None: none that is known.

    A bank that tells of transfers gives what it takes back a number of its own. Where the others say the number of the
    money, as much that came by another number is not what they mean.
    """
    captures = [one for one in payment.captures if one.attempt == back.attempt]
    named = (one for one in captures if one.capture_id == back.transaction)
    alike = (one for one in captures[::-1] if one.amount == back.amount and not payment.taken_back(one))
    return next(named, None) or (None if back.by_number else next(alike, None))


def ahead_of(payment: Payment, capture: Capture) -> tuple[PaymentChargedBack, ...]:
    """What was told of this money before it came, never more than came: it is recorded with it."""
    named = _ahead(payment, capture.capture_id, capture.attempt)
    like = capture.attempt, capture.amount
    alike = [one for one in payment.ahead if (one.attempt, one.amount) == like and not one.by_number][:1]
    found: list[PaymentChargedBack] = []
    left = capture.amount
    for back in named or alike:
        if left > 0:
            found.append(_recorded(capture, back, left))
            left -= found[-1].amount
    return tuple(found)


def still_ahead(payment: Payment, charged: PaymentChargedBack) -> tuple[ChargeBack, ...]:
    """What is told of money that has not come, once this is recorded."""
    ahead = _ahead(payment, *_number(payment, charged))
    if charged.transaction == charged.capture_id:  # of a part there may be others under the same number
        ahead = [one for one in ahead if one.at == charged.at and one.amount >= charged.amount][:1]
    return tuple(one for one in payment.ahead if one not in ahead)


def _of_number(payment: Payment, back: ChargeBack) -> tuple[ChargedBack | ChargeBack, ...]:
    """What was told before under its number, of the same request."""
    number = back.transaction, back.attempt
    recorded = (one for one in payment.charged_back if _number(payment, one) == number)
    return (*recorded, *_ahead(payment, *number))


def _ahead(payment: Payment, transaction: str, attempt: int | None) -> list[ChargeBack]:
    return [one for one in payment.ahead if (one.transaction, one.attempt) == (transaction, attempt)]


def _number(payment: Payment, charged: ChargedBack) -> tuple[str, int | None]:
    """What tells one from the others: two providers may count alike."""
    attempts = {capture.capture_id: capture.attempt for capture in payment.captures}
    return charged.transaction, attempts.get(charged.capture_id)


def _recorded(capture: Capture, back: ChargeBack, left: int) -> PaymentChargedBack:
    """No more of it than is left."""
    said = {"transaction": back.transaction, "amount": min(back.amount, left), "at": back.at}
    return PaymentChargedBack(capture_id=capture.capture_id, **said)
