"""A bug in a workflow: filings stand still, and say so; the fix is deployed, and all end as they must."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final, TypeVar

import pytest

from recovery.stalled import count_reported
from schemas.filing.state import Stage
from tests.acting import BIRTH, EXTRACT, Play, birth, eventually, extract, publish_short
from tests.conftest import World
from tests.faults.processes import command, worker_process
from verifier.ledger import verify

FREE: Final = 18
PAID: Final = 4
AT_ONCE: Final = 4
"""So few that also a busy machine answers a submission before the filing stands still."""
MARKED_WITHIN: Final = 240
"""Seconds for three tries in a row, of the last of them, on however busy a machine."""

T = TypeVar("T")
A = TypeVar("A")


async def each(work: Callable[[A], Awaitable[T]], given: Iterable[A]) -> list[T]:
    """What `work` makes of each, some at a time."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(value: A) -> T:
        async with free:
            return await work(value)

    return await asyncio.gather(*map(one, given))


LONG: Final = dict.fromkeys(("intake", "payment", "processing", "step", "issue"), 3600)
"""Limits in seconds that no slow machine outlasts: nothing is late, and nobody is told so."""


async def filed(world: World, paid_by: str, free_by: str) -> tuple[list[Play], list[Play]]:
    """Filings that need nobody, and filings that are taken in and paid online, by these versions."""

    async def costly(_: int) -> Play:
        play = await Play.begin(world, extract(version=paid_by))
        await play.accept()
        return play

    async def free(_: int) -> Play:
        return await Play.begin(world, birth(version=free_by))

    paid = await each(costly, range(PAID))
    return await each(free, range(FREE)), paid


@pytest.mark.timeout(600)
async def test_filings_that_a_bug_stalled_go_on_once_it_is_mended(world: World, tmp_path: Path) -> None:
    versions = [await publish_short(world, procedure, **LONG) for procedure in (EXTRACT, BIRTH)]
    async with world.back_office():
        async with worker_process(world.process_env, tmp_path, "tests.faults.buggy_worker"):
            free, paid = await filed(world, *versions)
            everyone = {f"filing:{play.filing}" for play in (*free, *paid)}

            await eventually(lambda: count_reported(world.temporal), len(everyone).__eq__, within=MARKED_WITHIN)
            told = await eventually(
                lambda: command(world, "filings", "stalled"), lambda found: len(found) == len(everyone)
            )
            async with world.connection() as connection:  # as the relay would, which does not run here
                await connection.execute("select position_appends(100000)")
            doctor = await command(world, "doctor", code=1)
        assert {one["workflow_id"] for one in told} == everyone
        assert {one["code"].partition("-")[0] for one in told} == {"H56.30"}
        # What reaches a workflow between two tries makes the next one a first try again.
        assert min(one["attempts"] for one in told) >= 1
        assert sum(one["attempts"] for one in told) > len(told)
        assert {(one["cause"], one["error"]) for one in told} == {("WorkflowWorkerUnhandledFailure", "RuntimeError")}
        assert {one["place"].partition(":")[0] for one in told} == {"faults/buggy_worker.py"}
        failed = {one["check"]: one["what"]["en"] for one in doctor["findings"] if one["health"] == "fail"}
        assert failed.pop("stalled") == f"{FREE + PAID} workflows stand still because of a bug"
        # Papers wait for a relay, and a busy machine may take longer over a check than it has.
        assert [check for check, what in failed.items() if check != "papers" and "no answer within" not in what] == []
        assert "CANARY" not in (tmp_path / "worker.log").read_text()

        async with worker_process(world.process_env, tmp_path):
            await each(finished, paid)
            await each(closed, free)
            assert await command(world, "filings", "stalled") == []
            by_extract, by_birth = versions
            spared = [
                await Play.begin(world, birth(version=by_birth)),
                await Play.begin(world, extract(version=by_extract)),
            ]
            await spared[1].accept()
            await finished(spared[1])
            await closed(spared[0])

    # Each has lived the life of one that never met the bug.
    assert {tuple(await play.kinds()) for play in free} == {tuple(await spared[0].kinds())}
    assert {tuple(await play.kinds()) for play in paid} == {tuple(await spared[1].kinds())}
    await assert_nothing_doubled(world, [*free, *paid, *spared])


async def finished(play: Play) -> None:
    """Officers do what is left to do, until the filing has ended."""
    await play.review()
    await closed(play)


async def closed(play: Play) -> None:
    await play.at(Stage.CLOSED)


async def assert_nothing_doubled(world: World, plays: list[Play]) -> None:
    """The record is whole, each command has its one receipt, and the bank has taken each fee once."""
    assert (await verify(world.superuser_dsn)).verified
    async with world.connection() as connection:
        assert await connection.fetchval("select sum(last) from counter where kind = 'dossier'") == len(plays)
        assert await connection.fetchval("select count(*) from filing where closed_at is not null") == len(plays)
        commands = await connection.fetchval("select count(distinct (stream, command_id)) from event")
        assert commands == await connection.fetchval("select count(*) from receipt")
        requests = [tuple(row) for row in await connection.fetch("select n, state, captured, refunded from payment")]
    assert requests == [(1, "paid", 16_000, 0)] * (PAID + 1)
    orders = [order for play in plays if (order := await play.order())]
    assert [(order["status"], len(order["captures"]), order["refunds"]) for order in orders] == [("paid", 1, [])] * (
        PAID + 1
    )
