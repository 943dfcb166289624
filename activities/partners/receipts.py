"""The service that may assign numbers to the receipts of agencies, over JSON."""

from typing import Annotated, Final

import httpx
from pydantic import Field

from activities.partners.http import Partner, PartnerResponse, segment
from schemas.papers.state import GivenNumber, GivenSeries, ReceiptLine
from schemas.publishing.fee import FeeKind


class NoReceiptServiceError(Exception):
    """An agency's receipts come from a service, but `MOTCUA_RECEIPTS_URL` is not set. The receipts wait."""


class Order(PartnerResponse):
    """A receipt to be issued. `code` is the dossier code; `replaces` the number of the replaced receipt, if any."""

    agency: str
    kind: FeeKind
    amount: int
    lines: tuple[ReceiptLine, ...]
    payer: str
    code: str
    replaces: str | None


class Given(PartnerResponse):
    """The series and the number that the service has assigned to a receipt."""

    series: Annotated[GivenSeries, Field(strict=True)]
    number: Annotated[GivenNumber, Field(strict=True)]


class ReceiptService:
    """A service that assigns numbers to receipts, over JSON. No two receipts ever have the same key."""

    def __init__(self, client: httpx.AsyncClient, secret: str) -> None:
        self._partner = Partner("receipts", client)
        self._authorization: Final = f"Bearer {secret}"

    async def issue(self, key: str, order: Order) -> Given:
        """Returns the receipt of this key: the same one for every repeated call, even if it is void."""
        path = f"/receipts/{segment(key)}"
        return await self._partner.call("PUT", path, Given, order, authorization=self._authorization)

    async def void(self, key: str) -> None:
        """Voids the receipt of this key, if not void yet. Raises `RejectedError` 404 if it was never issued."""
        path = f"/receipts/{segment(key)}/void"
        await self._partner.call("PUT", path, PartnerResponse, authorization=self._authorization)
