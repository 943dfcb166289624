"""The view of a payment."""

from datetime import datetime

from rules.payment.fold import is_open
from rules.require import shared
from schemas.payment.state import Payment, PaymentState, PaymentView


def view(payment: Payment) -> PaymentView:
    """The visible fields of a payment."""
    newest = payment.attempts[-1]
    payable = is_open(payment, newest.attempt) and newest.awaited is None
    shown = {
        "provider": newest.provider,
        "pay_url": newest.pay_url if payable else None,
        "code": newest.code if payable else None,
        "captured": sum(one.amount for one in payment.captures),
        "refunded": sum(one.amount for one in payment.given_back),
        "charged_back": sum(one.amount for one in payment.charged_back) or None,
        "attempt": newest.attempt,
        "expires": (newest.expires or payment.due) if payable else None,
        "awaited_until": _awaited_until(payment),
    }
    return PaymentView(**shared(PaymentView, payment) | shown)


def _awaited_until(payment: Payment) -> datetime | None:
    """The latest time until which a pending payment may still turn out to be paid; None if there is no such time."""
    if payment.state is not PaymentState.PENDING:
        return None
    return max((one.awaited for one in payment.attempts if one.awaited is not None), default=None)
