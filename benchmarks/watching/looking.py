"""A workflow that only watches a payment for late money, from a given moment on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from activities.money.payment import BANK, MoneyWanted
    from activities.partners.instructions import Instructions
    from activities.partners.money.provider_queries import Asker
    from rules.payment.fold import captured_ids
    from rules.streams import PAYMENT
    from schemas.base import Instant
    from schemas.payment.state import Payment, Taken


class WatchRequest(MoneyWanted):
    """A request to watch a payment as if it had been settled at `since`; if None, from its real settlement on."""

    since: Instant | None = None


class Watches:
    """Has the activity that watches for late money: calls `product`, or if `since` is set, watches from then on."""

    def __init__(
        self, product: Callable[[MoneyWanted], Awaitable[Taken]], asker: Asker, instructions: Instructions
    ) -> None:
        self._product = product
        self._asker = asker
        self._instructions = instructions

    @activity.defn(name="payment.late_money")
    async def late_money(self, given: WatchRequest) -> Taken:
        """Returns all captures, once there is a new capture or the watch is over."""
        if given.since is None:
            return await self._product(given)
        payment: Payment = (await self._instructions.read(given, PAYMENT)).state
        until = given.since + timedelta(seconds=payment.watch_seconds)
        watched = payment.model_copy(update={"settled_at": given.since, "watched_until": until})
        return await self._asker.late_money(watched, captured_ids(payment), {})


@workflow.defn(name="LateMoneyWatch")
class LateMoneyWatch:
    """Watches a payment: runs the watching activity with the product's options."""

    @workflow.run
    async def run(self, request: WatchRequest) -> None:
        await workflow.execute_activity_method(Watches.late_money, request, **BANK)
