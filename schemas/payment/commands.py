"""The commands of payments."""

from typing import Final, Literal

from ..base import Code, Instant
from ..filing.commands import Command, SystemCommand
from .state import Capture, CaptureAccepted, ChargeBack, GivenBack, PaymentStart, Through

__all__ = ["PAYMENT_COMMANDS", "RenewPayment"]


class RequestPayment(SystemCommand):
    """Request the money. The request can be paid for `seconds` seconds; if not set, until the fee is due."""

    kind: Literal["request_payment"] = "request_payment"
    start: PaymentStart
    seconds: int | None = None


class RecordOrder(SystemCommand):
    """The provider has created the order."""

    kind: Literal["record_order"] = "record_order"
    order_id: str
    pay_url: str | None = None
    code: str | None = None
    attempt: int = 1


class RecordCapture(SystemCommand):
    """The bank reports money as received."""

    kind: Literal["record_capture"] = "record_capture"
    capture: Capture


class ExpireRequest(SystemCommand):
    """The order of a request was closed at the bank, unpaid, after its time to pay."""

    kind: Literal["expire_request"] = "expire_request"
    attempt: int


class AwaitOutcome(SystemCommand):
    """The time to pay is over, and the outcome of a request is unknown."""

    kind: Literal["await_outcome"] = "await_outcome"
    attempt: int
    until: Instant


class ExpirePayment(SystemCommand):
    """The order was closed at the bank, unpaid, after its due instant."""

    kind: Literal["expire_payment"] = "expire_payment"


class EndPaymentWatch(SystemCommand):
    """The providers report no more money at the end of the time in which late money is awaited."""

    kind: Literal["end_payment_watch"] = "end_payment_watch"
    until: Instant


class CancelPayment(SystemCommand):
    """The filing no longer owes the fee, or the obligation."""

    kind: Literal["cancel_payment"] = "cancel_payment"
    reason: str


class RecordRefund(SystemCommand):
    """Money was returned to the payer."""

    kind: Literal["record_refund"] = "record_refund"
    given: GivenBack


class RecordAcceptance(SystemCommand):
    """A capture below the requested amount is accepted as the whole fee."""

    kind: Literal["record_acceptance"] = "record_acceptance"
    accepted: CaptureAccepted


class RecordChargeBack(SystemCommand):
    """The payer's bank charged money back."""

    kind: Literal["record_charge_back"] = "record_charge_back"
    back: ChargeBack


class RenewPayment(Command):
    """Request the fee again (thanh toán lại), through the agency's first `provider` or another one of its own."""

    kind: Literal["renew_payment"] = "renew_payment"
    provider: Code | None = None
    """the provider to take the money; not set: the agency's first provider"""


PAYMENT_COMMANDS: Final[tuple[type[Command], ...]] = (RenewPayment,)
"""The public commands of a payment; each is an Update of `Payment` under its kind."""


class RenewThrough(RenewPayment):
    """A `RenewPayment` with the chosen provider."""

    through: Through
