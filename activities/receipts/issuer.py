"""Who issues receipts: the seam, and the two that there are: an agency's own series, or a service outside."""

from __future__ import annotations

from typing import Annotated, Final, Protocol

import httpx
from pydantic import Field

from activities.partners.http import A, Partner, PartnerResponse, segment
from schemas.base import AgencyCode, Dong, Model
from schemas.papers.state import GivenNumber, GivenSeries, ReceiptLine
from schemas.publishing.fee import FeeKind


class Wanted(Model):
    """A receipt that is wanted. `key` is its own for ever: asked for again, it is the same receipt.

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
    """In which series; without a `number` the log takes the next one as it records the receipt."""

    series: str
    number: str | None = None


class Issuer(Protocol):
    """Who gives numbers. Raises `UnreachableError`, `RejectedError` as every partner."""

    async def issue(self, wanted: Wanted) -> Issued:
        """The receipt under this key, the same however often it is asked for, void or not."""

    async def void(self, key: str) -> None:
        """Make the receipt under this key void; one that is void stays it. `RejectedError` 404: it was never issued."""


class OwnSeries:
    """The agency's own: the log counts, and knows what is void."""

    async def issue(self, wanted: Wanted) -> Issued:
        return Issued(series=wanted.symbol)

    async def void(self, key: str) -> None:
        """Nobody else has to hear of it."""


class NoReceiptServiceError(Exception):
    """An agency has its receipts from a service, and none is set up (`MOTCUA_RECEIPTS_URL`)."""


class NoService:
    """No service is set up: what is owed waits until there is one."""

    async def issue(self, wanted: Wanted) -> Issued:  # noqa: ARG002 -- nobody issues
        raise NoReceiptServiceError

    async def void(self, key: str) -> None:  # noqa: ARG002 -- nobody is told
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


class _Void(PartnerResponse):
    pass


class ReceiptService:
    """`Issuer` over JSON: `PUT /receipts/{key}`, `PUT /receipts/{key}/void`, each the same however often it comes."""

    def __init__(self, client: httpx.AsyncClient, secret: str) -> None:
        self._partner = Partner("receipts", client)
        self._authorization: Final = f"Bearer {secret}"

    async def issue(self, wanted: Wanted) -> Issued:
        order = _Order(kind=wanted.of, **wanted.model_dump(include=set(_Order.model_fields)))
        given = await self._call(f"/receipts/{segment(wanted.key)}", _Given, order)
        return Issued(series=given.series, number=given.number)

    async def void(self, key: str) -> None:
        await self._call(f"/receipts/{segment(key)}/void", _Void)

    async def _call(self, path: str, answer: type[A], body: PartnerResponse | None = None) -> A:
        return await self._partner.call("PUT", path, answer, body, authorization=self._authorization)
