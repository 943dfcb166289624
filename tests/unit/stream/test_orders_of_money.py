"""Every order in which it may become known that a fee was paid: over a log in memory, as `make matrix` on servers."""

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from temporalio import workflow

from schemas.ids import fee_key, reference_of
from schemas.payment.state import Capture, Closed, Payment, PaymentState
from tests.matrix.orders import ORDERS, Act, Order, kept
from tests.tiers import examples
from tests.unit.stream.shell import FILING, NOW, Engine, begun

DUE: Final = NOW + timedelta(days=7)
MONEY: Final = Capture(capture_id="c1", amount=16_000, at=NOW)
NOTICE: Final = {
    "reference": reference_of(fee_key(FILING, 1)),
    "transaction": "c1",
    "amount": 16_000,
    "outcome": "paid",
}


async def patiently(done: Callable[[], bool], **_: Any) -> None:
    """Wait, for however many turns."""
    while not done():
        await asyncio.sleep(0)


class Silent(dict[str, Any]):
    """Answers, but that whether it was paid is said only once it is `polled`, also to whoever has asked before."""

    def __init__(self, others: dict[str, Any]) -> None:
        super().__init__(others)
        self._asked: list[asyncio.Future[Closed]] = []

    def __getitem__(self, name: str) -> Any:
        if name != "close":
            return super().__getitem__(name)
        self._asked.append(asyncio.get_running_loop().create_future())
        return self.get("polled") or self._asked[-1]

    def poll(self) -> None:
        self["polled"] = Closed(captures=(MONEY,))
        for one in self._asked:
            if not one.done():
                one.set_result(self["polled"])


async def taken(engine: Engine, order: Order) -> Payment:
    """The payment after all acts in this order."""
    life, closing = await begun(engine), list[asyncio.Task[Any]]()
    engine.answers = provider = Silent(engine.answers | {"wake": None})
    for act in order:
        if act in {Act.IPN, Act.LATE}:
            await life.callbacks.take(NOTICE)
        elif act is Act.POLL:
            provider.poll()
            await life.collecting.record_captures(provider["polled"])
        elif act is Act.EXPIRY:
            engine.time = DUE
            closing.append(asyncio.create_task(life.collecting._close()))
        elif act is Act.WITHDRAWAL and life.payment.state is PaymentState.PENDING:
            life.cancel()
            await life.hear_cancel()
        for _turn in range(20):
            await asyncio.sleep(0)
    await asyncio.gather(*closing)
    return life.payment


async def test_in_every_order_it_is_captured_once_and_goes_back_just_if_nobody_owed_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = []
    for order in random.Random(16).sample(ORDERS, examples(len(ORDERS), 60)):
        engine = Engine(monkeypatch)
        monkeypatch.setattr(workflow, "wait_condition", patiently)
        payment = await taken(engine, order)
        unowed = sum(payment.unowed(capture) for capture in payment.to_refund)
        found = payment.state, [one.capture_id for one in payment.captures], unowed
        wanted = (PaymentState.PAID, ["c1"], 0) if kept(order) else (PaymentState.CANCELLED, ["c1"], 16_000)
        if found != wanted:
            wrong.append((order, found))
    assert wrong == []
