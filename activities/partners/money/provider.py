"""The interface to all payment providers: our calls to a provider, and the provider's notices to us.

A callback and the answer to a query become the same `Notice`. Amounts are whole đồng.
"""

import hmac
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Annotated, Final, Generic, Literal, Protocol, TypeAlias, TypeVar

from pydantic import Field, SecretStr

from schemas.base import Dong, Instant, Model, StrictModel
from schemas.ids import reference_of

Kind: TypeAlias = Literal["bank", "vnpay", "platform", "vietqr"]
"""An API. Several merchants may use one."""

REFERENCE: Final = re.compile(r"[A-Za-z0-9]{1,100}")
TRANSACTION: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")
LARGEST: Final = 2**53 - 1
CALLBACK_BYTES: Final = 8192
"""The maximum length of a callback."""

AHEAD: Final = timedelta(minutes=15)
"""The maximum time by which a notice's date may be later than our clock."""


class Capabilities(Model):
    """The calls that an API offers. Officers' work or bank statements replace the calls that it lacks.

    `itemised`: whether an order lists its purpose in lines; `own_numbers`: whether a charge-back has a number of its
    own; `lasting_keys`: whether a refund's key is valid for ever; `confirms`: whether a request can be paid by one
    transaction only; a callback about a further transaction then counts only after a query has confirmed that
    transaction.
    """

    push: bool
    query: bool
    cancel: bool
    refund: bool
    itemised: bool = False
    own_numbers: bool = False
    lasting_keys: bool = False
    confirms: bool = False


CAPABILITIES: Final[Mapping[Kind, Capabilities]] = {
    "bank": Capabilities(push=False, query=True, cancel=True, refund=True, lasting_keys=True),
    "vnpay": Capabilities(push=True, query=True, cancel=False, refund=True, confirms=True),
    "platform": Capabilities(push=True, query=True, cancel=False, refund=False, itemised=True),
    "vietqr": Capabilities(push=True, query=False, cancel=False, refund=False, own_numbers=True),
}


PATIENCE: Final = timedelta(days=3)
"""The default time for which a payment's outcome is queried after the request can no longer be paid."""


class MerchantSettings(StrictModel):
    """The settings common to all merchants.

    `minutes` is the time for which a request can be paid; None if it can be paid until the fee is due. A payment that
    is not reported within `pending_minutes` after that time counts as not made.
    """

    pending_minutes: Annotated[float, Field(ge=0, le=44_640)] = PATIENCE / timedelta(minutes=1)
    minutes: Annotated[float, Field(gt=0, le=525_600)] | None = None


M = TypeVar("M", bound=MerchantSettings)


class Outcome(StrEnum):
    """The outcome of a payment. An unknown outcome is `PENDING`."""

    PAID = auto()
    PENDING = auto()
    FAILED = auto()
    REVERSED = auto()


UNPAID: Final = frozenset({Outcome.PENDING, Outcome.FAILED})
"""Outcomes without any money so far; a transaction with such an outcome may have no number yet."""

UNNUMBERED: Final = "0"
"""The number that stands for a missing transaction number."""


class Line(Model):
    """One fee within a demand."""

    code: str
    name: str
    amount: Dong


class About(Model):
    """The purpose of a payment, in the fields of the national platform."""

    procedure: str
    procedure_name: str
    agency: str
    agency_name: str
    filing: str
    lines: tuple[Line, ...]


class Demand(Model):
    """A request for money, to which each call refers. `made` is the time of the first call about it.

    Our own API identifies the demand by the business `key`. The payer gets the `description`, without diacritics and
    personal data.
    """

    key: str
    amount: Dong
    description: str
    made: Instant
    expires: Instant

    @property
    def reference(self) -> str:
        """The reference by which all providers except our own API identify the demand."""
        return reference_of(self.key)


class NewDemand(Demand):
    """A demand to be ordered. Only some APIs use `about`, `payer_account`, or the payer's IP address."""

    about: About | None = None
    language: Literal["vi", "en"] = "vi"
    payer_account: str | None = Field(default=None, repr=False)
    payer_address: str | None = Field(default=None, repr=False)


class PaymentMeans(Model):
    """The means to pay: the address of a page, or a code to scan."""

    pay_url: str | None = None
    code: str | None = None


class Giving(Model):
    """A refund of money from a `transaction`. `key`: the refund's key; `of`: the transaction's whole amount, in đồng.

    `before` are the amounts of all earlier refund requests for the same transaction, also failed ones, by key.
    """

    key: str
    transaction: str
    of: Dong
    amount: Dong
    by: str
    before: Mapping[str, Dong] = {}


class Refunding(StrEnum):
    """The state of a refund. `UNDER_WAY`: it has no result yet; `UNTOLD`: the state can't be determined.

    `NOT_ASKED`: the provider knows the payment, but does not know this refund or has not made it.
    """

    GIVEN = auto()
    UNDER_WAY = auto()
    NOT_ASKED = auto()
    UNTOLD = auto()


class Given(Model):
    """The state of a refund, and once the money is returned, the provider's number of the refund."""

    refunding: Refunding
    transaction: str | None = None


class Notice(Model):
    """A provider's signed notice about money. `provider` is the merchant's name in the settings.

    `reference` is None if only a memo, which may name people, names the demand. `transaction` is the provider's own
    number; `said` are the status codes as received.
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
        """The key by which the inbox recognises a repeated notice."""
        return (self.provider, self.reference or "", self.transaction, *self.said)


class Verdict(StrEnum):
    """The answer to a callback. `NOT_KEPT`: we failed to store the callback, and the provider has to send it again."""

    CONFIRMED = auto()
    UNKNOWN_ORDER = auto()
    WRONG_AMOUNT = auto()
    ALREADY = auto()
    BAD_SIGNATURE = auto()
    UNREADABLE = auto()
    NOT_KEPT = auto()


class Refused(Model):
    """A callback that is not accepted. `reference` is None unless the callback is signed and its reference readable."""

    verdict: Verdict
    reference: str | None = None


class Expected(Model):
    """The demand that a reference names, as recorded by us."""

    amount: Dong
    settled: bool


def judge(found: Notice | Refused, expected: Expected | None) -> Verdict:
    """Returns the verdict on a callback, checked in VNPay's order: signature, order, amount, not yet confirmed."""
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
    """A callback as received, before any parsing. The names of its headers are in lower case."""

    query: bytes = b""
    body: bytes = b""
    headers: Mapping[str, str] | None = None


def is_signed(received: Received, secret: SecretStr, header: str) -> bool:
    """Returns whether a header named `header` has the body's HMAC-SHA256, in hex; False if the body is too long."""
    signature = (received.headers or {}).get(header, "")
    expected = hmac.new(secret.get_secret_value().encode(), received.body, "sha256").hexdigest()
    genuine = hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode())
    return genuine and len(received.body) <= CALLBACK_BYTES


class Reply(Model):
    """The answer to a callback: an HTTP status, and a body in JSON."""

    status: int
    body: Mapping[str, str]


class Door(Protocol):
    """The part of a provider's adapter that receives callbacks. Its methods have no side effects."""

    def verified(self, received: Received, now: datetime) -> Notice | Refused:
        """Returns the callback's notice, or the refusal of a callback that is not validly signed."""

    def reply(self, verdict: Verdict) -> Reply:
        """Returns the answer in the provider's own format."""


class NotOfferedError(Exception):
    """The provider's API lacks this call, as `CAPABILITIES` states."""


class Provider(ABC):
    """The part of a provider's adapter that makes calls. A call that the API does not offer raises `NotOfferedError`.

    A failed call raises `UnreachableError` (outcome unknown) or `RejectedError`.
    """

    can: Capabilities
    """The calls that the provider's API offers."""
    lasts: timedelta | None
    """The time for which a request can be paid; None if it can be paid until the fee is due."""
    patience: timedelta
    """The time for which the provider is queried after a request can no longer be paid."""
    _name: str
    """The merchant's name, for the text of `NotOfferedError`."""

    @abstractmethod
    async def order(self, demand: NewDemand) -> PaymentMeans:
        """Orders the demand, and returns the means to pay: the same ones for a repeated call."""

    async def query(self, demand: Demand) -> tuple[Notice, ...]:  # noqa: ARG002 -- for those that offer it
        """Returns a notice for each transaction of the demand.

        Raises `RejectedError` (`not_found`) if the provider does not know the demand.
        """
        raise NotOfferedError(self._name)

    async def confirm(self, demand: Demand, transaction: str) -> tuple[Notice, ...]:  # noqa: ARG002 -- the same
        """Returns the notice of this transaction of the demand; none if the answer is about another transaction.

        Raises `RejectedError` (`not_found`) if the provider does not know the transaction.
        """
        raise NotOfferedError(self._name)

    async def cancel(self, demand: Demand) -> tuple[Notice, ...]:  # noqa: ARG002 -- for those that offer it
        """Closes the demand to further money; returns notices of earlier payments.

        Raises `RejectedError` (`not_found`) if the provider does not know the demand.
        """
        raise NotOfferedError(self._name)

    async def refund(self, demand: Demand, giving: Giving) -> Given:  # noqa: ARG002 -- for those that offer it
        """Requests a refund; returns `GIVEN` or `UNDER_WAY`.

        Raises `RejectedError` with a status below 400 if the provider will never make the refund.
        """
        raise NotOfferedError(self._name)

    async def refunded(self, demand: Demand, giving: Giving) -> Given:  # noqa: ARG002 -- for those that offer it
        """Returns the state of a requested refund.

        Raises `RejectedError` with a status below 400 if the provider will never make the refund.
        """
        raise NotOfferedError(self._name)


class AtMerchant(Provider, Generic[M]):
    """The base class of the providers that have a merchant's settings."""

    def __init__(self, name: str, merchant: M, kind: Kind) -> None:
        self.can = CAPABILITIES[kind]
        self.lasts = None if merchant.minutes is None else timedelta(minutes=merchant.minutes)
        self.patience = timedelta(minutes=merchant.pending_minutes)
        self._name, self._merchant = name, merchant
