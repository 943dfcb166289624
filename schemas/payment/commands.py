"""The commands of payments."""

from typing import Final, Literal

from ..base import Code, Instant, IpAddress
from ..filing.commands import Command, SystemCommand
from .state import Capture, CaptureAccepted, ChargeBack, GivenBack, PaymentStart, Through

__all__ = ["PAYMENT_COMMANDS", "RenewPayment"]


class RequestPayment(SystemCommand):
    """Request the money. `seconds` is the time to pay this request; None if the request ends when the fee is due."""

    kind: Literal["request_payment"] = "request_payment"
    start: PaymentStart
    seconds: int | None = None


class RecordOrder(SystemCommand):
    """Record that the provider has created the order for the request with the number `attempt`."""

    kind: Literal["record_order"] = "record_order"
    order_id: str
    pay_url: str | None = None
    code: str | None = None
    attempt: int = 1


class RecordCapture(SystemCommand):
    """Record money that the bank reports as received. `going` are earlier captures with a refund, paid or under way."""

    kind: Literal["record_capture"] = "record_capture"
    capture: Capture
    going: tuple[str, ...] = ()


class ExpireRequest(SystemCommand):
    """Record that an unpaid request was closed at the bank after its time to pay. `attempt` is the request's number."""

    kind: Literal["expire_request"] = "expire_request"
    attempt: int


class AwaitOutcome(SystemCommand):
    """Record that the time to pay a request is over and the request's outcome is unknown.

    `attempt` is the request's number; the provider is queried until the time `until`.
    """

    kind: Literal["await_outcome"] = "await_outcome"
    attempt: int
    until: Instant


class ExpirePayment(SystemCommand):
    """Record that the order was closed at the bank after the fee's due instant, and was not paid."""

    kind: Literal["expire_payment"] = "expire_payment"


class EndPaymentWatch(SystemCommand):
    """Record that no more money had come until the time `until`, the end of the wait for late money."""

    kind: Literal["end_payment_watch"] = "end_payment_watch"
    until: Instant


class CancelPayment(SystemCommand):
    """Cancel the payment, since the filing no longer owes the fee or the obligation."""

    kind: Literal["cancel_payment"] = "cancel_payment"
    reason: str


class RecordRefund(SystemCommand):
    """Record that money was returned to the payer."""

    kind: Literal["record_refund"] = "record_refund"
    given: GivenBack


class RecordAcceptance(SystemCommand):
    """Record that officers accepted money below the requested amount as the whole fee.

    `going` are the captures with a refund, paid or under way: their money does not count.
    """

    kind: Literal["record_acceptance"] = "record_acceptance"
    accepted: CaptureAccepted
    going: tuple[str, ...] = ()


class RecordChargeBack(SystemCommand):
    """Record that the payer's bank charged money back."""

    kind: Literal["record_charge_back"] = "record_charge_back"
    back: ChargeBack


class RenewPayment(Command):
    """Request the fee again (thanh toán lại). If `provider` is None, the first of the agency's providers is used."""

    kind: Literal["renew_payment"] = "renew_payment"
    provider: Code | None = None
    """the provider to take the money; not set: the agency's first provider"""
    payer_address: IpAddress | None = None
    """IP address of the device on which the applicant pays; not set: the one given before"""


PAYMENT_COMMANDS: Final[tuple[type[Command], ...]] = (RenewPayment,)
"""The public commands of a payment; each is an Update of `Payment` under its kind."""


class RenewThrough(RenewPayment):
    """A `RenewPayment` with the provider that takes the money. Only the payment's workflow gives this command."""

    through: Through
