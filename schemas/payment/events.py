"""The events of payments."""

from typing import Annotated, Literal

from pydantic import Field

from ..base import Code, Dong, Instant, Model, Numbered, Personal, unset
from ..publishing.calendar import CalendarName
from ..stream.part import Deadline
from .state import DEFAULT_PROVIDER, WATCH_SECONDS, ChargeBack, ChargedBack


class PaymentRequested(Deadline):
    """Money was requested, through `provider`. `number` is the number of the payment.

    The request can be paid until it `expires`, or if that is not set, until the fee is due.
    """

    kind: Literal["payment_requested"] = "payment_requested"
    number: Annotated[str | None, Numbered("payment")] = None
    n: int
    provider: Code = DEFAULT_PROVIDER
    amount: Dong
    description: str = ""
    """purpose of the payment, as the payer sees it"""
    watch_seconds: int = WATCH_SECONDS
    """time in seconds for which late money is still awaited"""
    payer_account: Annotated[str | None, Personal] = None
    expires: Instant | None = None
    """end of the first request's validity; not set: until the fee is due"""


class PaymentOrdered(Model):
    """The provider made an order, to be paid at `pay_url`, or by scanning the QR code (VietQR) with the text `code`.

    `attempt` is the number of the request to which the order belongs; not set for the first request.
    """

    kind: Literal["payment_ordered"] = "payment_ordered"
    order_id: str
    """the provider's own id of its order"""
    pay_url: str | None = None
    """web address for the payment, while it can be paid online"""
    code: str | None = None
    """text of the QR code (VietQR) for the payment"""
    attempt: int | None = None
    """number of the ordered request, if it was not the first"""


class PaymentCaptured(Model):
    """The provider received money, for the first request or for the request `attempt`. Money not owed is refunded.

    `asked` is the requested amount; it is set only if the money settles the fee and exceeds this amount.
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
    """number of the paid request, if it was not the first"""


class PaymentExpired(Model):
    """Nobody paid in time, and the provider closed the order."""

    kind: Literal["payment_expired"] = "payment_expired"
    requests: tuple[int, ...] = Field(default=(), exclude_if=unset)
    """numbers of the requests that were open until then, from 1"""


class PaymentCancelled(Model):
    """The filing no longer owes this fee, or this obligation."""

    kind: Literal["payment_cancelled"] = "payment_cancelled"
    reason: str


class PaymentRefunded(Model):
    """`amount` đồng of a capture were refunded. `case` is the number of the case in the capture's refund."""

    kind: Literal["payment_refunded"] = "payment_refunded"
    capture_id: str
    amount: Dong
    case: int | None = None


class PaymentCalendarChanged(Model):
    """Another calendar is in force: the payment is now due at `due`."""

    kind: Literal["payment_calendar_changed"] = "payment_calendar_changed"
    calendar: CalendarName
    due: Instant


class PaymentAccepted(Model):
    """A capture below the requested amount was accepted as the whole fee; the agency forgoes the rest."""

    kind: Literal["payment_accepted"] = "payment_accepted"
    capture_id: str
    amount: Dong
    forgone: Dong


class PaymentChargedBack(ChargedBack):
    """The payer's bank charged money back (đòi hoàn). Officers decide the consequence."""

    kind: Literal["payment_charged_back"] = "payment_charged_back"


class PaymentChargeBackAhead(ChargeBack):
    """A charge-back reported before its capture. Once the capture is recorded, its charge-back is recorded too."""

    kind: Literal["payment_charge_back_ahead"] = "payment_charge_back_ahead"


class PaymentRequestExpired(Model):
    """This request was not paid in the time in which it could be paid.

    The fee is still owed and may be requested again.
    """

    kind: Literal["payment_request_expired"] = "payment_request_expired"
    attempt: int
    """number of the request, from 1"""


class PaymentOutcomeAwaited(Model):
    """The time to pay is over, and the provider can't tell yet whether this request was paid.

    The provider is queried until `until`, and any money that it received by then counts.
    """

    kind: Literal["payment_outcome_awaited"] = "payment_outcome_awaited"
    attempt: int
    """number of the request, from 1"""
    until: Instant
    """end of the time in which the provider is queried"""


class PaymentRenewed(Model):
    """The payer renewed the request for the fee, through `provider`: request `attempt` can be paid until `expires`."""

    kind: Literal["payment_renewed"] = "payment_renewed"
    attempt: int
    """number of the request, from 2"""
    provider: Code
    """provider that takes the money, by our own name"""
    expires: Instant | None = None
    """end of the request's validity; not set: until the fee is due"""


class PaymentWatchEnded(Model):
    """The wait for late money ended at `until`, and no more had come."""

    kind: Literal["payment_watch_ended"] = "payment_watch_ended"
    until: Instant
    """end of the time for which late money was awaited"""


_Request = PaymentRequested | PaymentOrdered | PaymentCaptured | PaymentExpired | PaymentCancelled | PaymentRefunded
_Change = PaymentCalendarChanged | PaymentAccepted | PaymentChargedBack | PaymentChargeBackAhead
_Renewal = PaymentRequestExpired | PaymentOutcomeAwaited | PaymentRenewed | PaymentWatchEnded
PaymentEvent = _Request | _Change | _Renewal
