"""A request for money: the durable life of one fee, or of what a tax office demands, to its receipt or its refund."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from .base import Code, Dong, Instant, Model, Numbered, Personal
from .filing.commands import Command, SystemCommand
from .part import Deadline, PartStart, PartState
from .people import Via
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


class RequestPayment(SystemCommand):
    """Ask for the money. A request can be paid for so many `seconds`, or until it is due."""

    kind: Literal["request_payment"] = "request_payment"
    start: PaymentStart
    seconds: int | None = None


class RecordOrder(SystemCommand):
    """The provider made the order."""

    kind: Literal["record_order"] = "record_order"
    order_id: str
    pay_url: str | None = None
    code: str | None = None
    attempt: int = 1


class RecordCapture(SystemCommand):
    """The bank reports money."""

    kind: Literal["record_capture"] = "record_capture"
    capture: Capture


class ExpireRequest(SystemCommand):
    """The order of a request was closed at the bank, unpaid, once it could be paid no longer."""

    kind: Literal["expire_request"] = "expire_request"
    attempt: int


class AwaitOutcome(SystemCommand):
    """The time to pay is over, and it is not known whether a request was paid."""

    kind: Literal["await_outcome"] = "await_outcome"
    attempt: int
    until: Instant


class ExpirePayment(SystemCommand):
    """The order was closed at the bank, unpaid, after its due instant."""

    kind: Literal["expire_payment"] = "expire_payment"


class CancelPayment(SystemCommand):
    """The filing no longer owes the fee, or the obligation."""

    kind: Literal["cancel_payment"] = "cancel_payment"
    reason: str


class RecordRefund(SystemCommand):
    """Money went back."""

    kind: Literal["record_refund"] = "record_refund"
    given: GivenBack


class RecordAcceptance(SystemCommand):
    """A capture of less than was asked is taken for the whole fee."""

    kind: Literal["record_acceptance"] = "record_acceptance"
    accepted: CaptureAccepted


class RecordChargeBack(SystemCommand):
    """The payer's bank took money back."""

    kind: Literal["record_charge_back"] = "record_charge_back"
    back: ChargeBack


class RenewPayment(Command):
    """Have the fee asked for anew (thanh toán lại), by the agency's first `provider` or another one of its own."""

    kind: Literal["renew_payment"] = "renew_payment"
    provider: Code | None = None
    """who is to take the money; without it, the agency's first"""


PAYMENT_COMMANDS: Final[tuple[type[Command], ...]] = (RenewPayment,)
"""What may be asked of a payment; each is an Update of `Payment` under its kind."""


class RenewThrough(RenewPayment):
    """The same once it is known through whom."""

    through: Through


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
