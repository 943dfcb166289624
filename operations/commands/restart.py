"""`motcua filing restart`: what Temporal has lost goes on from the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from temporalio.client import Client

from motcua.cli.answer import Column, columns, show_all
from motcua.cli.running import AsJson, Exit, fail, note, use_stack_here
from motcua.connection import connect
from motcua.errors import MotcuaError
from operations.addresses import APPLICATION
from operations.commands.database import TIMEOUT, address, answered
from operations.patience import while_away
from recovery.behind import all_behind as all_behind_of
from recovery.histories import each
from recovery.restart import MAX_CONCURRENCY, Found, Restarter
from rules.streams import KINDS
from schemas.base import Text
from schemas.ids import StreamId
from schemas.reading import FilingRecord
from schemas.saying import said
from views.log import DATABASE_ERRORS
from views.operator import find

app = typer.Typer()

_COLUMNS: Final = (TextColumn("Quy trình / Workflows"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())

Failures = dict[str, str]


@dataclass
class Tally:
    """What became of the unfinished streams of one kind.

    Attributes:
        unfinished: All that were looked at.
        missing: How many of them had no running workflow.
        behind: How many had one that did not know what the log holds.
        overtaken: How many had one that had lost its stream to another run.
        running: Those that were left alone.
        restarted: Those that were started again.
        failed: Why others were not.
        wrong: Those that are still missing, behind or overtaken, when all that is done.
    """

    unfinished: int = 0
    missing: int = 0
    behind: int = 0
    overtaken: int = 0
    running: list[str] = field(default_factory=list)
    restarted: list[str] = field(default_factory=list)
    failed: Failures = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


Tallies = dict[str, Tally]


def _tallies() -> Tallies:
    return {kind: Tally() for kind in KINDS}


@app.command()
def restart(
    which: Annotated[
        str | None, typer.Argument(metavar="[CODE|FILING_ID]", help="The dossier code (mã hồ sơ) or the filing's id.")
    ] = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Also what runs: it is ended and goes on from the log. For one filing.")
    ] = False,
    all_missing: Annotated[
        bool, typer.Option("--all-missing", help="Everything unfinished in the log that has no running workflow.")
    ] = False,
    all_behind: Annotated[
        bool, typer.Option("--all-behind", help="Everything that runs and does not know the log, or lost its stream.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Start a filing again from the log, with its payments and parcels, where their workflows are lost or wrong.

    Terminated, cancelled, failed, deleted, or gone with Temporal's database: each goes on where the log says that it
    stands. What runs is left alone, so it is safe to repeat, but for --force and --all-behind: they end what stands
    still, can't be replayed, does not know what the log holds, or has lost its stream to another run. What is still
    wrong after that is counted last. Exit code 1: it has ended, or something failed or is still wrong.

    Examples: `motcua filing restart H01.12-20261125-0000001`, `motcua filing restart H01.12-20261125-0000001 --force`,
    `motcua filing restart --all-missing --json`, `motcua filing restart --all-behind`
    """
    if [which is not None, all_missing, all_behind].count(True) != 1 or (force and which is None):
        fail(
            "nêu mã hồ sơ (có thể kèm --force), hoặc --all-missing, hoặc --all-behind / "
            "name a filing (with --force or without), or say --all-missing, or --all-behind",
            Exit.USAGE,
        )
    use_stack_here()
    dsn = address(APPLICATION)
    try:
        row, tallies = answered(lambda: _restart(dsn, which, force=force, all_behind=all_behind))
    except MotcuaError as error:
        fail(f"không kết nối được Temporal / Temporal: {error}", Exit.UNREACHABLE)
    data = {f"{kind.removesuffix('s')}s": _counts(tally) for kind, tally in tallies.items()}
    show_all(
        ({"kind": _name(kind), **_counts(tally)} for kind, tally in tallies.items()), _TALLY, as_json=as_json, data=data
    )
    if (wrong := list(_wrong(tallies))) and not as_json:
        show_all(wrong, columns("stream:0 problem:1"))
    failed = any(tally.failed or tally.wrong for tally in tallies.values())
    if row is not None and not (failed or any(tally.restarted for tally in tallies.values())):
        _nothing_to_do(row)
    if failed:
        raise typer.Exit(Exit.REFUSED)


def _nothing_to_do(row: FilingRecord) -> None:
    code = row.code
    if row.closed_at is not None:
        fail(
            f"hồ sơ {code} đã kết thúc, không có gì để khởi động lại / "
            f"filing {code} has ended ({row.outcome}); there is nothing to start again",
            Exit.REFUSED,
        )
    note(f"hồ sơ {code} đang chạy, không có gì để khởi động lại / filing {code} is running; nothing was started")


async def _restart(
    dsn: str, which: str | None, *, force: bool, all_behind: bool
) -> tuple[FilingRecord | None, Tallies]:
    temporal, tallies = await connect(), _tallies()
    async with asyncpg.create_pool(
        dsn, min_size=0, max_size=MAX_CONCURRENCY, timeout=TIMEOUT, command_timeout=TIMEOUT
    ) as pool:
        restarter = Restarter(pool, temporal)
        await restarter.answers()
        if which is None:
            running = await restarter.running()
            if all_behind:
                await _all(restarter, _behind(temporal, pool, running, tallies), tallies, force=True)
                touched = [stream for tally in tallies.values() for stream in tally.restarted]
                await _look_again(_behind(temporal, pool, touched, _tallies()), tallies)
            else:
                await _all(restarter, _missing(restarter), tallies, frozenset(running))
                await _look_again(_lost(restarter, _missing(restarter), await restarter.running()), tallies)
                _count_missing(tallies)
            return None, tallies
        async with pool.acquire() as connection:
            row = await find(connection, which)
        if row is None:
            fail(f"không có hồ sơ này / the record has no filing {which}", Exit.NOT_AVAILABLE)
        await _all(restarter, _of_filing(restarter, row.filing_id, force=force), tallies, force=force)
        await _look_again(_lost(restarter, _of_filing(restarter, row.filing_id, force=False)), tallies)
        if not force:
            _count_missing(tallies)
        return row, tallies


Pages = AsyncIterator[tuple[str, list[str]]]
"""Streams to start, by kind. A filing comes behind its payments and parcels, so that it finds them."""


async def _look_again(pages: Pages, tallies: Tallies) -> None:
    """Keep what is still wrong: what these pages name, and what could not be started."""
    async for kind, streams in pages:
        tallies[kind].wrong.extend(streams)
    for tally in tallies.values():
        tally.wrong = sorted({*tally.wrong, *tally.failed})


def _count_missing(tallies: Tallies) -> None:
    for tally in tallies.values():
        tally.missing = tally.unfinished - len(tally.running)


async def _lost(restarter: Restarter, pages: Pages, running: Sequence[str] = ()) -> Pages:
    """Those of them that have no running workflow. Of those that are listed as `running` nobody is asked."""
    listed = frozenset(running)

    async def is_lost(stream: str) -> bool:
        if stream in listed or await restarter.runs(stream):
            return False
        of = StreamId.parse(stream)
        return stream in await restarter.unfinished(of.kind, of.filing)  # it may have ended meanwhile

    async for kind, streams in pages:
        found = await each(is_lost, streams)
        yield kind, [stream for stream, lost in zip(streams, found, strict=True) if lost]


async def _of_filing(restarter: Restarter, filing: UUID, *, force: bool) -> Pages:
    known = await restarter.streams(filing) if force else []
    running = [stream for stream in known if await restarter.runs(stream)]
    for kind in reversed(tuple(restarter.kinds)):
        unfinished = await restarter.unfinished(kind, filing)
        yield kind, list(dict.fromkeys((*unfinished, *(one for one in running if one.startswith(f"{kind}:")))))


async def _missing(restarter: Restarter) -> Pages:
    for kind in reversed(tuple(restarter.kinds)):
        seen: set[str] = set()
        async for page in restarter.all_unfinished(kind):
            yield kind, [stream for stream in page if stream not in seen]
            seen.update(page)


async def _behind(
    temporal: Client, pool: asyncpg.Pool[asyncpg.Record], running: Sequence[str], tallies: Tallies
) -> Pages:
    """Those that are behind or overtaken, which the tallies count."""
    for kind in reversed(tuple(KINDS)):
        ours = sorted(stream for stream in running if stream.startswith(f"{kind}:"))
        async for page in all_behind_of(temporal, pool, ours):
            for stream in page.unopened:
                note(f"không mở được ở đây, để nguyên / can't be opened here, left alone: {stream}")
            tallies[kind].behind += len(page.behind)
            tallies[kind].overtaken += len(page.overtaken)
            yield kind, page.wrong


async def _all(
    restarter: Restarter, pages: Pages, tallies: Tallies, running: frozenset[str] = frozenset(), *, force: bool = False
) -> None:
    """Start them. Of those that seem to be `running` Temporal is asked first: cheaper than a start in vain."""
    with Progress(*_COLUMNS, console=Console(stderr=True), transient=True) as bar:
        task, total = bar.add_task("", total=0), 0
        async for kind, streams in pages:
            tallies[kind].unfinished += len(streams)
            total += len(streams)
            bar.update(task, total=total)
            again = partial(_again, restarter, running=running, force=force)
            await _some(streams, again, tallies[kind], lambda: bar.advance(task))


async def _again(restarter: Restarter, stream: str, *, running: frozenset[str], force: bool) -> Found:
    if stream in running and await restarter.runs(stream):
        return Found.RUNNING
    return await restarter.restart(stream, force=force)


async def _some(
    streams: list[str], again: Callable[[str], Awaitable[Found]], tally: Tally, done: Callable[[], None]
) -> None:
    waiting = iter(streams)

    async def work() -> None:
        for stream in waiting:
            try:
                found = await while_away(partial(again, stream))
            except (MotcuaError, *DATABASE_ERRORS, OSError, TimeoutError) as error:
                tally.failed[stream] = str(error) if isinstance(error, MotcuaError) else type(error).__name__
            else:
                (tally.running if found is Found.RUNNING else tally.restarted).append(stream)
            done()

    await asyncio.gather(*(work() for _ in range(MAX_CONCURRENCY)))


def _counts(tally: Tally) -> dict[str, Any]:
    failed = [{"stream": stream, "why": why} for stream, why in tally.failed.items()]
    return {
        "unfinished": tally.unfinished,
        "missing": tally.missing,
        "behind_by_seq": tally.behind,
        "behind_by_epoch": tally.overtaken,
        "running": len(tally.running),
        "restarted": len(tally.restarted),
        "failed": failed,
        "still_wrong": tally.wrong,
    }


_TALLY: Final = columns(
    "kind unfinished running missing behind_by_seq behind_by_epoch restarted",
    Column("still_wrong", lambda row: len(row["still_wrong"])),
)


def _name(kind: str) -> Text | str:
    return KINDS[kind].title or kind


def _wrong(tallies: Tallies) -> Iterator[tuple[str, Text | str]]:
    for tally in tallies.values():
        yield from tally.failed.items()
        yield from (
            (stream, said("command.restart.still_wrong")) for stream in tally.wrong if stream not in tally.failed
        )
