"""A request for money: the durable life of one fee, from the bank's order to its receipt or its refund."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from .base import AgencyCode, Instant, Model, Numbered, Personal
from .filing.commands import SystemCommand
from .limit import Limit
from .publishing.calendar import CalendarName

WATCH_SECONDS: Final = 3 * 24 * 3600
"""How long late money is awaited."""


class PaymentStart(Model):
    """What a payment is started with.

    The order expires at `due`, which is `limit` after `since` on that `calendar`; late money is awaited for
    `watch_seconds` more.
    """

    filing_id: UUID
    n: int
    agency: AgencyCode
    amount: int
    description: str
    limit: Limit
    since: Instant
    calendar: CalendarName
    due: Instant
    payer_account: str | None = None
    watch_seconds: int = WATCH_SECONDS


class Capture(Model):
    """Money the bank took: its own id, amount in đồng, when."""

    capture_id: str
    amount: int
    at: Instant


class PaymentState(StrEnum):
    """Where a payment stands."""

    PENDING = "pending"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class PaymentRequested(Model):
    """Money was asked for. `number` is the number of the request."""

    kind: Literal["payment_requested"] = "payment_requested"
    number: Annotated[str | None, Numbered("payment")] = None
    n: int
    amount: int
    limit: Limit
    since: Instant
    calendar: CalendarName
    due: Instant
    description: str = ""
    watch_seconds: int = WATCH_SECONDS
    payer_account: Annotated[str | None, Personal] = None


class PaymentCaptured(Model):
    """The bank took money. What is not owed is refunded."""

    kind: Literal["payment_captured"] = "payment_captured"
    capture_id: str
    amount: int
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
    """Money that was not owed went back."""

    kind: Literal["payment_refunded"] = "payment_refunded"
    capture_id: str
    amount: int


class PaymentCalendarChanged(Model):
    """Another calendar is in force, on which the payment is `due` then."""

    kind: Literal["payment_calendar_changed"] = "payment_calendar_changed"
    calendar: CalendarName
    due: Instant


PaymentEvent = (
    PaymentRequested | PaymentCaptured | PaymentExpired | PaymentCancelled | PaymentRefunded | PaymentCalendarChanged
)


class Payment(Model):
    """The fold of a payment's events: all that its workflow needs."""

    snapshot_version: int = 1
    filing_id: UUID
    n: int
    agency: AgencyCode
    seq: int = 0
    number: str | None = None
    amount: int = 0
    description: str = ""
    limit: Limit | None = None
    since: Instant | None = None
    calendar: CalendarName | None = None
    due: Instant | None = None
    payer_account: str | None = None
    watch_seconds: int = WATCH_SECONDS
    state: PaymentState = PaymentState.PENDING
    requested_at: Instant | None = None
    settled_at: Instant | None = None
    captures: tuple[Capture, ...] = ()
    owed_capture: str | None = None
    refunded: tuple[str, ...] = ()

    @property
    def to_refund(self) -> tuple[Capture, ...]:
        """Captures that are not owed and not yet refunded."""
        return tuple(
            c for c in self.captures if c.capture_id != self.owed_capture and c.capture_id not in self.refunded
        )


class RequestPayment(SystemCommand):
    """Ask for the money."""

    kind: Literal["request_payment"] = "request_payment"
    start: PaymentStart


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
    """The bank gave money back."""

    kind: Literal["record_refund"] = "record_refund"
    capture_id: str
    amount: int


class Order(Model):
    """The bank's order as the payment sees it."""

    order_id: str
    pay_url: str
    cancelled: bool
    captures: tuple[Capture, ...] = ()


class PaymentView(Model):
    """What a payment shows: where to pay while it is pending, and what became of the money, in đồng."""

    filing_id: UUID
    n: int
    number: str | None = None
    amount: int
    state: PaymentState
    pay_url: str | None = None
    captured: int = Field(ge=0)
    refunded: int = Field(ge=0)
