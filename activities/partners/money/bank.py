"""A bank with the sandbox's API, and a payment provider that uses such a bank.

Every call carries a business key by which the bank recognises a repeat, so a call whose answer was lost is repeated.
Amounts are whole đồng. Every method raises `UnreachableError` (outcome unknown) or `RejectedError` (the bank's code).
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal, Protocol

import httpx
from pydantic import AwareDatetime, Field

from activities.partners.http import Partner, PartnerResponse, segment
from activities.partners.money import provider as pv


class Capture(PartnerResponse):
    """Money that arrived on an order."""

    capture_id: str
    amount: int
    at: AwareDatetime


class Refund(PartnerResponse):
    """Money returned from one capture. The refund has a business key of its own."""

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
        """Places the order, or returns the order of this key. Raises `RejectedError` (`key_reused`) if it differs."""

    async def get(self, key: str) -> Order:
        """Returns the order's current state. Raises `RejectedError` (`not_found`) if the order was never placed."""

    async def cancel(self, key: str) -> Order:
        """Closes the order to further money, and returns it; its state is `paid` if money arrived before."""

    async def refund(self, key: str, order_key: str, capture_id: str, amount: int) -> Refund:
        """Refunds, or returns the refund of this key. Raises `RejectedError` (`exceeds_capture`) if it is too much."""


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
    """A `Bank` that has the sandbox's JSON API."""

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


class OwnBank(pv.Provider):
    """A payment provider that uses a bank. The bank identifies a demand by the demand's key."""

    def __init__(self, name: str, bank: Bank) -> None:
        self.can = pv.CAPABILITIES["bank"]
        self.lasts: timedelta | None = None
        self.patience = pv.PATIENCE
        self._name = name
        self._bank = bank

    async def order(self, demand: pv.NewDemand) -> pv.Asked:
        made = await self._bank.order(demand.key, demand.amount, demand.description, demand.payer_account)
        return pv.Asked(pay_url=made.pay_url)

    async def query(self, demand: pv.Demand) -> tuple[pv.Notice, ...]:
        return tuple(self._notices(demand, await self._bank.get(demand.key)))

    async def cancel(self, demand: pv.Demand) -> tuple[pv.Notice, ...]:
        return tuple(self._notices(demand, await self._bank.cancel(demand.key)))

    async def refund(self, demand: pv.Demand, giving: pv.Giving) -> pv.Given:
        given = await self._bank.refund(giving.key, demand.key, giving.transaction, giving.amount)
        return pv.Given(refunding=pv.Refunding.GIVEN, transaction=given.key)

    async def refunded(self, demand: pv.Demand, giving: pv.Giving) -> pv.Given:
        order = await self._bank.get(demand.key)
        if any(refund.key == giving.key for refund in order.refunds):
            return pv.Given(refunding=pv.Refunding.GIVEN, transaction=giving.key)
        taken = any(capture.capture_id == giving.transaction for capture in order.captures)
        return pv.Given(refunding=pv.Refunding.NOT_ASKED if taken else pv.Refunding.UNTOLD)

    def _notices(self, demand: pv.Demand, order: Order) -> Iterator[pv.Notice]:
        for capture in order.captures:
            yield pv.Notice(
                provider=self._name,
                reference=demand.reference,
                transaction=capture.capture_id,
                amount=capture.amount,
                outcome=pv.Outcome.PAID,
                said=("captured",),
                at=capture.at,
            )
