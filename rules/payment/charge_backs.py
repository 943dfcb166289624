"""Charge-backs, each matched with a capture of the payment, even if that capture is reported later."""

from datetime import datetime

from schemas.ids import digest
from schemas.payment.events import PaymentChargeBackAhead, PaymentChargedBack
from schemas.payment.state import Capture, ChargeBack, ChargedBack, Payment


def charge_back_event(payment: Payment, back: ChargeBack) -> PaymentChargedBack | PaymentChargeBackAhead | None:
    """The event that records a charge-back: `PaymentChargeBackAhead` if the charge-back's capture is not recorded.

    None if the charge-back was reported before, or if the whole capture is already charged back.
    """
    if is_known(payment, back):
        return None
    capture = capture_of(payment, back)
    if capture is None:
        return PaymentChargeBackAhead(**dict(back))
    left = capture.amount - payment.taken_back(capture)
    return _recorded(capture, back, left) if left > 0 else None


def is_known(payment: Payment, back: ChargeBack) -> bool:
    """Whether this charge-back was reported before.

    If the charge-back has a transaction number of its own, that number decides. If it has the number of its capture, it
    may be one of several charge-backs of this capture, so the amount and the time decide.
    """
    said = _of_number(payment, back)
    numbered = any(isinstance(one, ChargedBack) and one.capture_id != one.transaction for one in said)
    return numbered or (back.amount, back.at) in {(one.amount, one.at) for one in said}


def when(payment: Payment, back: ChargeBack) -> datetime:
    """The time of a charge-back, from the first report with the same number and amount; without any, from `back`."""
    return next((one.at for one in _of_number(payment, back) if one.amount == back.amount), back.at)


def named(payment: Payment, back: ChargeBack) -> str:
    """The id of a charge-back: its transaction number; for a further charge-back with the same number, a digest."""
    first = next(iter(_of_number(payment, back)), None)
    if first is None or (first.amount, first.at) == (back.amount, back.at):
        return back.transaction
    return digest(f"{back.transaction}:{back.amount}:{back.at}")


def capture_of(payment: Payment, back: ChargeBack) -> Capture | None:
    """The capture that was charged back, among those of the same request; None if no such capture is known.

    It is the capture with the same number. Otherwise it is the last capture with the same amount, unless the provider
    always reports the number of the capture (`by_number`).
    """
    captures = [one for one in payment.captures if one.attempt == back.attempt]
    named = (one for one in captures if one.capture_id == back.transaction)
    alike = (one for one in captures[::-1] if one.amount == back.amount and not payment.taken_back(one))
    return next(named, None) or (None if back.by_number else next(alike, None))


def ahead_of(payment: Payment, capture: Capture) -> tuple[PaymentChargedBack, ...]:
    """The events of the charge-backs reported before their capture. Their sum is at most the captured amount."""
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
    """The charge-backs that wait for their captures to be recorded, once the event `charged` is recorded."""
    ahead = _ahead(payment, *_number(payment, charged))
    if charged.transaction == charged.capture_id:  # further parts may have the same number
        ahead = [one for one in ahead if one.at == charged.at and one.amount >= charged.amount][:1]
    return tuple(one for one in payment.ahead if one not in ahead)


def _of_number(payment: Payment, back: ChargeBack) -> tuple[ChargedBack | ChargeBack, ...]:
    """The charge-backs that were reported before with the same transaction number for the same request."""
    number = back.transaction, back.attempt
    recorded = (one for one in payment.charged_back if _number(payment, one) == number)
    return (*recorded, *_ahead(payment, *number))


def _ahead(payment: Payment, transaction: str, attempt: int | None) -> list[ChargeBack]:
    return [one for one in payment.ahead if (one.transaction, one.attempt) == (transaction, attempt)]


def _number(payment: Payment, charged: ChargedBack) -> tuple[str, int | None]:
    """The identity of a charge-back: its transaction number and request, since providers may use the same number."""
    attempts = {capture.capture_id: capture.attempt for capture in payment.captures}
    return charged.transaction, attempts.get(charged.capture_id)


def _recorded(capture: Capture, back: ChargeBack, left: int) -> PaymentChargedBack:
    """The event of a charge-back; its amount is at most `left`, the sum that is left of the capture."""
    said = {"transaction": back.transaction, "amount": min(back.amount, left), "at": back.at}
    return PaymentChargedBack(capture_id=capture.capture_id, **said)
