"""Passes over many streams name what they can't open, and go on; a stranger's start that was refused is no obstacle."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from activities.ledger.vault import Vault
from motcua.machine_work import machine_work
from operations.rebuilding.build_check import BuildCheck, Checked
from recovery.behind import Compared, behind
from tests.acting import Doubtful, Play, birth, refusal, stock
from tests.conftest import World
from tests.sealed import ring, sealed

STRANGE = [
    Payload(metadata={"encoding": b"binary/encrypted"}, data=b"\xff"),
    Payload(metadata={"encoding": b"motcua/not-opened"}, data=b"\xff"),
    Payload(metadata={"encoding": b"binary/plain"}, data=b"\xff"),
]


@asynccontextmanager
async def pool_of(world: World) -> AsyncIterator[asyncpg.Pool[asyncpg.Record]]:
    async with asyncpg.create_pool(world.app_dsn, min_size=1, max_size=4) as pool:
        yield pool


async def streams(pool: asyncpg.Pool[asyncpg.Record]) -> list[str]:
    return [row["stream"] for row in await pool.fetch("select stream from stream where filing_id is not null")]


async def checked(world: World, pool: asyncpg.Pool[asyncpg.Record]) -> list[Checked]:
    check = BuildCheck(pool, world.temporal, Vault(world.settings.master), replay=True)
    return [await check.check(row) for row in await check.sample(10, "x")]


@pytest.mark.parametrize("strange", STRANGE, ids=lambda one: one.metadata["encoding"].decode())
async def test_a_refused_start_of_what_has_ended_is_no_obstacle(world: World, strange: Payload) -> None:
    async with world.platform(), world.back_office(Doubtful()), pool_of(world) as pool:
        ended, lives = [await Play.begin(world, birth(submission_id=name)) for name in ("ended", "lives")]
        await ended.withdraw()
        stream = f"filing:{ended.filing}"
        await world.temporal.get_workflow_handle(stream).result()
        client = await stock(world)
        handle = await client.start_workflow("Filing", RawValue(strange), id=stream, task_queue="motcua")
        await refusal(handle.result())
        assert await behind(world.temporal, pool, await streams(pool)) == Compared([], [], [])
        assert [one.problem for one in await checked(world, pool)] == [None, None]
        await lives.accept()


async def test_what_runs_and_cannot_be_opened_here_is_named(world: World) -> None:
    ours = await sealed(world, ring("one"))
    async with ours.platform(), ours.back_office(Doubtful()), pool_of(world) as pool:
        play = await Play.begin(ours, birth())
        stream = f"filing:{play.filing}"
        assert await behind(world.temporal, pool, await streams(pool)) == Compared([], [], [stream])
        assert await behind(ours.temporal, pool, await streams(pool)) == Compared([], [], [])
        [told] = await checked(world, pool)
        assert told.problem is not None
        assert told.problem.startswith(f"{stream}: it can't be opened")
        assert [one.problem for one in await checked(ours, pool)] == [None]
        assert await machine_work(world.temporal, stream) == []
