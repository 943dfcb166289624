"""The interface to any bank, and the adapter for the sandbox's API.

Every call carries a business key by which the bank recognises a repeat, so a call whose answer was lost is simply
repeated. Amounts are whole đồng. Every method raises `UnreachableError` (outcome unknown) or `RejectedError` (refused,
with the bank's code).
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
    """Money returned from one capture, under its own business key."""

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
        """Places the order, or returns the earlier order of this key.

        `RejectedError` `key_reused`: the earlier order has other content.
        """

    async def get(self, key: str) -> Order:
        """Returns the order's current state. `RejectedError` `not_found`: the order was never placed."""

    async def cancel(self, key: str) -> Order:
        """Closes the order to further money. The answer is `paid` if money arrived first."""

    async def refund(self, key: str, order_key: str, capture_id: str, amount: int) -> Refund:
        """Refunds; returns the earlier refund of this key if there is one.

        `RejectedError` `exceeds_capture`: more than was captured.
        """


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
    """`Bank` over the sandbox's JSON API."""

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
