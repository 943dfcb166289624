"""Twenty writers, a reader, and a relay of positions, killed every two seconds: the reader gets each event once."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from tests.conftest import World
from tests.faults.processes import worker_process
from tests.integration.record.appends import ASKED, Log
from tests.keyed import keyed
from verifier.ledger import Rule, verify
from views.order import Positioned, events_after

SECONDS: Final = float(os.environ.get("MOTCUA_ORDER_SECONDS", "8"))
WRITERS: Final = 20
KILLED_EVERY: Final = 2.0
pytestmark = pytest.mark.timeout(SECONDS + 150)


async def page(pool: asyncpg.Pool[asyncpg.Record], found: list[Positioned]) -> list[Positioned]:
    async with pool.acquire() as connection:
        return [*await events_after(connection, found[-1].position if found else 0, 500)]


async def test_nothing_is_missed_and_nothing_comes_twice(world: World, tmp_path: Path) -> None:
    done = asyncio.Event()
    async with asyncpg.create_pool(world.app_dsn, min_size=WRITERS + 2, max_size=WRITERS + 2) as pool:

        async def write() -> int:
            log, appended = Log(world, pool), 0
            await keyed(world, log.filing)
            while not done.is_set():
                await log.append(*[ASKED] * (1 + appended % 3))
                appended += 1
            return appended

        async def read() -> list[Positioned]:
            found: list[Positioned] = []
            while True:
                over = done.is_set() and not await pool.fetchval("select exists (select from unpositioned)")
                following = await page(pool, found)
                found += following
                if over and not following:
                    return found

        async def kill() -> int:
            killed = 0
            while not done.is_set():
                async with worker_process(world.process_env, tmp_path, "workers.relay") as relay:
                    await asyncio.sleep(KILLED_EVERY)
                    relay.kill()
                    killed += await relay.died() != 0
            return killed

        async def end() -> None:
            await asyncio.sleep(SECONDS)
            done.set()

        writers = [asyncio.create_task(write()) for _ in range(WRITERS)]
        reading = asyncio.create_task(read())
        killed, _ = await asyncio.gather(kill(), end())
        assert min(await asyncio.gather(*writers)) > 0
        async with worker_process(world.process_env, tmp_path, "workers.relay"):
            found = await asyncio.wait_for(reading, 60)
        events = await pool.fetch("select stream, seq from event order by recorded_at, stream, seq")
    assert killed
    assert [one.position for one in found] == list(range(1, len(events) + 1))
    assert {(one.stream, one.seq) for one in found} == {tuple(event) for event in events}
    assert Rule.POSITION not in {problem.rule for problem in (await verify(world.superuser_dsn)).problems}
