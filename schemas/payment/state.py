"""The state of payments, and all that is said of them but events and commands."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from ..base import Code, Dong, Instant, Model
from ..part import PartStart, PartState
from ..people import Via

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


MOST_REQUESTS: Final = 20
"""So many requests a fee may have."""


class Through(Model):
    """Who takes the money, and for how many seconds a request through them can be paid; without, until it is due."""

    provider: Code
    seconds: int | None = None


class Capture(Model):
    """Money the bank took: its own id, amount in đồng, when, and for which request of the fee if not for the first."""

    capture_id: str
    amount: Dong
    at: Instant
    attempt: int | None = None


class GivenBack(Model):
    """So many đồng of a capture went back in this case: signal `refunded` of a refund to its payment."""

    capture_id: str
    case: int
    amount: Dong


class CaptureAccepted(Model):
    """Two have agreed to take a capture for the whole fee, `forgone` đồng short: signal `accepted` of its refund."""

    capture_id: str
    forgone: Annotated[Dong, Field(gt=0)]


class ChargeBack(Model):
    """What a provider says that the payer's bank took back, of money for the first request or that `attempt`.

    `by_number`: its `transaction` is that of the money. Otherwise it may be a number of its own.
    """

    transaction: str
    """the provider's own number of it"""
    amount: Annotated[Dong, Field(gt=0)]
    at: Instant
    attempt: int | None = None
    """number of the request that was paid, if it was not the first"""
    by_number: Literal[True] | None = None
    """the number of what was taken back is that of the money; not there: it may be one of its own"""


class ChargedBack(Model):
    """The payer's bank took so many đồng of a capture back, in its own `transaction`, which may be the capture's."""

    capture_id: str
    transaction: str
    """the provider's own number of it"""
    amount: Annotated[Dong, Field(gt=0)]
    at: Instant


class PaymentState(StrEnum):
    """Where a payment stands."""

    PENDING = "pending"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Attempt(Model):
    """One request of a fee, through one provider: payable until it `expires`, and `over` once nobody has.

    What became of it is `awaited` until then, where that is not known once the time to pay is over.
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
        """Whether it is known where it is paid."""
        return self.pay_url is not None or self.code is not None


class Payment(PartState):
    """The fold of a payment's events: all that its workflow needs.

    `refunded` are captures that went back whole; `forgone` đồng are missing of what is taken for the whole fee. What
    was charged back `ahead` is of money that has not come yet.
    `provider`, `expires`, `pay_url`, `code`, `over` and `awaited` are of its first request, `renewed` are those after
    it.
    """

    snapshot_version: int = 5
    provider: Code = DEFAULT_PROVIDER
    expires: Instant | None = None
    over: bool = False
    awaited: Instant | None = None
    renewed: tuple[Attempt, ...] = ()
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
    forgone: Dong = 0
    refunded: tuple[str, ...] = ()
    given_back: tuple[GivenBack, ...] = ()
    charged_back: tuple[ChargedBack, ...] = ()
    ahead: tuple[ChargeBack, ...] = ()

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Its requests, the first first."""
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
        """Until when late money is awaited, once it was settled."""
        return None if self.settled_at is None else self.settled_at + timedelta(seconds=self.watch_seconds)

    @property
    def to_refund(self) -> tuple[Capture, ...]:
        """Captures of which nobody owes something that has not gone back."""
        open_ones = (capture for capture in self.captures if capture.capture_id not in self.refunded)
        return tuple(capture for capture in open_ones if self.returned(capture) < self.unowed(capture))

    def unowed(self, capture: Capture) -> int:
        """How many đồng of it nobody owes: all, or what is more than was asked. What was charged back is gone."""
        there = max(capture.amount - self.taken_back(capture), 0)
        return min(max(capture.amount - self.amount, 0), there) if capture.capture_id == self.owed_capture else there

    def taken_back(self, capture: Capture) -> int:
        """How many đồng of it the payer's bank took back."""
        return sum(one.amount for one in self.charged_back if one.capture_id == capture.capture_id)

    def returned(self, capture: Capture) -> int:
        """How many đồng of it went back."""
        return sum(one.amount for one in self.given_back if one.capture_id == capture.capture_id)


class Order(Model):
    """The provider's order: where it is paid. `order_id` is what the provider knows it by."""

    order_id: str
    pay_url: str | None = None
    code: str | None = None


class Taken(Model):
    """All the money that the provider says it took."""

    captures: tuple[Capture, ...] = ()


class Closed(Taken):
    """The same of a request that is over; it may still be said until that instant that there was more."""

    awaited_until: Instant | None = None


TOLD: Final = Via(principal="motcua.gateway")
"""By whom a payment hears what a provider says by itself: the gateway, which has kept what was signed."""


class MoneyNotice(Model):
    """What a provider says by itself about the money of a request, verified.

    Attributes:
        reference: Of the request.
        transaction: The provider's own number for it.
        outcome: What became of the money; `reversed` is a charge-back.
        at: When it happened, if it was said.
        by_number: What was taken back is known by the number of the money. Otherwise it may have one of its own.
    """

    reference: str
    transaction: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
    amount: Annotated[Dong, Field(gt=0)]
    outcome: Literal["paid", "pending", "failed", "reversed"]
    at: Instant | None = None
    by_number: Literal[True] | None = None


class PaymentView(Model):
    """What a payment shows: where to pay while it is pending, and what became of the money, in đồng.

    `code` is what a QR code (VietQR) says that a payer's app scans. Both are of the newest request, the `attempt`-th,
    which can be paid until it `expires`; once it is over, or through another of the `providers`, the payer may have the
    fee asked for anew (`renew_payment`). `awaited_until`: the time to pay is over, and whoever takes the money can't
    say yet whether it was paid; until then they are asked.
    """

    filing_id: UUID
    n: int
    number: str | None = None
    provider: Code = DEFAULT_PROVIDER
    """who takes the money, such as bank"""
    amount: Dong
    state: PaymentState
    pay_url: str | None = None
    """where to pay, while it can be paid online"""
    code: str | None = None
    """what the QR code (VietQR) says by which it is paid, while it can be paid online"""
    captured: Dong = Field(ge=0)
    """money in đồng that the bank has taken so far"""
    refunded: Dong = Field(ge=0)
    """money in đồng that went back so far"""
    charged_back: Dong | None = None
    """money in đồng that the payer's bank took back"""
    attempt: int = 1
    """number of the newest request for the money, from 1"""
    expires: Instant | None = None
    """until when that request can be paid; not there once it is over"""
    awaited_until: Instant | None = None
    """until when it is asked whether it was paid; only if that is not known in time"""
    providers: tuple[Code, ...] = ()
    """who may be chosen to take the money, the first first; empty: the bank alone"""
