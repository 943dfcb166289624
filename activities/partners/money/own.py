"""Our own API, which the sandbox bank implements, as a payment provider. A demand is identified there by its key."""

from collections.abc import Iterator

from activities.partners.bank import Bank, Order
from activities.partners.money.provider import (
    CAPABILITIES,
    PATIENCE,
    Asked,
    Demand,
    Given,
    Giving,
    NewDemand,
    Notice,
    Outcome,
    Refunding,
)


class OwnBank:
    """A `Provider` over a `Bank`."""

    def __init__(self, name: str, bank: Bank) -> None:
        self.can = CAPABILITIES["bank"]
        self.lasts = None
        self.patience = PATIENCE
        self._name = name
        self._bank = bank

    async def order(self, demand: NewDemand) -> Asked:
        made = await self._bank.order(demand.key, demand.amount, demand.description, demand.payer_account)
        return Asked(pay_url=made.pay_url)

    async def query(self, demand: Demand) -> tuple[Notice, ...]:
        return tuple(self._notices(demand, await self._bank.get(demand.key)))

    async def cancel(self, demand: Demand) -> tuple[Notice, ...]:
        return tuple(self._notices(demand, await self._bank.cancel(demand.key)))

    async def refund(self, demand: Demand, giving: Giving) -> Given:
        given = await self._bank.refund(giving.key, demand.key, giving.transaction, giving.amount)
        return Given(refunding=Refunding.GIVEN, transaction=given.key)

    async def refunded(self, demand: Demand, giving: Giving) -> Given:
        order = await self._bank.get(demand.key)
        if any(refund.key == giving.key for refund in order.refunds):
            return Given(refunding=Refunding.GIVEN, transaction=giving.key)
        taken = any(capture.capture_id == giving.transaction for capture in order.captures)
        return Given(refunding=Refunding.NOT_ASKED if taken else Refunding.UNTOLD)

    def _notices(self, demand: Demand, order: Order) -> Iterator[Notice]:
        for capture in order.captures:
            yield Notice(
                provider=self._name,
                reference=demand.reference,
                transaction=capture.capture_id,
                amount=capture.amount,
                outcome=Outcome.PAID,
                said=("captured",),
                at=capture.at,
            )
