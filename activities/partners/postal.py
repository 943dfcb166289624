"""The post's seam: what the house asks of any carrier, and the adapter that speaks the sandbox's wire.

Every call carries a business key the post dedupes on, so a call whose answer was lost is simply made again. Every
method raises `UnreachableError` (outcome unknown) or `RejectedError` (refused, with the post's code).
"""

from typing import Literal, Protocol

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from activities.partners.http import Partner, PartnerResponse, RejectedError, UnreachableError, partner_client, segment

__all__ = [
    "Consignment",
    "HttpPost",
    "Post",
    "Recipient",
    "RejectedError",
    "Step",
    "UnreachableError",
    "partner_client",
]

Status = Literal["accepted", "in_transit", "delivered", "returned", "lost", "cancelled"]


class Recipient(BaseModel):
    """Whom a consignment goes to; `postcode` is five digits. Personal data: its repr shows nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(repr=False)
    phone: str = Field(repr=False)
    address: str = Field(repr=False)
    postcode: str = Field(repr=False)


class Step(PartnerResponse):
    """One line of a consignment's history."""

    status: Status
    at: AwareDatetime


class Consignment(PartnerResponse):
    """A thing on its way, as the post knows it; `history` is oldest first."""

    key: str
    waybill: str
    status: Status
    history: tuple[Step, ...]


class Post(Protocol):
    """A postal carrier."""

    async def send(self, key: str, recipient: Recipient, contents: str) -> Consignment:
        """Hand it over, or return what this key stands for already. `RejectedError` `key_reused`: for other content."""

    async def get(self, key: str) -> Consignment:
        """The consignment as it stands now. `RejectedError` `not_found`: never handed over."""


class _NewConsignment(PartnerResponse):
    recipient: Recipient
    contents: str


class HttpPost:
    """`Post` over the sandbox's JSON wire."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._partner = Partner("post", client)

    async def send(self, key: str, recipient: Recipient, contents: str) -> Consignment:
        new = _NewConsignment(recipient=recipient, contents=contents)
        return await self._partner.call("PUT", f"/consignments/{segment(key)}", Consignment, new)

    async def get(self, key: str) -> Consignment:
        return await self._partner.call("GET", f"/consignments/{segment(key)}", Consignment)
