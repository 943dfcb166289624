"""Waiting for streams to grow: one statement looks for all who wait, and each hears of their own stream only."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, cast
from uuid import uuid4

import asyncpg
import pytest

from tests.acting import eventually
from tests.conftest import World
from views.watching import PAUSE, Watch

STREAMS: Final = ("filing:a", "filing:b", "filing:c")
LONG: Final = 60.0
"""Seconds that nobody here waits: the test is over before."""


class Counted:
    """A pool that knows what it was asked, and what each look was for."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self.pool = pool
        self.looks: list[list[str]] = []
        self.before: Callable[[], Awaitable[None]] | None = None

    async def fetch(self, statement: str, streams: list[str]) -> list[asyncpg.Record]:
        self.looks.append(streams)
        found = await self.pool.fetch(statement, streams)
        if self.before is not None:
            await self.before()
        return found

    async def grow(self, stream: str) -> None:
        await self.pool.execute("update stream set head_seq = head_seq + 1 where stream = $1", stream)

    async def looked(self, times: int = 2) -> None:
        """Return after so many further looks: whoever waits has been looked for at least once."""
        wanted = len(self.looks) + times
        await eventually(self._so_many, lambda found: found >= wanted)

    async def _so_many(self) -> int:
        return len(self.looks)


@pytest.fixture
async def pool(world: World) -> AsyncIterator[Counted]:
    """A pool of superusers, for whom `STREAMS` are there, each with one event."""
    async with asyncpg.create_pool(world.superuser_dsn, min_size=1, max_size=2) as made:
        for stream in STREAMS:
            await made.execute(
                "insert into stream (stream, filing_id, agency, head_seq) values ($1, $2, 'H56.30', 1)", stream, uuid4()
            )
        yield Counted(made)


def watching(pool: Counted) -> Watch:
    return Watch(cast("asyncpg.Pool[Any]", pool))


async def waiting(watch: Watch, stream: str, many: int = 1, after: int = 1) -> list[asyncio.Task[None]]:
    """So many who wait for a stream, once they do."""
    tasks = [asyncio.create_task(watch.beyond(stream, after, LONG)) for _ in range(many)]
    await asyncio.sleep(0)
    return tasks


def nothing_left(watch: Watch) -> bool:
    return not watch._waiting


async def at_rest(watch: Watch) -> None:
    """Return once nothing looks any more."""
    looking = watch._looking
    assert looking is not None
    await asyncio.wait_for(asyncio.wait({looking}), 10)


async def test_three_hundred_cost_one_statement_a_pause_and_hear_of_their_own_stream(pool: Counted) -> None:
    watch, began = watching(pool), time.monotonic()
    by_stream = {stream: await waiting(watch, stream, 100) for stream in STREAMS}
    for told in STREAMS:
        await pool.looked(5)
        assert not any(task.done() for tasks in by_stream.values() for task in tasks)
        await pool.grow(told)
        await asyncio.wait_for(asyncio.gather(*by_stream.pop(told)), 10)
    took = time.monotonic() - began
    assert len(pool.looks) <= took / PAUSE + 1
    assert set(pool.looks[1]) == set(STREAMS)
    assert nothing_left(watch)


async def test_who_comes_late_is_told_at_once_and_who_asks_for_what_is_not_there_too(pool: Counted) -> None:
    watch = watching(pool)
    (other,) = await waiting(watch, "filing:b")
    await asyncio.wait_for(watch.beyond("filing:a", 0, LONG), 10)
    await asyncio.wait_for(watch.beyond("filing:never", 0, LONG), 10)
    assert not other.done()
    other.cancel()


async def test_the_time_ends_without_a_word_for_the_others(pool: Counted) -> None:
    watch = watching(pool)
    (other,) = await waiting(watch, "filing:a")
    began = time.monotonic()
    await watch.beyond("filing:a", 1, 0.3)
    assert time.monotonic() - began >= 0.3
    assert not other.done()
    await pool.grow("filing:a")
    await asyncio.wait_for(other, 10)


async def test_who_comes_while_a_look_is_under_way_is_not_told_by_it(pool: Counted) -> None:
    watch, late = watching(pool), list[asyncio.Task[None]]()

    async def meanwhile() -> None:
        if not late:
            late.extend(await waiting(watch, "filing:b"))

    pool.before = meanwhile
    (first,) = await waiting(watch, "filing:a")
    await pool.looked(3)
    assert late
    assert not late[0].done()
    await pool.grow("filing:b")
    await asyncio.wait_for(late[0], 10)
    first.cancel()


async def test_who_is_cancelled_leaves_nothing_behind(pool: Counted) -> None:
    watch = watching(pool)
    (stays,) = await waiting(watch, "filing:a")
    gone = [*await waiting(watch, "filing:a", 5), *await waiting(watch, "filing:b", 5)]
    await pool.looked()
    for task in gone:
        task.cancel()
    assert all(isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*gone, return_exceptions=True))
    await pool.looked()
    assert pool.looks[-1] == ["filing:a"]
    assert [len(waiting) for waiting in watch._waiting.values()] == [1]
    await pool.grow("filing:a")
    await asyncio.wait_for(stays, 10)
    assert nothing_left(watch)


async def test_after_the_last_nothing_looks_and_the_next_is_looked_for_again(pool: Counted) -> None:
    watch = watching(pool)
    (only,) = await waiting(watch, "filing:a")
    await pool.looked()
    only.cancel()
    await at_rest(watch)
    so_many = len(pool.looks)
    await asyncio.sleep(5 * PAUSE)
    assert len(pool.looks) == so_many
    await asyncio.wait_for(watch.beyond("filing:a", 0, LONG), 10)
    assert len(pool.looks) > so_many


async def test_an_error_of_the_database_reaches_everybody_and_the_next_one_looks_anew(pool: Counted) -> None:
    watch = watching(pool)
    tasks = [task for stream in STREAMS for task in await waiting(watch, stream, 5)]
    await pool.looked()
    await pool.pool.execute("alter table stream rename to gone")
    ends = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    assert {type(end) for end in ends} == {asyncpg.UndefinedTableError}
    assert nothing_left(watch)
    await pool.pool.execute("alter table gone rename to stream")
    await asyncio.wait_for(watch.beyond("filing:a", 0, LONG), 10)


async def test_an_error_reaches_those_who_wait_though_somebody_comes_at_that_moment(pool: Counted) -> None:
    watch, newcomers = watching(pool), list[asyncio.Task[None]]()
    tasks = await waiting(watch, "filing:a", 3)

    async def fails() -> None:
        pool.before = None
        newcomers.append(asyncio.create_task(watch.beyond("filing:b", 1, LONG)))
        raise asyncpg.ConnectionDoesNotExistError

    await pool.looked()
    pool.before = fails
    ends = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    assert {type(end) for end in ends} == {asyncpg.ConnectionDoesNotExistError}
    await pool.looked()
    (newcomer,) = newcomers
    assert not newcomer.done()
    await pool.grow("filing:b")
    await asyncio.wait_for(newcomer, 10)


async def test_an_error_that_nobody_waits_for_any_more_is_not_complained_about(pool: Counted) -> None:
    watch, complaints = watching(pool), list[dict[str, Any]]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    (only,) = await waiting(watch, "filing:a")

    async def fails() -> None:
        only.cancel()
        await asyncio.wait({only})
        raise asyncpg.ConnectionDoesNotExistError

    pool.before = fails
    await at_rest(watch)
    watch._looking = None
    gc.collect()
    assert complaints == []
