"""A worker that dies between the provider's order and its record, or between a refund and its record."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acting import NEVER_PAYS, Play, eventually, extract
from tests.callbacks import providers
from tests.conftest import World
from tests.faults.processes import worker_process
from tests.faults.vnpay import approve, given, paid, vnpay
from tests.sandboxes import Server


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Server]:
    with vnpay(tmp_path) as server:
        yield server


async def test_an_order_that_was_made_before_the_worker_died_is_found_made(world: World, tmp_path: Path) -> None:
    async with worker_process(world.process_env, tmp_path / "first") as worker, world.back_office():
        play = await Play.begin(world, extract(payer_account=NEVER_PAYS))
        worker.arm("payment.ordered")
        await play.accept()
        assert await worker.died() == -signal.SIGKILL
    made = await play.order()
    async with worker_process(world.process_env, tmp_path / "second"), world.back_office():
        await play.pay_by_hand()
        await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    assert (await play.order())["order_id"] == made["order_id"]
    assert await play.kinds("payment", 1) == ["payment_requested", "payment_ordered", "payment_captured"]


async def test_over_vnpay_the_same_address_is_recorded_though_the_worker_died(
    world: World, tmp_path: Path, bank: Server
) -> None:
    async with world.connection(world.owner_dsn) as connection:
        await connection.execute("update agency set merchants = array['vnpay']")
    said = providers(bank)
    env = world.process_env | {"MOTCUA_PROVIDERS": said}
    async with worker_process(env, tmp_path / "first") as worker, world.back_office():
        play = await Play.begin(world, extract(payer_account=None))
        worker.arm("payment.ordered")
        await play.accept()
        assert await worker.died() == -signal.SIGKILL
    async with worker_process(env, tmp_path / "second"), world.back_office():
        await paid(play)
    assert await play.kinds("payment", 1) == ["payment_requested", "payment_ordered", "payment_captured"]


@pytest.mark.parametrize(
    ("failpoint", "before"), [("payment.refund_due", 0), ("payment.refund_claimed", 0), ("payment.refunded", 1)]
)
async def test_over_vnpay_it_is_given_back_once_wherever_the_worker_dies(
    world: World, tmp_path: Path, bank: Server, failpoint: str, before: int
) -> None:
    """Between the record and the call, right before the call, or between the call and its record; a day passes."""
    async with world.connection(world.owner_dsn) as connection:
        await connection.execute("update agency set merchants = array['vnpay']")
    env = world.process_env | {"MOTCUA_PROVIDERS": providers(bank)}
    async with worker_process(env, tmp_path / "first") as worker, world.back_office():
        play = await Play.begin(world, extract(payer_account=None))
        await play.accept()
        await paid(play)
        await approve(play, lambda: worker.arm(failpoint))
        assert await worker.died() == -signal.SIGKILL
    assert await given(bank) == [6_000] * before
    assert (await play.kinds("refund", 1001))[-1] == "refund_asked"
    bank.client.put("/faults/vnpay", json={"fault": "next_day", "times": 100}).raise_for_status()
    async with world.connection(world.owner_dsn) as connection:
        await connection.execute("update refund_call set at = at - interval '1 day'")
    async with worker_process(env, tmp_path / "second"), world.back_office():
        await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_refunded" in kinds, 90)
    assert await given(bank) == [6_000]
    asked = [kind for kind in await play.kinds("refund", 1001) if kind == "refund_asked"]
    assert len(asked) == (2 if failpoint == "payment.refund_claimed" else 1)
