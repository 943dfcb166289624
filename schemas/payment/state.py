"""The state of payments, and their messages that are neither events nor commands."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from ..base import Code, Dong, Instant, Model
from ..people import Via
from ..stream.part import PartStart, PartState

__all__ = ["PaymentState", "PaymentView"]

WATCH_SECONDS: Final = 3 * 24 * 3600
"""The time in seconds for which late money is awaited, after the payment is settled."""

DEFAULT_PROVIDER: Final = "bank"
"""The provider of a request that does not name a provider."""


class PaymentStart(PartStart):
    """The start input of a payment.

    `provider` takes the money; if it is None, the agency's directory decides which provider does. The order expires at
    `due`. After the payment is settled, late money is awaited for `watch_seconds` seconds.
    """

    provider: Code | None = None
    amount: Dong
    description: str
    payer_account: str | None = None
    payer_address: str | None = None
    watch_seconds: int = WATCH_SECONDS


MOST_REQUESTS: Final = 20
"""The maximum number of requests for one fee."""


class Through(Model):
    """The provider of a request. `seconds`: the time in which the request can be paid; None: until the fee is due."""

    provider: Code
    seconds: int | None = None


class Capture(Model):
    """Money that the bank received. `attempt` is the number of the paid request; None for the first request."""

    capture_id: str
    amount: Dong
    at: Instant
    attempt: int | None = None


class GivenBack(Model):
    """The content of the signal `refunded`, which a refund sends to the payment.

    `amount` đồng of the capture were refunded; `case` is the number of the case in the refund.
    """

    capture_id: str
    case: int
    amount: Dong


class CaptureAccepted(Model):
    """The content of the signal `accepted`, which a refund sends to the payment.

    Two officers have accepted the money received so far as the whole fee, although `forgone` đồng are missing. The
    refund of the capture `capture_id` has recorded the acceptance.
    """

    capture_id: str
    forgone: Annotated[Dong, Field(gt=0)]


class ChargeBack(Model):
    """A charge-back that a provider reports. `attempt` is the number of the request that the money had paid.

    `by_number`: whether `transaction` is the number of the capture; otherwise the charge-back may have a number of its
    own.
    """

    transaction: str
    amount: Annotated[Dong, Field(gt=0)]
    at: Instant
    attempt: int | None = None
    """number of the paid request; not set for the first request"""
    by_number: Literal[True] | None = None
    """true: `transaction` is the number of the capture; not set: the charge-back may have a number of its own"""


class ChargedBack(Model):
    """A charge-back of `amount` đồng of a capture.

    `transaction` is the provider's number of the capture, or a number of the charge-back itself.
    """

    capture_id: str
    transaction: str
    amount: Annotated[Dong, Field(gt=0)]
    at: Instant


class PaymentState(StrEnum):
    """The state of a payment."""

    PENDING = "pending"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Attempt(Model):
    """One request for a fee, through one provider. `attempt` is its number.

    The request can be paid until `expires`. `over`: whether it was closed unpaid. `awaited` is set if the outcome is
    not known when the time to pay is over: it is the time until which the provider is queried.
    """

    attempt: int
    provider: Code
    requested_at: Instant
    expires: Instant | None = None
    pay_url: str | None = None
    code: str | None = None
    over: bool = False
    awaited: Instant | None = None

    @property
    def ordered(self) -> bool:
        """Whether the order of the request exists, so that the request can be paid."""
        return self.pay_url is not None or self.code is not None


class Payment(PartState):
    """The fold of a payment's events, with all data that its workflow needs.

    `refunded` are the ids of the captures of which all money that is not owed was returned. `owed_capture` is the id of
    the capture that settled the fee, and `parts` are the ids of the others that settled it together. `forgone` is the
    amount in đồng that is missing from a short payment accepted as the whole fee. `ahead` are the charge-backs whose
    capture is not recorded yet. `provider`, `expires`, `pay_url`, `code`, `over` and `awaited` belong to the first
    request; `renewed` are the later requests. `payer_address` is the address that was given last. `watch_over`: whether
    the wait for late money has ended.
    """

    snapshot_version: int = 6
    provider: Code = DEFAULT_PROVIDER
    expires: Instant | None = None
    over: bool = False
    awaited: Instant | None = None
    renewed: tuple[Attempt, ...] = ()
    amount: Dong = 0
    description: str = ""
    payer_account: str | None = None
    payer_address: str | None = None
    watch_seconds: int = WATCH_SECONDS
    pay_url: str | None = None
    code: str | None = None
    state: PaymentState = PaymentState.PENDING
    settled_at: Instant | None = None
    captures: tuple[Capture, ...] = ()
    owed_capture: str | None = None
    parts: tuple[str, ...] = ()
    forgone: Dong = 0
    refunded: tuple[str, ...] = ()
    given_back: tuple[GivenBack, ...] = ()
    charged_back: tuple[ChargedBack, ...] = ()
    ahead: tuple[ChargeBack, ...] = ()
    watch_over: bool = False

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The requests of the payment, in order."""
        if self.requested_at is None:
            return ()
        first = Attempt(
            attempt=1,
            provider=self.provider,
            requested_at=self.requested_at,
            expires=self.expires,
            pay_url=self.pay_url,
            code=self.code,
            over=self.over,
            awaited=self.awaited,
        )
        return (first, *self.renewed)

    @property
    def watched_until(self) -> datetime | None:
        """The end of the wait for late money; None before the payment is settled, and once the wait is over."""
        if self.settled_at is None or self.watch_over:
            return None
        return self.settled_at + timedelta(seconds=self.watch_seconds)

    @property
    def to_refund(self) -> tuple[Capture, ...]:
        """The captures with money that is not owed and that was not returned yet."""
        open_ones = (capture for capture in self.captures if capture.capture_id not in self.refunded)
        return tuple(capture for capture in open_ones if self.returned(capture) < self.unowed(capture))

    @property
    def counted(self) -> tuple[Capture, ...]:
        """The captures that paid the fee together; the last one settled it. Empty if the fee is not paid."""
        parts = (one for one in self.captures if one.capture_id in self.parts)
        return (*parts, *(one for one in self.captures if one.capture_id == self.owed_capture))

    def paid_before(self, capture: Capture) -> int:
        """Returns the part of the fee, in đồng, that other captures had paid before this one; 0 if it paid no part."""
        there = [one.capture_id for one in self.counted]
        earlier = there.index(capture.capture_id) if capture.capture_id in there else 0
        return sum(one.amount for one in self.counted[:earlier])

    def unowed(self, capture: Capture) -> int:
        """Returns the part of a capture, in đồng, that is not owed, without any charged-back part.

        It is the excess if the capture paid the fee, alone or with others, else the whole capture.
        """
        there = max(capture.amount - self.taken_back(capture), 0)
        excess = max(self.paid_before(capture) + capture.amount - self.amount, 0)
        return min(excess, there) if capture in self.counted else there

    def taken_back(self, capture: Capture) -> int:
        """Returns the charged-back part of a capture, in đồng."""
        return sum(one.amount for one in self.charged_back if one.capture_id == capture.capture_id)

    def returned(self, capture: Capture) -> int:
        """Returns the refunded part of a capture, in đồng."""
        return sum(one.amount for one in self.given_back if one.capture_id == capture.capture_id)


class Order(Model):
    """The provider's order: its id, and the web address or the QR code at which it is paid."""

    order_id: str
    pay_url: str | None = None
    code: str | None = None


class Taken(Model):
    """All the money that the provider reports as received."""

    captures: tuple[Capture, ...] = ()


class Closed(Taken):
    """All the money received for a request that is closed.

    `awaited_until` is the time until which the provider may still report money; None if it will report no more.
    """

    awaited_until: Instant | None = None


TOLD: Final = Via(principal="motcua.gateway")
"""The sender of the reports that come from a provider: the gateway, which has stored the signed originals."""


class MoneyNotice(Model):
    """A provider's own report about the money of a request, with a verified signature.

    Attributes:
        reference: The reference of the request.
        transaction: The provider's own number for this money.
        outcome: The outcome of the money; `reversed` is a charge-back.
        at: The time of the event; None if the provider does not report it.
        by_number: Whether `transaction` of a charge-back is the number of the capture; None if it may be another
            number.
        confirms: Whether the provider confirms the transaction when queried. If so, a second transaction of one request
            counts only after this confirmation.
    """

    reference: str
    transaction: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
    amount: Annotated[Dong, Field(gt=0)]
    outcome: Literal["paid", "pending", "failed", "reversed"]
    at: Instant | None = None
    by_number: Literal[True] | None = None
    confirms: Literal[True] | None = None


class PaymentView(Model):
    """A payment as its readers see it: how to pay while it is pending, and the money received and refunded, in đồng.

    `pay_url` is a web address for the payment, and `code` the text of a QR code (VietQR) for the payer's app. Both
    belong to the newest request, with the number `attempt`, which can be paid until `expires`. After that, or to use
    another one of the `providers`, the payer may request the fee again (`renew_payment`). If the provider can't tell at
    `expires` whether the request was paid, the provider is queried until `awaited_until`.
    """

    filing_id: UUID
    n: int
    number: str | None = None
    provider: Code = DEFAULT_PROVIDER
    amount: Dong
    state: PaymentState
    pay_url: str | None = None
    """web address for the payment, while it can be paid online"""
    code: str | None = None
    """text of the QR code (VietQR) for the payment, while it can be paid online"""
    captured: Dong = Field(ge=0)
    """amount in đồng that the provider has received so far"""
    refunded: Dong = Field(ge=0)
    """amount in đồng refunded so far"""
    charged_back: Dong | None = None
    attempt: int = 1
    """number of the newest request for the money, from 1"""
    expires: Instant | None = None
    """time until which the newest request can be paid; not set once this request is closed"""
    awaited_until: Instant | None = None
    """end of the time in which the provider is queried; not set if the outcome was known in time"""
    providers: tuple[Code, ...] = ()
    """providers that the payer can choose, the agency's first one first; empty: the bank alone"""
