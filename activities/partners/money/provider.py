"""What the house asks of whoever takes money, and what they tell it, whatever their wire.

A callback and the answer to a query become the same `Notice`. Amounts are whole đồng.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Annotated, Final, Literal, Protocol, TypeAlias

from pydantic import Field

from schemas.base import Dong, Instant, Model, StrictModel
from schemas.ids import reference_of

Kind: TypeAlias = Literal["bank", "vnpay", "platform", "vietqr"]
"""A wire. There may be several merchants on one."""

REFERENCE: Final = re.compile(r"[A-Za-z0-9]{1,100}")
TRANSACTION: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")
LARGEST: Final = 2**53 - 1
CALLBACK_BYTES: Final = 8192
"""No callback is longer."""

AHEAD: Final = timedelta(minutes=15)
"""A statement may be dated so much later than our clock."""


class Capabilities(Model):
    """What a wire can do. Where it can't, people do it by hand, or statements say it.

    `itemised`: its orders say what the money is for, line by line. `own_numbers`: what the payer's bank takes back has
    a number of its own, not that of the money. `lasting_keys`: a refund is known by its key for ever, and a repeat is
    never another.
    """

    push: bool
    query: bool
    cancel: bool
    refund: bool
    itemised: bool = False
    own_numbers: bool = False
    lasting_keys: bool = False


CAPABILITIES: Final[Mapping[Kind, Capabilities]] = {
    "bank": Capabilities(push=False, query=True, cancel=True, refund=True, lasting_keys=True),
    "vnpay": Capabilities(push=True, query=True, cancel=False, refund=True),
    "platform": Capabilities(push=True, query=True, cancel=False, refund=False, itemised=True),
    "vietqr": Capabilities(push=True, query=False, cancel=False, refund=False, own_numbers=True),
}


PATIENCE: Final = timedelta(days=3)
"""So long is asked whether a fee was paid whose time to pay is over, where nothing else is said."""


class MerchantSettings(StrictModel):
    """What is set of every merchant.

    Attributes:
        minutes: How long a request for money can be paid, parts of a minute too; unset, until the fee is due.
        pending_minutes: How long after the time to pay it may still be said that a fee was paid. Who then has not said
            so has not been paid.
    """

    pending_minutes: Annotated[float, Field(ge=0, le=44_640)] = PATIENCE / timedelta(minutes=1)
    minutes: Annotated[float, Field(gt=0, le=525_600)] | None = None

    @property
    def lasts(self) -> timedelta | None:
        """How long a request can be paid."""
        return None if self.minutes is None else timedelta(minutes=self.minutes)

    @property
    def patience(self) -> timedelta:
        """How long an outcome is awaited once the time to pay is over."""
        return timedelta(minutes=self.pending_minutes)


class Outcome(StrEnum):
    """What became of money. `PENDING` is also whatever nobody can tell."""

    PAID = auto()
    PENDING = auto()
    FAILED = auto()
    REVERSED = auto()


UNPAID: Final = frozenset({Outcome.PENDING, Outcome.FAILED})
"""No money has come, as far as is known: it may have no number yet."""

UNNUMBERED: Final = "0"
"""The number of what has none."""


class Line(Model):
    """A fee inside of a demand."""

    code: str
    name: str
    amount: Dong


class About(Model):
    """What the money is for, as the national platform wants to know it."""

    procedure: str
    procedure_name: str
    agency: str
    agency_name: str
    filing: str
    lines: tuple[Line, ...]


class Demand(Model):
    """A request for money, with which each call about it is made.

    Attributes:
        key: Its business key, by which our own wire knows it.
        description: Goes to the payer without diacritics; nothing personal.
        made: When it was first asked; every repeat says the same.
    """

    key: str
    amount: Dong
    description: str
    made: Instant
    expires: Instant

    @property
    def reference(self) -> str:
        """What the others know it by."""
        return reference_of(self.key)


class NewDemand(Demand):
    """A demand as it is ordered.

    Attributes:
        about: What it is for, where the wire says that.
        payer_address: The payer's IP address.
        payer_account: The account that pays by itself, where a wire has that.
    """

    about: About | None = None
    language: Literal["vi", "en"] = "vi"
    payer_address: str = "127.0.0.1"
    payer_account: str | None = Field(default=None, repr=False)


class Asked(Model):
    """Where the payer goes: a page, or a code to scan."""

    pay_url: str | None = None
    code: str | None = None


class Giving(Model):
    """Give back, under a business key of its own, from one transaction that took `of` đồng.

    Attributes:
        before: What was asked for of the same transaction before, whatever came of it: by key how many đồng.
    """

    key: str
    transaction: str
    of: Dong
    amount: Dong
    by: str
    before: Mapping[str, Dong] = {}


class Refunding(StrEnum):
    """What becomes of a refund.

    `UNDER_WAY`: the provider has been asked for it, and says no more yet. `NOT_ASKED`: it knows the money, and was
    never asked to give this back, or has not done it. `UNTOLD`: nobody can tell.
    """

    GIVEN = auto()
    UNDER_WAY = auto()
    NOT_ASKED = auto()
    UNTOLD = auto()


class Given(Model):
    """What becomes of a refund; the provider's number of it once it is given."""

    refunding: Refunding
    transaction: str | None = None


class Notice(Model):
    """Something that a provider says about money, and that is signed.

    Attributes:
        provider: The merchant, by its name in the settings.
        reference: The demand's; none where only a memo tells.
        transaction: The provider's own number for it.
        said: The codes of its status, as they were said.
        at: When it happened, if it was said.
        memo: What stands on a transfer. It may name people.
    """

    provider: str
    reference: str | None
    transaction: str
    amount: Dong
    outcome: Outcome
    said: tuple[str, ...]
    at: Instant | None = None
    memo: str | None = Field(default=None, repr=False)

    @property
    def key(self) -> tuple[str, ...]:
        """By which the inbox knows a repeat."""
        return (self.provider, self.reference or "", self.transaction, *self.said)


class Verdict(StrEnum):
    """What a callback is answered. `NOT_KEPT`: the fault is ours, and it has to come again."""

    CONFIRMED = auto()
    UNKNOWN_ORDER = auto()
    WRONG_AMOUNT = auto()
    ALREADY = auto()
    BAD_SIGNATURE = auto()
    UNREADABLE = auto()
    NOT_KEPT = auto()


class Refused(Model):
    """A callback that says nothing. One that is signed names the `reference` if that can be read."""

    verdict: Verdict
    reference: str | None = None


class Expected(Model):
    """The demand under a reference, as the house knows it."""

    amount: Dong
    settled: bool


def judge(found: Notice | Refused, expected: Expected | None) -> Verdict:
    """The verdict, in VNPay's order: signature, order, amount, not yet confirmed."""
    if isinstance(found, Refused):
        unknown = found.reference is not None and expected is None
        return Verdict.UNKNOWN_ORDER if unknown else found.verdict
    if expected is None:
        return Verdict.UNKNOWN_ORDER
    if found.amount != expected.amount:
        return Verdict.WRONG_AMOUNT
    return Verdict.ALREADY if expected.settled else Verdict.CONFIRMED


@dataclass(frozen=True)
class Received:
    """A callback as it came, not a byte of it read. Names of headers are lower case."""

    query: bytes = b""
    body: bytes = b""
    headers: Mapping[str, str] | None = None


class Reply(Model):
    """What is answered: a status of HTTP, and JSON."""

    status: int
    body: Mapping[str, str]


class Door(Protocol):
    """The half of a provider that hears callbacks: pure."""

    def verified(self, received: Received, now: datetime) -> Notice | Refused:
        """What it says, if it is signed."""

    def reply(self, verdict: Verdict) -> Reply:
        """The answer in the provider's own words."""


class Provider(Protocol):
    """The half that is asked. Each raises `UnreachableError` (outcome unknown) or `RejectedError` (refused).

    What its wire `can` not do raises `NotOfferedError`.
    """

    @property
    def can(self) -> Capabilities:
        """What there is to be asked."""

    @property
    def lasts(self) -> timedelta | None:
        """How long a request can be paid; None: until the fee is due."""

    @property
    def patience(self) -> timedelta:
        """How long an outcome is awaited once the time to pay is over."""

    async def order(self, demand: NewDemand) -> Asked:
        """Where to pay. A repeat answers the same."""

    async def query(self, demand: Demand) -> tuple[Notice, ...]:
        """How it stands, a notice for each transaction. `RejectedError` `not_found`: never heard of."""

    async def cancel(self, demand: Demand) -> tuple[Notice, ...]:
        """Take no more money for it; what came first. `RejectedError` `not_found`: never heard of."""

    async def refund(self, demand: Demand, giving: Giving) -> Given:
        """Give back: `GIVEN`, or `UNDER_WAY`. `RejectedError` of a status below 400: it never does by this call."""

    async def refunded(self, demand: Demand, giving: Giving) -> Given:
        """What became of a refund that it may have been asked for before.

        `RejectedError` of a status below 400: it was asked for, and will never be given.
        """


class NotOfferedError(Exception):
    """The provider's wire has no such call; `CAPABILITIES` says so before."""
