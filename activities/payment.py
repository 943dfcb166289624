"""The provider's part in a payment. Every call carries the key by which the bank knows it; a repeat changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.workflow import ActivityConfig

from activities.failpoint import failpoint
from activities.partners import bank as wire
from activities.partners.polling import EXPECTED, UNEXPECTED, nothing_new
from schemas.base import Dong, Model
from schemas.payment import Capture, Order

BANK: Final = ActivityConfig(start_to_close_timeout=timedelta(seconds=6))
"""Calls to a provider, of at most 5 s each, are repeated until it answers."""


NEVER_MADE: Final = "not_found"
"""The provider knows no such order."""


class OrderKey(Model):
    """An order: who takes the money, and the key by which they know it."""

    provider: str
    key: str


class OrderRequest(Model):
    """Ask for `amount` đồng."""

    order: OrderKey
    amount: Dong
    description: str
    payer_account: str | None = None


class MoneyRequest(Model):
    """Wait until the order has a capture beside the known ones. `expected` says how eagerly to look."""

    order: OrderKey
    known: tuple[str, ...] = ()
    expected: bool


class RefundRequest(Model):
    """Give back a capture that is not owed."""

    order: OrderKey
    capture_id: str
    amount: Dong


class Payments:
    """Those who take money, by the name that a payment gives its provider."""

    def __init__(self, providers: Mapping[str, wire.Bank]) -> None:
        self._providers = providers

    def _provider(self, order: OrderKey) -> wire.Bank:
        """Raises `unknown_provider`, to be tried again: a worker that knows it may come."""
        if order.provider not in self._providers:
            raise ApplicationError(f"no provider {order.provider} is set up here", type="unknown_provider")
        return self._providers[order.provider]

    @activity.defn(name="payment.order")
    async def order(self, request: OrderRequest) -> Order:
        """Make the order, or find it made."""
        provider = self._provider(request.order)
        made = await provider.order(request.order.key, request.amount, request.description, request.payer_account)
        failpoint("payment.ordered")
        return _order(made)

    @activity.defn(name="payment.money")
    async def money(self, request: MoneyRequest) -> Order:
        """The order, once it has a capture that was not known."""
        pace = EXPECTED if request.expected else UNEXPECTED
        try:
            order = _order(await self._provider(request.order).get(request.order.key))
        except wire.RejectedError as error:
            raise (nothing_new(pace) if error.code == NEVER_MADE else error) from None
        if all(capture.capture_id in request.known for capture in order.captures):
            raise nothing_new(pace)
        return order

    @activity.defn(name="payment.close")
    async def close(self, order: OrderKey) -> Order:
        """Close the order; what the bank has taken until then shows in the answer."""
        try:
            return _order(await self._provider(order).cancel(order.key))
        except wire.RejectedError as error:
            if error.code != NEVER_MADE:
                raise
            return Order(order_id="", pay_url="", cancelled=True)

    @activity.defn(name="payment.refund")
    async def refund(self, request: RefundRequest) -> None:
        """Give the money of one capture back, once."""
        order = request.order
        key = f"refund:{order.key}:{request.capture_id}"
        await self._provider(order).refund(key, order.key, request.capture_id, request.amount)
        failpoint("payment.refunded")


def _order(order: wire.Order) -> Order:
    return Order(
        order_id=order.order_id,
        pay_url=order.pay_url,
        cancelled=order.status == "cancelled",
        captures=tuple(Capture(capture_id=c.capture_id, amount=c.amount, at=c.at) for c in order.captures),
    )
