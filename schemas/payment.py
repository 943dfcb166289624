"""A request for money: the durable life of one fee, from the bank's order to its receipt or its refund."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from .base import Code, Dong, Instant, Model, Numbered, Personal
from .filing.commands import SystemCommand
from .part import Deadline, PartStart, PartState
from .publishing.calendar import CalendarName

WATCH_SECONDS: Final = 3 * 24 * 3600
"""How long late money is awaited."""


DEFAULT_PROVIDER: Final = "bank"
"""Who takes the money where nothing else is said."""


class PaymentStart(PartStart):
    """What a payment is started with. `provider` names who takes the money; without it the agency's directory does.

    The order expires at `due`; late money is awaited for `watch_seconds` more.
    """

    provider: Code | None = None
    amount: Dong
    description: str
    payer_account: str | None = None
    watch_seconds: int = WATCH_SECONDS


class Capture(Model):
    """Money the bank took: its own id, amount in đồng, when."""

    capture_id: str
    amount: Dong
    at: Instant


class GivenBack(Model):
    """So many đồng of a capture went back in this case: signal `refunded` of a refund to its payment."""

    capture_id: str
    case: int
    amount: Dong


class PaymentState(StrEnum):
    """Where a payment stands."""

    PENDING = "pending"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class PaymentRequested(Deadline):
    """Money was asked for, through `provider`. `number` is the number of the request."""

    kind: Literal["payment_requested"] = "payment_requested"
    number: Annotated[str | None, Numbered("payment")] = None
    n: int
    provider: Code = DEFAULT_PROVIDER
    amount: Dong
    description: str = ""
    watch_seconds: int = WATCH_SECONDS
    payer_account: Annotated[str | None, Personal] = None


class PaymentOrdered(Model):
    """The provider made the order: it is paid at `pay_url`, or by scanning what `code` says (VietQR)."""

    kind: Literal["payment_ordered"] = "payment_ordered"
    order_id: str
    pay_url: str | None = None
    code: str | None = None


class PaymentCaptured(Model):
    """The bank took money. What is not owed is refunded."""

    kind: Literal["payment_captured"] = "payment_captured"
    capture_id: str
    amount: Dong
    captured_at: Instant
    owed: bool


class PaymentExpired(Model):
    """Nobody paid in time, and the bank closed the order."""

    kind: Literal["payment_expired"] = "payment_expired"


class PaymentCancelled(Model):
    """The filing no longer owes this fee."""

    kind: Literal["payment_cancelled"] = "payment_cancelled"
    reason: str


class PaymentRefunded(Model):
    """So many đồng of a capture went back, by that case of its refund."""

    kind: Literal["payment_refunded"] = "payment_refunded"
    capture_id: str
    amount: Dong
    case: int | None = None


class PaymentCalendarChanged(Model):
    """Another calendar is in force, on which the payment is `due` then."""

    kind: Literal["payment_calendar_changed"] = "payment_calendar_changed"
    calendar: CalendarName
    due: Instant


PaymentEvent = (
    PaymentRequested
    | PaymentOrdered
    | PaymentCaptured
    | PaymentExpired
    | PaymentCancelled
    | PaymentRefunded
    | PaymentCalendarChanged
)


class Payment(PartState):
    """The fold of a payment's events: all that its workflow needs. `refunded` are captures that went back whole."""

    provider: Code = DEFAULT_PROVIDER
    amount: Dong = 0
    description: str = ""
    payer_account: str | None = None
    watch_seconds: int = WATCH_SECONDS
    pay_url: str | None = None
    code: str | None = None
    state: PaymentState = PaymentState.PENDING
    settled_at: Instant | None = None
    captures: tuple[Capture, ...] = ()
    owed_capture: str | None = None
    refunded: tuple[str, ...] = ()
    given_back: tuple[GivenBack, ...] = ()

    @property
    def ordered(self) -> bool:
        """Whether it is known where it is paid."""
        return self.pay_url is not None or self.code is not None

    @property
    def watched_until(self) -> datetime | None:
        """Until when late money is awaited, once it was settled."""
        return None if self.settled_at is None else self.settled_at + timedelta(seconds=self.watch_seconds)

    @property
    def to_refund(self) -> tuple[Capture, ...]:
        """Captures that are not owed and have not gone back whole."""
        return tuple(
            c for c in self.captures if c.capture_id != self.owed_capture and c.capture_id not in self.refunded
        )


class RequestPayment(SystemCommand):
    """Ask for the money."""

    kind: Literal["request_payment"] = "request_payment"
    start: PaymentStart


class RecordOrder(SystemCommand):
    """The provider made the order."""

    kind: Literal["record_order"] = "record_order"
    order_id: str
    pay_url: str | None = None
    code: str | None = None


class RecordCapture(SystemCommand):
    """The bank reports money."""

    kind: Literal["record_capture"] = "record_capture"
    capture: Capture


class ExpirePayment(SystemCommand):
    """The order was closed at the bank, unpaid, after its due instant."""

    kind: Literal["expire_payment"] = "expire_payment"


class CancelPayment(SystemCommand):
    """The filing no longer owes the fee."""

    kind: Literal["cancel_payment"] = "cancel_payment"
    reason: str


class RecordRefund(SystemCommand):
    """Money went back."""

    kind: Literal["record_refund"] = "record_refund"
    given: GivenBack


class Order(Model):
    """The provider's order: where it is paid. `order_id` is what the provider knows it by."""

    order_id: str
    pay_url: str | None = None
    code: str | None = None


class Taken(Model):
    """All the money that the provider says it took."""

    captures: tuple[Capture, ...] = ()


class MoneyNotice(Model):
    """What a provider says by itself about the money of a request, verified.

    Attributes:
        reference: Of the request.
        transaction: The provider's own number for it.
        outcome: What became of the money; `reversed` is a charge-back.
        at: When it happened, if it was said.
    """

    reference: str
    transaction: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
    amount: Annotated[Dong, Field(gt=0)]
    outcome: Literal["paid", "pending", "failed", "reversed"]
    at: Instant | None = None


class PaymentView(Model):
    """What a payment shows: where to pay while it is pending, and what became of the money, in đồng.

    `code` is what a QR code (VietQR) says that a payer's app scans.
    """

    filing_id: UUID
    n: int
    number: str | None = None
    provider: Code = DEFAULT_PROVIDER
    amount: Dong
    state: PaymentState
    pay_url: str | None = None
    code: str | None = None
    captured: Dong = Field(ge=0)
    refunded: Dong = Field(ge=0)
