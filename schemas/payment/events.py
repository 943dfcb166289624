"""The events of payments."""

from typing import Annotated, Literal

from pydantic import Field

from ..base import Code, Dong, Instant, Model, Numbered, Personal, unset
from ..publishing.calendar import CalendarName
from ..stream.part import Deadline
from .state import DEFAULT_PROVIDER, WATCH_SECONDS, ChargeBack, ChargedBack


class PaymentRequested(Deadline):
    """Money was requested, through `provider`. `number` is the number of the payment.

    `expires` is the time until which the request can be paid; if it is not set, the request can be paid until the fee
    is due.
    """

    kind: Literal["payment_requested"] = "payment_requested"
    number: Annotated[str | None, Numbered("payment")] = None
    n: int
    provider: Code = DEFAULT_PROVIDER
    amount: Dong
    description: str = ""
    """purpose of the payment, as the payer sees it"""
    watch_seconds: int = WATCH_SECONDS
    """time in seconds for which late money is awaited"""
    payer_account: Annotated[str | None, Personal] = None
    payer_address: Annotated[str | None, Personal] = None
    expires: Instant | None = None
    """end of the first request's validity; not set if it can be paid until the fee is due"""


class PaymentOrdered(Model):
    """The provider made an order.

    The order is paid at the web address `pay_url`, or by a scan of the QR code (VietQR) with the text `code`. `attempt`
    is the number of the request to which the order belongs; not set for the first request. The payer's own address may
    stand in `pay_url`.
    """

    kind: Literal["payment_ordered"] = "payment_ordered"
    order_id: str
    """the provider's own id of the order"""
    pay_url: Annotated[str | None, Personal] = None
    code: str | None = None
    """text of the QR code (VietQR) for the payment"""
    attempt: int | None = None
    """number of the request to which the order belongs; not set for the first request"""


class PaymentCaptured(Model):
    """The provider received money. Money that is not owed is refunded.

    `attempt` is the number of the paid request; not set for the first request. `asked` is the requested amount in đồng;
    it is set only if the money settles the fee and is another amount. `parts` are the ids of earlier captures that are
    below the requested amount and settle the fee together with this one.
    """

    kind: Literal["payment_captured"] = "payment_captured"
    capture_id: str
    amount: Dong
    captured_at: Instant
    """time at which the provider received the money"""
    owed: bool
    """whether the money is owed for the fee; otherwise it is refunded"""
    asked: Dong | None = None
    attempt: int | None = None
    """number of the paid request; not set for the first request"""
    parts: tuple[str, ...] = Field(default=(), exclude_if=unset)
    """ids of earlier captures that settle the fee together with this one"""


class PaymentExpired(Model):
    """The fee was not paid in time, and the provider closed the order."""

    kind: Literal["payment_expired"] = "payment_expired"
    requests: tuple[int, ...] = Field(default=(), exclude_if=unset)
    """numbers of the requests that were open at that time, from 1"""


class PaymentCancelled(Model):
    """The payment was cancelled: the filing no longer owes the fee, or the obligation."""

    kind: Literal["payment_cancelled"] = "payment_cancelled"
    reason: str


class PaymentRefunded(Model):
    """`amount` đồng of a capture were refunded. `case` is the number of this case in the refund of the capture."""

    kind: Literal["payment_refunded"] = "payment_refunded"
    capture_id: str
    amount: Dong
    case: int | None = None


class PaymentCalendarChanged(Model):
    """Another calendar is in force. `due` is now the deadline of the payment."""

    kind: Literal["payment_calendar_changed"] = "payment_calendar_changed"
    calendar: CalendarName
    due: Instant


class PaymentAccepted(Model):
    """Money below the requested amount was accepted as the whole fee; the agency forgoes the rest.

    `amount` is the sum of this capture and of the other captures `parts` for the fee.
    """

    kind: Literal["payment_accepted"] = "payment_accepted"
    capture_id: str
    amount: Dong
    """sum of the captures in đồng"""
    forgone: Dong
    parts: tuple[str, ...] = Field(default=(), exclude_if=unset)
    """ids of the other captures that settle the fee together with this one"""
    agreed: Dong | None = None
    """amount in đồng that officers agreed to forgo; not set if it is the forgone amount"""


class PaymentChargedBack(ChargedBack):
    """The payer's bank charged money back (đòi hoàn). Officers decide the consequence."""

    kind: Literal["payment_charged_back"] = "payment_charged_back"


class PaymentChargeBackAhead(ChargeBack):
    """The provider reported a charge-back before its capture. The charge-back is recorded again after the capture."""

    kind: Literal["payment_charge_back_ahead"] = "payment_charge_back_ahead"


class PaymentRequestExpired(Model):
    """A request was not paid in its time to pay. The fee is still owed, and can be requested again."""

    kind: Literal["payment_request_expired"] = "payment_request_expired"
    attempt: int
    """number of the request, from 1"""


class PaymentOutcomeAwaited(Model):
    """The time to pay a request is over, and the provider can't tell yet whether the request was paid.

    The provider is queried until the time `until`. Any money that it had received by then counts.
    """

    kind: Literal["payment_outcome_awaited"] = "payment_outcome_awaited"
    attempt: int
    """number of the request, from 1"""
    until: Instant
    """end of the time in which the provider is queried"""


class PaymentRenewed(Model):
    """The payer renewed the request for the fee, through `provider`.

    `attempt` is the number of the new request, and `expires` the time until which this request can be paid.
    """

    kind: Literal["payment_renewed"] = "payment_renewed"
    attempt: int
    """number of the request, from 2"""
    provider: Code
    """code of the provider that takes the money"""
    expires: Instant | None = None
    """end of the new request's validity; not set if it can be paid until the fee is due"""
    payer_address: Annotated[str | None, Personal] = None


class PaymentWatchEnded(Model):
    """The wait for late money ended at the time `until`; no more money had come."""

    kind: Literal["payment_watch_ended"] = "payment_watch_ended"
    until: Instant
    """end of the time for which late money was awaited"""


_Request = PaymentRequested | PaymentOrdered | PaymentCaptured | PaymentExpired | PaymentCancelled | PaymentRefunded
_Change = PaymentCalendarChanged | PaymentAccepted | PaymentChargedBack | PaymentChargeBackAhead
_Renewal = PaymentRequestExpired | PaymentOutcomeAwaited | PaymentRenewed | PaymentWatchEnded
PaymentEvent = _Request | _Change | _Renewal
