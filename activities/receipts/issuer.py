"""Issuers of receipts: the interface and its two implementations, an agency's own series and an external service."""

from typing import Annotated, Final, Protocol

import httpx
from pydantic import Field

from activities.partners.http import Partner, PartnerResponse, segment
from schemas.base import AgencyCode, Dong, Model
from schemas.papers.state import GivenNumber, GivenSeries, ReceiptLine
from schemas.publishing.fee import FeeKind


class Wanted(Model):
    """A receipt to be issued. Its `key` is unique for ever: a repeated request returns the same receipt.

    `symbol` is that of the agency's own series, `code` the dossier code, `replaces` the number of a void receipt.
    """

    key: str
    agency: AgencyCode
    of: FeeKind
    symbol: str
    amount: Dong
    lines: tuple[ReceiptLine, ...]
    payer: str
    code: str
    replaces: str | None = None


class Issued(Model):
    """The receipt's series and number. Without a `number` the log takes the next one when it records the receipt."""

    series: str
    number: str | None = None


class Issuer(Protocol):
    """Assigns numbers to receipts. Raises `UnreachableError` and `RejectedError`, like every partner."""

    async def issue(self, wanted: Wanted) -> Issued:
        """Returns the receipt of this key, the same for every repeat, void or not."""

    async def void(self, key: str) -> None:
        """Voids the receipt of this key; idempotent. `RejectedError` 404: no such receipt was issued."""


class OwnSeries:
    """The agency's own series: the log counts the numbers, and records void receipts."""

    async def issue(self, wanted: Wanted) -> Issued:
        return Issued(series=wanted.symbol)

    async def void(self, key: str) -> None:
        """Does nothing: no other system is involved."""


class NoReceiptServiceError(Exception):
    """An agency's receipts come from a service, but none is set up (`MOTCUA_RECEIPTS_URL`)."""


class NoService:
    """The replacement while no service is set up: receipts that are due wait until there is one."""

    async def issue(self, wanted: Wanted) -> Issued:  # noqa: ARG002 -- nothing is issued
        raise NoReceiptServiceError

    async def void(self, key: str) -> None:  # noqa: ARG002 -- nothing is voided
        raise NoReceiptServiceError


class _Order(PartnerResponse):
    agency: str
    kind: FeeKind
    amount: int
    lines: tuple[ReceiptLine, ...]
    payer: str
    code: str
    replaces: str | None


class _Given(PartnerResponse):
    series: Annotated[GivenSeries, Field(strict=True)]
    number: Annotated[GivenNumber, Field(strict=True)]


class ReceiptService:
    """`Issuer` over JSON: `PUT /receipts/{key}` and `PUT /receipts/{key}/void`, both idempotent."""

    def __init__(self, client: httpx.AsyncClient, secret: str) -> None:
        self._partner = Partner("receipts", client)
        self._authorization: Final = f"Bearer {secret}"

    async def issue(self, wanted: Wanted) -> Issued:
        order = _Order(kind=wanted.of, **wanted.model_dump(include=set(_Order.model_fields)))
        path = f"/receipts/{segment(wanted.key)}"
        given = await self._partner.call("PUT", path, _Given, order, authorization=self._authorization)
        return Issued(series=given.series, number=given.number)

    async def void(self, key: str) -> None:
        path = f"/receipts/{segment(key)}/void"
        await self._partner.call("PUT", path, PartnerResponse, authorization=self._authorization)
