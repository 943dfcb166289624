"""The provider's part in a payment. Every call carries the key by which the bank knows it; a repeat changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.workflow import ActivityConfig

from activities.failpoint import failpoint
from activities.ledger.database import ACQUIRE_SECONDS, Pool, mask_database_errors
from activities.ledger.standing import calendar_of
from activities.partners import bank as wire
from activities.partners.polling import no_answer, nothing_new, soon
from rules.looks import next_early_look, next_look
from schemas.base import Dong, Instant, Model
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
    """Wait until the order has a capture beside the known ones."""

    order: OrderKey
    known: tuple[str, ...] = ()


class LateMoneyRequest(MoneyRequest):
    """The same, for the payment of this stream, watched `since` it was settled and `until` its watch ends."""

    stream: str
    since: Instant
    until: Instant


class RefundRequest(Model):
    """Give back a capture that is not owed."""

    order: OrderKey
    capture_id: str
    amount: Dong


class Payments:
    """Those who take money, by the name that a payment gives its provider."""

    def __init__(self, providers: Mapping[str, wire.Bank], pool: Pool) -> None:
        self._providers = providers
        self._pool = pool

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
        order = await self._look(request.order)
        if not _has_news(order, request):
            raise nothing_new(soon())
        return order

    @activity.defn(name="payment.late_money")
    async def late_money(self, request: LateMoneyRequest) -> Order:
        """The order, once it has a capture that was not known, or as it stands when the watch is over.

        It is looked at when `rules.looks` says, counted from when the server says that this attempt began: a worker
        whose clock is fast does not end a watch too early. At its end the provider is asked until it answers.
        """
        began = activity.info().started_time
        over = began >= request.until
        try:
            order = await self._look(request.order)
        except (wire.UnreachableError, wire.RejectedError) as error:
            raise (error if over else no_answer(error, await self._wait(request, began))) from None
        if not over and not _has_news(order, request):
            raise nothing_new(await self._wait(request, began))
        return order

    async def _look(self, order: OrderKey) -> Order:
        """The order as it stands; without a capture if it was never made."""
        try:
            return _order(await self._provider(order).get(order.key))
        except wire.RejectedError as error:
            if error.code != NEVER_MADE:
                raise
            return _NO_ORDER

    async def _wait(self, request: LateMoneyRequest, now: datetime) -> timedelta:
        """How long until the next look, on the calendar by which the payment goes now.

        Raises `no_calendar`, to be tried again, while the read models do not know the payment.
        """
        early = next_early_look(request.since, request.until, now)
        if early is not None:
            return early - now
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                calendar = await calendar_of(connection, request.stream)
        if calendar is None:
            raise ApplicationError("rebuild the read models: motcua ledger rebuild", type="no_calendar")
        return next_look(request.since, request.until, calendar, now) - now

    @activity.defn(name="payment.close")
    async def close(self, order: OrderKey) -> Order:
        """Close the order; what the bank has taken until then shows in the answer."""
        try:
            return _order(await self._provider(order).cancel(order.key))
        except wire.RejectedError as error:
            if error.code != NEVER_MADE:
                raise
            return _NO_ORDER

    @activity.defn(name="payment.refund")
    async def refund(self, request: RefundRequest) -> None:
        """Give the money of one capture back, once."""
        order = request.order
        key = f"refund:{order.key}:{request.capture_id}"
        await self._provider(order).refund(key, order.key, request.capture_id, request.amount)
        failpoint("payment.refunded")


_NO_ORDER: Final = Order(order_id="", pay_url="", cancelled=True)


def _has_news(order: Order, request: MoneyRequest) -> bool:
    return any(capture.capture_id not in request.known for capture in order.captures)


def _order(order: wire.Order) -> Order:
    return Order(
        order_id=order.order_id,
        pay_url=order.pay_url,
        cancelled=order.status == "cancelled",
        captures=tuple(Capture(capture_id=c.capture_id, amount=c.amount, at=c.at) for c in order.captures),
    )
