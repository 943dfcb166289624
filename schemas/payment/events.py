"""The events of payments."""

from __future__ import annotations

from typing import Annotated, Literal

from ..base import Code, Dong, Instant, Model, Numbered, Personal
from ..publishing.calendar import CalendarName
from ..stream.part import Deadline
from .state import DEFAULT_PROVIDER, WATCH_SECONDS, ChargeBack, ChargedBack


class PaymentRequested(Deadline):
    """Money was asked for, through `provider`. `number` is the number of the payment.

    This request of it can be paid until it `expires`, or without that until it is due.
    """

    kind: Literal["payment_requested"] = "payment_requested"
    number: Annotated[str | None, Numbered("payment")] = None
    n: int
    provider: Code = DEFAULT_PROVIDER
    """who takes the money, such as bank"""
    amount: Dong
    description: str = ""
    """what the money is asked for, in words that the payer sees"""
    watch_seconds: int = WATCH_SECONDS
    """how many seconds late money is still awaited"""
    payer_account: Annotated[str | None, Personal] = None
    expires: Instant | None = None
    """until when the first request can be paid; not there: until the fee is due"""


class PaymentOrdered(Model):
    """The provider made the order: it is paid at `pay_url`, or by scanning what `code` says (VietQR).

    It is the order of the first request, or of that `attempt`.
    """

    kind: Literal["payment_ordered"] = "payment_ordered"
    order_id: str
    """the bank's own id of its order"""
    pay_url: str | None = None
    """where to pay, while it can be paid online"""
    code: str | None = None
    """the text of the QR code by which it is paid (VietQR)"""
    attempt: int | None = None
    """number of the request that was ordered, if it was not the first"""


class PaymentCaptured(Model):
    """The bank took money, for the first request or that `attempt`. What is not owed is refunded.

    `asked` is there if it is more than that, which settles the fee.
    """

    kind: Literal["payment_captured"] = "payment_captured"
    capture_id: str
    amount: Dong
    captured_at: Instant
    """when the bank took it"""
    owed: bool
    """whether it is what was asked for; otherwise it goes back"""
    asked: Dong | None = None
    attempt: int | None = None
    """number of the request that was paid, if it was not the first"""


class PaymentExpired(Model):
    """Nobody paid in time, and the bank closed the order."""

    kind: Literal["payment_expired"] = "payment_expired"


class PaymentCancelled(Model):
    """The filing no longer owes this fee, or this obligation."""

    kind: Literal["payment_cancelled"] = "payment_cancelled"
    reason: str


class PaymentRefunded(Model):
    """So many đồng of a capture went back, by that case of its refund."""

    kind: Literal["payment_refunded"] = "payment_refunded"
    capture_id: str
    amount: Dong
    case: int | None = None
    """number of the case in the refund, from 1"""


class PaymentCalendarChanged(Model):
    """Another calendar is in force, on which the payment is `due` then."""

    kind: Literal["payment_calendar_changed"] = "payment_calendar_changed"
    calendar: CalendarName
    due: Instant


class PaymentAccepted(Model):
    """A capture of less than was asked is taken for the whole fee after all; the agency forgoes the rest."""

    kind: Literal["payment_accepted"] = "payment_accepted"
    capture_id: str
    amount: Dong
    forgone: Dong


class PaymentChargedBack(ChargedBack):
    """The payer's bank took money back (đòi hoàn): a fact, about which people say what becomes of it."""

    kind: Literal["payment_charged_back"] = "payment_charged_back"


class PaymentChargeBackAhead(ChargeBack):
    """The payer's bank took money back that is not known yet: it is recorded as charged back as soon as it comes."""

    kind: Literal["payment_charge_back_ahead"] = "payment_charge_back_ahead"


class PaymentRequestExpired(Model):
    """Nobody paid by this request as long as it could be paid. The fee is owed: it may be asked for anew."""

    kind: Literal["payment_request_expired"] = "payment_request_expired"
    attempt: int
    """number of the request, from 1"""


class PaymentOutcomeAwaited(Model):
    """The time to pay is over, and whoever takes the money can't say of this request whether it was paid.

    Until then they are asked, and what was paid counts.
    """

    kind: Literal["payment_outcome_awaited"] = "payment_outcome_awaited"
    attempt: int
    """number of the request, from 1"""
    until: Instant
    """until when it is asked whether it was paid"""


class PaymentRenewed(Model):
    """The payer has it asked for anew, through `provider`: the request of that number, payable until it `expires`."""

    kind: Literal["payment_renewed"] = "payment_renewed"
    attempt: int
    """number of the request, from 2"""
    provider: Code
    """who takes the money, by a name of ours"""
    expires: Instant | None = None
    """until when it can be paid; not there: until the fee is due"""


PaymentEvent = (
    PaymentRequested
    | PaymentOrdered
    | PaymentCaptured
    | PaymentExpired
    | PaymentCancelled
    | PaymentRefunded
    | PaymentCalendarChanged
    | PaymentAccepted
    | PaymentChargedBack
    | PaymentChargeBackAhead
    | PaymentRequestExpired
    | PaymentOutcomeAwaited
    | PaymentRenewed
)
