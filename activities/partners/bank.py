"""The bank's seam: what the house asks of any bank, and the adapter that speaks the sandbox's wire.

Every call carries a business key the bank dedupes on, so a call whose answer was lost is simply made again. Amounts are
whole đồng. Every method raises `UnreachableError` (outcome unknown) or `RejectedError` (refused, with the bank's code).
"""

from typing import Literal, Protocol

import httpx
from pydantic import AwareDatetime, Field

from activities.partners.http import Partner, PartnerResponse, RejectedError, UnreachableError, partner_client, segment

__all__ = ["Bank", "Capture", "HttpBank", "Order", "Refund", "RejectedError", "UnreachableError", "partner_client"]


class Capture(PartnerResponse):
    """Money that arrived on an order."""

    capture_id: str
    amount: int
    at: AwareDatetime


class Refund(PartnerResponse):
    """Money given back from one capture, under its own business key."""

    key: str
    capture_id: str
    amount: int
    at: AwareDatetime


class Order(PartnerResponse):
    """A request for money. A capture on a `cancelled` order is late money; a second capture is a double payment."""

    key: str
    order_id: str
    amount: int
    currency: str
    status: Literal["pending", "paid", "cancelled"]
    pay_url: str
    captures: tuple[Capture, ...] = ()
    refunds: tuple[Refund, ...] = ()


class Bank(Protocol):
    """A bank or payment gateway."""

    async def order(self, key: str, amount: int, description: str, payer_account: str | None = None) -> Order:
        """Make the order, or return the one this key stands for. `RejectedError` `key_reused`: other content before."""

    async def get(self, key: str) -> Order:
        """The order as it stands now. `RejectedError` `not_found`: never made."""

    async def cancel(self, key: str) -> Order:
        """Take no more money for it. The answer says `paid` when money came first."""

    async def refund(self, key: str, order_key: str, capture_id: str, amount: int) -> Refund:
        """Give back, or return the refund this key stands for. `RejectedError` `exceeds_capture`: more than came in."""


class _NewOrder(PartnerResponse):
    amount: int
    currency: Literal["VND"] = "VND"
    description: str
    payer_account: str | None = Field(repr=False)


class _NewRefund(PartnerResponse):
    order_key: str
    capture_id: str
    amount: int


class HttpBank:
    """`Bank` over the sandbox's JSON wire."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._partner = Partner("bank", client)

    async def order(self, key: str, amount: int, description: str, payer_account: str | None = None) -> Order:
        new = _NewOrder(amount=amount, description=description, payer_account=payer_account)
        return await self._partner.call("PUT", f"/orders/{segment(key)}", Order, new)

    async def get(self, key: str) -> Order:
        return await self._partner.call("GET", f"/orders/{segment(key)}", Order)

    async def cancel(self, key: str) -> Order:
        return await self._partner.call("POST", f"/orders/{segment(key)}/cancel", Order)

    async def refund(self, key: str, order_key: str, capture_id: str, amount: int) -> Refund:
        new = _NewRefund(order_key=order_key, capture_id=capture_id, amount=amount)
        return await self._partner.call("PUT", f"/refunds/{segment(key)}", Refund, new)
