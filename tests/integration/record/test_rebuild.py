"""Read models are rebuilt from the log after any damage, equal row by row, including the standing of streams."""

import asyncio
import json
import os
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import pytest

from activities.ledger import stream_status
from motcua.cli.running import WorkRefusedError
from operations import rebuilding
from operations.programs import POSTGRES
from operations.rebuilding import Rebuilt, rebuild
from rules.require import require
from rules.streams import KINDS
from schemas.filing.state import Stage
from tests.acting import Play
from tests.conftest import World
from tests.forked import forked
from tests.histories import CANARY, by_post, mixed, with_fee
from tests.shell import Shell

TABLES: Final = tuple(rebuilding.read_models(KINDS))
NOTHING: Final = dict.fromkeys(TABLES, 0)

# Read models changed, missing and made up.
DAMAGE: Final = (
    "update filing set status = 9, overdue = '{step}' where code = (select min(code) from filing)",
    "delete from filing where code = (select max(code) from filing)",
    """insert into filing
       select (jsonb_populate_record(f, jsonb_build_object('filing_id', gen_random_uuid(), 'code', '-'))).*
       from filing f limit 1""",
    "delete from task where role = 'reception'",
    "update payment set captured = captured + 1 where state = 'paid'",
    "delete from parcel",
    "update standing set open = not open where kind = 'filing'",
    "update result set sha256 = repeat('0', 64)",
    "delete from reader where starts_with(reader, 'applicant:') or starts_with(reader, 'agency:')",
    "insert into reader select 'agency:H99', filing_id from filing union select 'agency:H99', gen_random_uuid()",
)


async def again(world: World) -> Rebuilt:
    return await rebuild(world.owner_dsn, world.settings.master, lambda *_: None)


async def shown(world: World) -> dict[str, list[str]]:
    async with world.connection() as connection:
        return {
            table: [row[0] for row in await connection.fetch(f"select t::text from {table} t order by 1")]  # noqa: S608
            for table in TABLES
        }


async def execute(world: World, *statements: str) -> None:
    async with world.connection() as superuser:
        await superuser.execute("alter table event disable trigger all")
        for statement in statements:
            assert not (await superuser.execute(statement)).endswith(" 0")


async def nothing_is_wrong(world: World) -> None:
    before = await shown(world)
    assert ((await again(world)).changed, await shown(world)) == (NOTHING, before)


async def leftovers(world: World) -> bool:
    return bool(await world.fetchval("select true from pg_namespace where nspname = 'rebuild'"))


def definition(world: World) -> str:
    command = [str(POSTGRES / "pg_dump"), "--schema-only", "--restrict-key=test", world.superuser_dsn]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


async def test_what_is_rebuilt_equals_row_by_row_what_the_appends_wrote_whatever_was_wrong(world: World) -> None:
    plays = await mixed(world)
    before, defined = await shown(world), definition(world)
    least = {"filing": len(plays), "task": 9, "payment": 6, "parcel": 3, "result": 3, "standing": len(plays) + 9}
    assert {table: len(before[table]) for table, wanted in least.items() if len(before[table]) < wanted} == {}

    report = await again(world)
    assert await shown(world) == before
    assert (report.changed, report.rows) == (NOTHING, {table: len(rows) for table, rows in before.items()})
    async with world.connection() as connection:
        counts = "select count(distinct stream), count(*) from event where filing_id is not null"
        assert (report.streams, report.events) == tuple(await connection.fetchrow(counts) or ())
    assert (definition(world), await leftovers(world)) == (defined, False)

    await execute(world, *DAMAGE)
    damaged = await shown(world)
    wrong = {table: len(set(damaged[table]) ^ set(before[table])) for table in TABLES}
    report = await again(world)
    assert await shown(world) == before
    # A changed row is two texts and one difference.
    halved = {table: wrong[table] // 2 for table in ("payment", "standing", "result")}
    assert report.changed == wrong | halved | {"filing": wrong["filing"] - 1}
    assert [table for table, changed in report.changed.items() if not changed] == ["money_receipt"]
    reports = await asyncio.gather(again(world), again(world))
    assert [report.changed for report in reports] == [NOTHING, NOTHING], "two at once take turns"
    assert await shown(world) == before


@pytest.mark.parametrize(
    ("where", "step"), [(rebuilding.Shadows, "compare"), (rebuilding._Rebuild, "_swap")], ids=["comparing", "locking"]
)
async def test_what_is_appended_at_the_last_moment_is_there_and_counts_as_no_difference(
    running: World, monkeypatch: pytest.MonkeyPatch, where: Any, step: str
) -> None:
    old = await Play.begin(running, with_fee())
    take = getattr(where, step)
    new: list[Play] = []

    async def take_it_while_work_goes_on(*arguments: Any) -> Any:
        if step == "compare":
            await take(*arguments)
        await old.accept()
        await old.at(Stage.REVIEW)
        new.append(await Play.begin(running, with_fee()))
        return None if step == "compare" else await take(*arguments)

    monkeypatch.setattr(where, step, take_it_while_work_goes_on)
    report = await again(running)
    monkeypatch.undo()

    assert (report.changed, report.rows["filing"], report.rows["payment"]) == (NOTHING, 2, 1)
    await nothing_is_wrong(running)


async def test_what_is_appended_after_a_look_is_seen_by_the_next(
    running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = await Play.begin(running, with_fee())
    begin = rebuilding._Rebuild.__init__

    class Watched:
        """The rebuild's connection; after the first query it appends further events, once."""

        def __init__(self, connection: Any) -> None:
            self._connection = connection
            self._looked = False

        def __getattr__(self, name: str) -> Any:
            return getattr(self._connection, name)

        async def fetch(self, statement: str, *arguments: Any) -> Any:
            found = await self._connection.fetch(statement, *arguments)
            if statement == rebuilding._GROWN and not self._looked:
                self._looked = True
                await play.accept()
                await play.at(Stage.REVIEW)
            return found

    def watched(self: Any, connection: Any, *rest: Any) -> None:
        begin(self, cast("Any", Watched(connection)), *rest)

    monkeypatch.setattr(rebuilding._Rebuild, "__init__", watched)
    await again(running)
    monkeypatch.undo()
    assert (await again(running)).changed == NOTHING


async def test_while_the_tables_are_swapped_appends_wait(running: World, monkeypatch: pytest.MonkeyPatch) -> None:
    play = await Play.begin(running, with_fee())
    swap = rebuilding.Shadows.swap
    waiting: list[asyncio.Task[Any]] = []

    async def swap_in_the_middle_of_an_append(*arguments: Any) -> None:
        waiting.append(asyncio.create_task(play.accept()))
        done, _ = await asyncio.wait(waiting, timeout=0.5)
        assert not done
        await swap(*arguments)

    monkeypatch.setattr(rebuilding.Shadows, "swap", swap_in_the_middle_of_an_append)
    await again(running)
    monkeypatch.undo()
    await waiting[0]
    await play.at(Stage.REVIEW)
    await nothing_is_wrong(running)


async def test_a_reader_is_waited_for_while_appends_go_on(running: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "LOCK_WAIT", "50ms")
    monkeypatch.setattr(rebuilding, "PAUSE", 0.05)
    play = await Play.begin(running, with_fee())
    async with running.connection() as reader:
        async with reader.transaction():
            await reader.fetch("select * from filing")
            work = asyncio.create_task(again(running))
            await play.deliver()
            assert not work.done()
        assert (await work).changed == NOTHING
    await nothing_is_wrong(running)


async def test_tables_never_to_be_had_end_it_unchanged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "LOCK_WAIT", "50ms")
    monkeypatch.setattr(rebuilding, "PAUSE", 0)
    await mixed_little(world)
    async with world.connection() as reader, reader.transaction():
        await reader.fetch("select * from filing")
        with pytest.raises(WorkRefusedError, match="pg_stat_activity"):
            await again(world)
    assert not await leftovers(world)


async def mixed_little(world: World) -> Play:
    async with world.platform():
        return await Play.begin(world, by_post())


@pytest.mark.parametrize("place", ["rebuild.folded", "rebuild.swapped"])
async def test_killed_it_leaves_the_old_tables_and_the_next_cleans_up(world: World, tmp_path: Path, place: str) -> None:
    await mixed_little(world)
    whole = await shown(world)
    await execute(world, "update filing set status = 9", "delete from task")
    damaged, defined = await shown(world), definition(world)
    (tmp_path / place).touch()
    assert await process(world, tmp_path) == (-signal.SIGKILL, "")
    assert (await shown(world), await leftovers(world)) == (damaged, True)
    code, said = await process(world, tmp_path)
    report = json.loads(said)
    assert (code, report["changed"]) == (0, NOTHING | {"filing": 1, "task": 1})
    assert (report["streams"], report["events"], report["rows"]["filing"]) == (1, 1, 1)
    assert (await shown(world), definition(world), await leftovers(world)) == (whole, defined, False)


async def process(world: World, folder: Path) -> tuple[int, str]:
    """Runs `motcua ledger rebuild --json`, which dies at a failpoint armed in `folder`; returns code and output."""
    running = forked(
        *("motcua.command", "ledger", "rebuild", "--json"),
        cwd=folder,
        env=world.process_env | {"PATH": os.environ["PATH"], "MOTCUA_FAILPOINTS": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    said, _ = await running.communicate()
    return int(running.returncode or 0), said.decode()


UNFOLDABLE: Final = {
    "{stream} seq 1: its sealed part can't be opened": (
        "update event set sealed = sealed || sealed where filing_id is not null"
    ),
    "{stream} seq 1: no event that this version can read": "update event set body = '{}' where filing_id is not null",
    "{stream}: events are missing": "delete from event where filing_id is not null",
    "{stream} seq 1: 1.001193@2026-12-demo with sha256": (
        "update procedure set sha256 = '-'; update publication_state set taken_over = false"
    ),
    "{stream}: the key of its filing is not there": "delete from filing_key",
    "a filing's key can't be unwrapped": "update filing_key set wrapped = wrapped || wrapped",
    "{stream} seq 1: no stream begins with accepted": (
        "update event set kind = 'accepted', version = 1, body = '{}', sealed = null where filing_id is not null"
    ),
}


@pytest.mark.parametrize("why", UNFOLDABLE)
async def test_a_log_that_does_not_fold_is_named_and_nothing_is_changed(world: World, shell: Shell, why: str) -> None:
    stream = f"filing:{(await mixed_little(world)).filing}"
    await execute(world, "update filing set status = 9", UNFOLDABLE[why])
    before = await shown(world)
    ended = await shell("ledger", "rebuild")
    assert (ended.code, ended.out) == (1, "")
    assert why.format(stream=stream) in ended.err
    assert ("nothing was changed" in ended.err, CANARY in ended.err.lower()) == (True, False)
    assert (await shown(world), await leftovers(world)) == (before, False)


async def test_what_it_needs_is_said(world: World, shell: Shell) -> None:
    await mixed_little(world)
    changes: list[tuple[dict[str, str | None], int, str]] = [
        ({"MOTCUA_MASTER_KEY": f"{'A' * 43}="}, 1, "MOTCUA_MASTER_KEY is not the key"),
        ({"MOTCUA_MASTER_KEY": None}, 2, "MOTCUA_MASTER_KEY"),
        ({"MOTCUA_MASTER_KEY": "c2hvcnQ="}, 2, "32 bytes"),
        ({"MOTCUA_OWNER_DATABASE_URL": world.app_dsn}, 1, "owner"),
        ({"MOTCUA_OWNER_DATABASE_URL": None}, 2, "MOTCUA_OWNER_DATABASE_URL"),
    ]
    for changed, code, words in changes:
        ended = await shell("ledger", "rebuild", **changed)
        assert (ended.code, words in ended.err) == (code, True), ended
    done = await shell("ledger", "rebuild")
    assert (done.code, "filing" in done.out) == (0, True)


# What the read model says of where streams stand: which calendar they go by, and which have nothing to do.

WRITE: Final = """
insert into standing (stream, kind, filing_id, agency, n, calendar, open, watched_until, heard_as)
select $1, $2, gen_random_uuid(), $3, 1, $4, $5, $6, '{}'
"""
PUBLISH: Final = """
insert into calendar (name, agency, sha256, body, published_at)
select $1, $2, '', convert_to(replace(convert_from(body, 'UTF8'), '"vn"', '"' || $3 || '"'), 'UTF8'), now()
from calendar where agency = '' order by published_at limit 1
"""
"""The SQL that publishes a calendar like the country's, with another code."""

LATER, EARLIER = (datetime(year, 1, 1, tzinfo=UTC) for year in (2999, 1999))


async def stands(
    connection: Any,
    stream: str,
    *,
    agency: str = "H01.12",
    calendar: str = "old",
    closed: bool = False,
    watched_until: datetime | None = None,
    kind: str = "payment",
) -> None:
    await connection.execute(WRITE, stream, kind, agency, calendar, not closed, watched_until)


async def test_a_stream_is_closed_once_it_is_there_and_no_longer_open(connection: Any) -> None:
    await stands(connection, "open")
    await stands(connection, "closed", closed=True)
    streams = ("open", "closed", "nowhere")
    assert [await stream_status.is_closed(connection, stream) for stream in streams] == [False, True, False]


@pytest.mark.parametrize(
    ("agency", "code"), [("H01.12", "district"), ("H01.12.3", "district"), ("H01.1", "province"), ("H02", "all")]
)
async def test_a_stream_goes_by_the_nearest_agencys_calendar(connection: Any, agency: str, code: str) -> None:
    for above, its_code in (("", "all"), ("H01", "province"), ("H01.12", "district")):
        await connection.execute(PUBLISH, "mine", above, its_code)
        await connection.execute(PUBLISH, "other", above, "other")
    await stands(connection, "s", agency=agency, calendar="mine")
    found = require(await stream_status.calendar_of(connection, "s"))
    assert found.code == code
    assert await stream_status.calendar_of(connection, "nowhere") is None
    await connection.execute(PUBLISH, "newest", "", "vn")
    assert await connection.fetchval(stream_status.IN_FORCE) == "newest"


async def test_those_on_another_calendar_are_told_page_by_page_while_open(connection: Any) -> None:
    await stands(connection, "a")
    await stands(connection, "b", calendar="new")
    await stands(connection, "c", closed=True)
    await stands(connection, "d", closed=True, watched_until=LATER)
    await stands(connection, "e", closed=True, watched_until=EARLIER)
    await stands(connection, "f")
    await stands(connection, "g", kind="parcel")
    asked = (stream_status.NEXT_ON_ANOTHER, "new", "payment")
    pages = [[row["stream"] for row in await connection.fetch(*asked, after, 2)] for after in ("", "d", "f")]
    assert pages == [["a", "d"], ["f"], []]
    assert await connection.fetchval(stream_status.COUNT_ON_ANOTHER, "new", "payment") == 3
