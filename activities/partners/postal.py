"""The post's seam: what the house asks of any carrier.

Every call carries a business key the post dedupes on, so a call whose answer was lost is simply made again. Every
method raises `UnreachableError` (outcome unknown) or `RejectedError` (refused, with the post's code).
"""

from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from activities.partners.http import RejectedError, UnreachableError, partner_client
from schemas.parcel.state import Step

__all__ = [
    "Consignment",
    "Order",
    "Post",
    "Recipient",
    "RejectedError",
    "UnreachableError",
    "partner_client",
]


class Recipient(BaseModel):
    """Whom a consignment goes to; `postcode` is five digits. Personal data: its repr shows nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(repr=False)
    phone: str = Field(repr=False)
    address: str = Field(repr=False)
    postcode: str = Field(repr=False)


class Order(BaseModel):
    """What is handed over by an agency: `cod` is what the postman collects, in đồng."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    agency: str
    recipient: Recipient
    contents: str
    cod: int = 0


class Consignment(BaseModel):
    """A thing on its way, as the post knows it; `steps` are oldest first."""

    model_config = ConfigDict(frozen=True)

    key: str
    waybill: str
    steps: tuple[Step, ...] = ()


class Post(Protocol):
    """A postal carrier."""

    async def send(self, order: Order) -> str:
        """Hand it over, or find it handed over: its waybill. `RejectedError`: the post will not take it."""

    async def get(self, key: str) -> Consignment:
        """The consignment as it stands now. `RejectedError`: never handed over."""

    async def cancel(self, key: str) -> bool:
        """Have it not go; False if it is on its way already, or was never handed over."""
