"""The changes of a filing, one event after the other: no caller misses one, and one query serves all callers."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final, cast
from uuid import UUID

import asyncpg
import pytest
from temporalio.client import Client

from motcua import FilingClient
from rules.require import require
from schemas import reading as rd
from schemas.filing import commands as cm
from schemas.filing.state import FilingView, Stage
from schemas.people import Role
from tests.acting import NEVER_PAYS, Play, birth, eventually, extract
from tests.conftest import World
from views import applicant
from views.watching import PAUSE, Watch


async def statuses(play: Play) -> list[tuple[int, int]]:
    """Returns seq and status after each event of a filing, from its timeline."""
    entries = await play.world.client.timeline(play.filing)
    return [(entry.seq, entry.status) for entry in entries if entry.status is not None]


def passed(views: Sequence[FilingView]) -> list[tuple[int, int]]:
    return [(view.seq, view.status) for view in views]


async def test_every_status_is_there_once_and_in_order_also_those_that_pass_in_one_append(office: World) -> None:
    play = await Play.begin(office, extract(payer_account=NEVER_PAYS))
    accepted = await play.accept()
    changes = await office.client.changes(play.filing, wait=0)
    assert passed(changes.views) == await statuses(play) == [(1, 1), (2, 2), (3, 6)]
    assert accepted.seq == changes.seq == 3
    assert not changes.more
    assert (await office.client.changes(play.filing, 1, wait=0)).views == changes.views[1:]
    await play.pay_by_hand()
    await play.review()
    await play.at(Stage.CLOSED)
    whole = await office.client.changes(play.filing, wait=0)
    assert passed(whole.views) == await statuses(play)
    assert [view.seq for view in whole.views] == list(range(1, len(await play.kinds()) + 1))
    assert [status for status, _ in itertools.groupby(view.status for view in whole.views)][:3] == [1, 2, 6]
    assert [view.closed for view in whole.views[-2:]] == [False, True]


async def test_what_is_too_much_for_one_answer_comes_in_several(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    play = await Play.begin(office, extract())
    await play.deliver()
    whole = await office.client.changes(play.filing, wait=0)
    for most in (1, size(whole.views[0]) + 1):
        monkeypatch.setattr(applicant, "MOST_BYTES", most)
        pages = [page async for page in paged(office.client, play.filing)]
        assert [view for page in pages for view in passed(page.views)] == passed(whole.views)
        for page in pages[:-1]:
            assert sum(map(size, page.views[:-1])) < most <= sum(map(size, page.views))
        assert [page.more for page in pages] == [True] * (len(pages) - 1) + [False]
    assert len(pages[0].views) == 2
    async with asyncio.timeout(30):
        followed = [view async for view in office.client.follow(play.filing)]
    assert passed(followed) == passed(whole.views)


def size(view: FilingView) -> int:
    return len(view.model_dump_json(exclude_none=True))


async def paged(client: FilingClient, filing: UUID) -> AsyncIterator[rd.Changes]:
    seq, more = 0, True
    while more:
        changes = await client.changes(filing, seq, wait=0)
        assert changes.seq > seq
        seq, more = changes.seq, changes.more
        yield changes


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """An `Event` that is set once a caller begins to wait for changes."""
    begun, beyond = asyncio.Event(), Watch.beyond

    async def noticed(watch: Watch, stream: str, after: int, wait: float) -> None:
        begun.set()
        await beyond(watch, stream, after, wait)

    monkeypatch.setattr(Watch, "beyond", noticed)
    return begun


async def test_changes_wait_for_what_comes_and_tell_it_at_once(office: World, waits: asyncio.Event) -> None:
    play = await Play.begin(office, birth())
    asking = asyncio.create_task(office.client.changes(play.filing, 1, wait=20))
    await asyncio.wait_for(waits.wait(), 10)
    other = await Play.begin(office, birth())
    await other.act(cm.Claim, other.officer(Role.RECEPTION))
    assert not asking.done()
    await play.act(cm.Claim, play.officer(Role.RECEPTION))
    assert [(view.seq, view.filing_id) for view in (await asyncio.wait_for(asking, 5)).views] == [(2, play.filing)]


@pytest.mark.parametrize(("patience", "most_a_second"), [(5, 5), (30, 1)])
async def test_no_follower_spins(
    office: World, monkeypatch: pytest.MonkeyPatch, patience: float, most_a_second: int
) -> None:
    play = await Play.begin(office, birth())
    asked, execute = list[Any](), Client.execute_workflow

    async def counted(self: Client, *given: Any, **options: Any) -> Any:
        asked.append(given)
        return await execute(self, *given, **options)

    monkeypatch.setattr(Client, "execute_workflow", counted)
    seconds, views = 3, list[FilingView]()

    async def follow() -> None:
        async for view in FilingClient(office.temporal, patience=patience).follow(play.filing):
            views.append(view)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(follow(), seconds)
    assert [view.seq for view in views] == [1]
    assert 2 <= len(asked) <= seconds * most_a_second + 1


STREAMS: Final = ("filing:a", "filing:b", "filing:c")
LONG: Final = 60.0
"""A wait in seconds that is longer than any of these tests."""


class Counted:
    """A pool that records its statements, and the streams of each query."""

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
        """Returns after `times` further queries, so that each waiting caller was served at least once."""
        wanted = len(self.looks) + times
        await eventually(lambda: asyncio.sleep(0, len(self.looks)), lambda found: found >= wanted)


@pytest.fixture
async def pool(world: World) -> AsyncIterator[Counted]:
    """A superuser's pool, with a database in which the streams `STREAMS` have one event each."""
    async with asyncpg.create_pool(world.superuser_dsn, min_size=1, max_size=2) as made:
        add = "insert into stream (stream, filing_id, agency, head_seq) values ($1, gen_random_uuid(), 'H56.30', 1)"
        await made.executemany(add, [(stream,) for stream in STREAMS])
        yield Counted(made)


async def waiting(watch: Watch, stream: str, many: int = 1, after: int = 1) -> list[asyncio.Task[None]]:
    """Returns `many` tasks that wait for a stream, once they have begun to wait."""
    tasks = [asyncio.create_task(watch.beyond(stream, after, LONG)) for _ in range(many)]
    await asyncio.sleep(0)
    return tasks


async def test_three_hundred_cost_one_statement_a_pause_and_hear_of_their_own_stream(pool: Counted) -> None:
    watch, began = Watch(cast("Any", pool)), time.monotonic()
    by_stream = {stream: await waiting(watch, stream, 100) for stream in STREAMS}
    for told in STREAMS:
        await pool.looked(5)
        assert not any(task.done() for tasks in by_stream.values() for task in tasks)
        await pool.grow(told)
        await asyncio.wait_for(asyncio.gather(*by_stream.pop(told)), 10)
    took = time.monotonic() - began
    assert len(pool.looks) <= took / PAUSE + 1
    assert set(pool.looks[1]) == set(STREAMS)
    assert not watch._waiting


async def test_who_is_cancelled_leaves_nothing_behind(pool: Counted) -> None:
    watch = Watch(cast("Any", pool))
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
    assert not watch._waiting


async def test_after_the_last_nothing_looks_and_the_next_is_looked_for_again(pool: Counted) -> None:
    watch = Watch(cast("Any", pool))
    (only,) = await waiting(watch, "filing:a")
    await pool.looked()
    only.cancel()
    await asyncio.wait_for(asyncio.wait({require(watch._looking)}), 10)
    so_many = len(pool.looks)
    await asyncio.sleep(5 * PAUSE)
    assert len(pool.looks) == so_many
    await asyncio.wait_for(watch.beyond("filing:a", 0, LONG), 10)
    assert len(pool.looks) > so_many


async def test_an_error_of_the_database_reaches_everybody_and_the_next_one_looks_anew(pool: Counted) -> None:
    watch = Watch(cast("Any", pool))
    tasks = [task for stream in STREAMS for task in await waiting(watch, stream, 5)]
    await pool.looked()
    await pool.pool.execute("alter table stream rename to gone")
    ends = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    assert {type(end) for end in ends} == {asyncpg.UndefinedTableError}
    assert not watch._waiting
    await pool.pool.execute("alter table gone rename to stream")
    await asyncio.wait_for(watch.beyond("filing:a", 0, LONG), 10)


async def test_an_error_reaches_those_who_wait_though_somebody_comes_at_that_moment(pool: Counted) -> None:
    watch, newcomers = Watch(cast("Any", pool)), list[asyncio.Task[None]]()
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
