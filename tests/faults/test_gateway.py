"""The gateway is called many times at once, and killed where it hurts: nothing is lost, nothing is kept twice."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.conftest import World
from tests.faults.processes import WorkerProcess, worker_process
from tests.integration.gateway.calls import PROVIDERS, demand, ipn, kept
from tests.sandboxes import free_port

COPIES: Final = 200

pytestmark = pytest.mark.timeout(180)


@asynccontextmanager
async def gateway(
    world: World, folder: Path, **settings: str
) -> AsyncIterator[tuple[WorkerProcess, httpx.AsyncClient]]:
    """A gateway as a process, and who calls it."""
    port = free_port()
    own = {"MOTCUA_GATEWAY_PORT": str(port), "MOTCUA_PROVIDERS": json.dumps(PROVIDERS)}
    async with (
        worker_process(world.process_env | own | settings, folder, "gateway.server") as process,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as caller,
    ):
        yield process, caller


async def code(caller: httpx.AsyncClient, query: str) -> str:
    return str((await caller.get(f"/callbacks/vnpay?{query}")).json()["RspCode"])


async def test_copies_through_two_gateways_are_one_row(world: World, tmp_path: Path) -> None:
    reference, _ = await demand(world, "vnpay")
    query = ipn(reference)
    async with gateway(world, tmp_path / "one") as (_, one), gateway(world, tmp_path / "other") as (_, other):
        answers = await asyncio.gather(*(code((one, other)[n % 2], query) for n in range(COPIES)))
    assert Counter(answers) == {"00": 1, "02": COPIES - 1}
    assert len(await kept(world)) == 1


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
