"""Our own API, which the sandbox bank implements, as a payment provider. A demand is identified there by its key."""

from collections.abc import Iterator

from activities.partners.bank import Bank, Order
from activities.partners.money import provider as pv


class OwnBank:
    """A `Provider` over a `Bank`."""

    def __init__(self, name: str, bank: Bank) -> None:
        self.can = pv.CAPABILITIES["bank"]
        self.lasts = None
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
