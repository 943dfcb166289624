"""The interface to any carrier.

Every call carries a business key by which the post recognises a repeat, so a call whose answer was lost is simply
repeated. Every method raises `UnreachableError` (outcome unknown) or `RejectedError` (refused, with the post's code).
"""

from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from schemas.parcel.state import Step


class Recipient(BaseModel):
    """The recipient of a consignment; `postcode` is five digits. Personal data: its repr shows nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(repr=False)
    phone: str = Field(repr=False)
    address: str = Field(repr=False)
    postcode: str = Field(repr=False)


class Order(BaseModel):
    """A consignment to hand over for an agency: `cod` is the amount that the postman collects, in đồng."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    agency: str
    recipient: Recipient
    contents: str
    cod: int = 0


class Consignment(BaseModel):
    """A consignment as the post knows it; `steps` are oldest first."""

    model_config = ConfigDict(frozen=True)

    key: str
    waybill: str
    steps: tuple[Step, ...] = ()


class Post(Protocol):
    """A postal carrier."""

    async def send(self, order: Order) -> str:
        """Hands the consignment over, at most once; returns its waybill. `RejectedError`: the post refuses it."""

    async def get(self, key: str) -> Consignment:
        """Returns the consignment's current state. `RejectedError`: the consignment was never handed over."""

    async def cancel(self, key: str) -> bool:
        """Cancels the shipment; False if the shipment is already in transit, or was never handed over."""
