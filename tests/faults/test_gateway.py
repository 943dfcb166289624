"""The gateway gets many calls at once, and is killed at critical points: no call is lost, and none is stored twice."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from schemas.ids import fee_key, payment_workflow, reference_of
from tests.acting import EXTRACT, NEVER_PAYS, Play, eventually, extract, publish_short
from tests.conftest import World, own_stack
from tests.faults.processes import WorkerProcess, worker_process
from tests.integration.gateway.calls import PROVIDERS, demand, ipn, kept
from tests.sandboxes import free_port

COPIES: Final = 200
RELAY: Final = "workers.relay"
PAYMENTS: Final = 5
EACH: Final = 20
FEE: Final = 16_000
BANK: Final = "bank"
"""The provider of payments that name no provider; here its callbacks are VNPay's."""


@asynccontextmanager
async def gateway(
    world: World, folder: Path, **settings: str
) -> AsyncIterator[tuple[WorkerProcess, httpx.AsyncClient]]:
    """Runs a gateway as a process; yields it, and an HTTP client for it."""
    port = free_port()
    own = {"MOTCUA_GATEWAY_PORT": str(port), "MOTCUA_PROVIDERS": json.dumps(PROVIDERS | {BANK: PROVIDERS["vnpay"]})}
    async with (
        worker_process(world.process_env | own | settings, folder, "gateway.server") as process,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as caller,
    ):
        yield process, caller


async def code(caller: httpx.AsyncClient, query: str, provider: str = "vnpay") -> str:
    return str((await caller.get(f"/callbacks/{provider}?{query}")).json()["RspCode"])


async def test_copies_through_two_gateways_are_one_row_one_event_and_one_receipt(world: World, tmp_path: Path) -> None:
    async with world.platform(), world.back_office(), worker_process(world.process_env, tmp_path / "relay", RELAY):
        play = await unpaid(world)
        query = ipn(reference_of(fee_key(play.filing, 1)), Amount=f"{FEE}00")
        async with gateway(world, tmp_path / "one") as (_, one), gateway(world, tmp_path / "other") as (_, other):
            answers = await asyncio.gather(*(code((one, other)[n % 2], query, BANK) for n in range(COPIES)))
            assert Counter(answers) == {"00": 1, "02": COPIES - 1}
            await eventually(lambda: kept(world), lambda rows: all(row["driven_at"] for row in rows))
            assert await code(other, query, BANK) == "02"
        assert len(await kept(world)) == 1
        await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
        await eventually(lambda: owed(world), lambda papers: papers == 0, 60)
        assert (await captured(play)).count("payment_captured") == 1
        assert (await play.kinds()).count("fee_paid") == 1
    receipts = await world.fetch("select fee, amount, voided_at from money_receipt")
    numbers = await world.fetchval("select last from counter where kind = 'receipt_phi'")
    assert ([tuple(row.values()) for row in receipts], numbers) == ([(1, FEE, None)], 1)


async def owed(world: World) -> int:
    """Returns the number of papers that have not been made yet."""
    return int(await world.fetchval("select count(*) from outbox"))


@pytest.mark.parametrize(("failpoint", "rows", "again"), [("callback.keeping", 0, "00"), ("callback.kept", 1, "02")])
async def test_a_gateway_that_dies_before_it_answers_is_called_again(
    world: World, tmp_path: Path, failpoint: str, rows: int, again: str
) -> None:
    reference, _ = await demand(world, "vnpay")
    async with gateway(world, tmp_path) as (process, caller):
        process.arm(failpoint)
        with pytest.raises(httpx.TransportError):
            await code(caller, ipn(reference))
        await process.died()
    assert len(await kept(world)) == rows
    async with gateway(world, tmp_path) as (_, caller):
        assert await code(caller, ipn(reference)) == again
    assert len(await kept(world)) == 1


async def test_a_gateway_that_is_told_to_stop_ends_by_itself(world: World, tmp_path: Path) -> None:
    async with gateway(world, tmp_path) as (process, caller):
        assert (await caller.get("/healthz")).json() == {"status": "ok"}
        await process.stop()
        assert await process.died() == 0
    said = (tmp_path / "worker.log").read_text()
    assert "Traceback" not in said
    assert "process.cut_short" not in said


async def unpaid(world: World) -> Play:
    """Returns a filing whose fee is requested, and whose payer does nothing for longer than the test takes."""
    version = await publish_short(world, EXTRACT, payment=600)
    play = await Play.accepted(world, extract(payer_account=NEVER_PAYS, version=version))
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_ordered" in kinds)
    return play


async def captured(play: Play) -> list[str]:
    return await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_captured" in kinds)


def said_of(play: Play) -> list[str]:
    """Returns `EACH` different callbacks about one payment; one of them reports it as paid."""
    reference, amount = reference_of(fee_key(play.filing, 1)), f"{FEE}00"
    return [ipn(reference, Amount=amount, TransactionStatus=f"{n:02}") for n in range(EACH)]


async def test_what_comes_while_temporal_is_down_reaches_its_payments_afterwards(tmp_path: Path) -> None:
    async with (
        own_stack() as (stack, world),
        worker_process(world.process_env, tmp_path / "worker"),
        world.back_office(),
    ):
        plays = [await unpaid(world) for _ in range(PAYMENTS)]
        temporal = stack.pid("temporal")
        assert temporal is not None
        async with gateway(world, tmp_path / "before") as (process, caller):
            os.kill(temporal, signal.SIGSTOP)
            try:
                calls = [query for play in plays for query in said_of(play)]
                answers = await asyncio.gather(*(code(caller, query, BANK) for query in calls))
                assert (await caller.get("/healthz")).is_success
                process.kill()
                await process.died()
            finally:
                os.kill(temporal, signal.SIGCONT)
        assert Counter(answers) == {"00": PAYMENTS * EACH}
        assert [row["driven_at"] for row in await kept(world)] == [None] * PAYMENTS * EACH
        async with gateway(world, tmp_path / "one"), gateway(world, tmp_path / "other"):
            await eventually(lambda: kept(world), lambda rows: all(row["driven_at"] for row in rows), 60)
        for play in plays:
            assert (await captured(play)).count("payment_captured") == 1


async def test_a_gateway_that_dies_after_it_told_a_payment_tells_it_again_and_once_is_recorded(
    world: World, tmp_path: Path
) -> None:
    async with world.platform(), world.back_office():
        play = await unpaid(world)
        async with gateway(world, tmp_path) as (process, caller):
            process.arm("callback.told")
            assert await code(caller, ipn(reference_of(fee_key(play.filing, 1)), Amount=f"{FEE}00"), BANK) == "00"
            await process.died()
        assert [row["driven_at"] for row in await kept(world)] == [None]
        async with gateway(world, tmp_path):
            await eventually(lambda: kept(world), lambda rows: rows[0]["driven_at"] is not None)
        assert (await captured(play)).count("payment_captured") == 1


async def test_money_that_temporal_took_and_lost_is_told_again(world: World, tmp_path: Path) -> None:
    """The notice reaches Temporal while no worker runs; the payment's run is then terminated before a worker runs."""
    async with world.platform(), world.back_office():
        play = await unpaid(world)
    async with gateway(world, tmp_path) as (_, caller):
        assert await code(caller, ipn(reference_of(fee_key(play.filing, 1)), Amount=f"{FEE}00"), BANK) == "00"
        await eventually(lambda: kept(world), lambda rows: rows[0]["told_at"] is not None)
        await world.temporal.get_workflow_handle(payment_workflow(play.filing, 1)).terminate("a test")
        async with world.platform(), world.back_office():
            await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
            await eventually(lambda: kept(world), lambda rows: rows[0]["driven_at"] is not None)
    assert (await captured(play)).count("payment_captured") == 1
