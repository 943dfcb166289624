"""A bank and a post inside the worker's process, so that their own cost is not measured."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.partners import postal
from activities.partners.http import RejectedError
from activities.partners.money import bank
from schemas.parcel.state import Meaning, Step


def capture_id(key: str) -> str:
    return f"capture-{key}"


class InstantBank:
    """A bank (see `activities.partners.money.bank.Bank`) at which every order is paid at once, without HTTP."""

    def __init__(self) -> None:
        self._orders: dict[str, bank.Order] = {}

    async def order(self, key: str, amount: int, description: str, payer_account: str | None = None) -> bank.Order:  # noqa: ARG002 -- the bank's signature
        money = bank.Capture(capture_id=capture_id(key), amount=amount, at=datetime.now(UTC))
        order = bank.Order(
            key=key,
            order_id=f"order-{key}",
            amount=amount,
            currency="VND",
            status="paid",
            pay_url="in-process:pay",
            captures=(money,),
        )
        return self._orders.setdefault(key, order)

    async def get(self, key: str) -> bank.Order:
        if key not in self._orders:
            raise RejectedError("bank", 404, "not_found")
        return self._orders[key]

    async def cancel(self, key: str) -> bank.Order:
        return await self.get(key)

    async def refund(self, key: str, order_key: str, capture_id: str, amount: int) -> bank.Refund:  # noqa: ARG002 -- the bank's signature
        return bank.Refund(key=key, capture_id=capture_id, amount=amount, at=datetime.now(UTC))


class InstantPost:
    """A post (see `activities.partners.postal.Post`) that delivers every parcel at once."""

    async def send(self, order: postal.Order) -> str:
        return _waybill(order.key)

    async def get(self, key: str) -> postal.Consignment:
        step = Step(meaning=Meaning.DELIVERED, said="C04", at=datetime.now(UTC))
        return postal.Consignment(key=key, waybill=_waybill(key), steps=(step,))

    async def cancel(self, key: str) -> bool:  # noqa: ARG002 -- the post's signature
        return False


def _waybill(key: str) -> str:
    return f"waybill-{key}"
