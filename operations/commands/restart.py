"""`motcua filing restart`: what Temporal has lost goes on from the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import asyncpg
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from motcua.cli.running import AsJson, Exit, fail, note, out, print_json, use_stack_here
from motcua.connection import connect
from motcua.errors import MotcuaError
from operations.addresses import APPLICATION
from operations.commands.database import TIMEOUT, address, answered
from operations.restart import MAX_CONCURRENCY, Found, Restarter
from rules.streams import KINDS
from schemas.reading import FilingRecord
from views.operator import find

_COLUMNS: Final = (TextColumn("Quy trình / Workflows"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())

Failures = dict[str, str]


@dataclass
class Tally:
    """What became of the unfinished streams of one kind."""

    unfinished: int = 0
    running: list[str] = field(default_factory=list)
    restarted: list[str] = field(default_factory=list)
    failed: Failures = field(default_factory=dict)


Tallies = dict[str, Tally]


def restart(
    which: Annotated[
        str | None, typer.Argument(metavar="[CODE|FILING_ID]", help="The dossier code (mã hồ sơ) or the filing's id.")
    ] = None,
    *,
    all_missing: Annotated[
        bool, typer.Option("--all-missing", help="Everything unfinished in the log that has no running workflow.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Start a filing again from the log, with its payments and parcels, where their workflows are lost.

    Terminated, cancelled, failed, deleted, or gone with Temporal's database: each goes on where the log says that it
    stands. What runs is left alone, so it is safe to repeat. Exit code 1: it has ended, or something failed.

    Examples: `motcua filing restart H01.12-20261125-0000001`, `motcua filing restart --all-missing --json`
    """
    if (which is None) is not all_missing:
        fail("nêu mã hồ sơ hoặc --all-missing / name a filing, or say --all-missing", Exit.USAGE)
    use_stack_here()
    dsn = address(APPLICATION)
    try:
        row, tallies = answered(_restart(dsn, which))
    except MotcuaError as error:
        fail(f"không kết nối được Temporal / Temporal: {error}", Exit.UNREACHABLE)
    if as_json:
        print_json({f"{kind}s": _counts(tally) for kind, tally in tallies.items()})
    else:
        for line in _lines(tallies):
            out().print(line)
    failed = any(tally.failed for tally in tallies.values())
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


async def _restart(dsn: str, which: str | None) -> tuple[FilingRecord | None, Tallies]:
    temporal = await connect()
    async with asyncpg.create_pool(
        dsn, min_size=0, max_size=MAX_CONCURRENCY, timeout=TIMEOUT, command_timeout=TIMEOUT
    ) as pool:
        restarter = Restarter(pool, temporal)
        row = None
        if which is not None:
            async with pool.acquire() as connection:
                row = await find(connection, which)
        if which is not None and row is None:
            fail(f"không có hồ sơ này / the record has no filing {which}", Exit.NOT_AVAILABLE)
        filing = None if row is None else row.filing_id
        streams = {kind: await restarter.unfinished(kind, filing) for kind in restarter.kinds}
        await restarter.answers()
        return row, await _all(restarter, streams)


async def _all(restarter: Restarter, streams: dict[str, list[str]]) -> Tallies:
    tallies = {kind: Tally(unfinished=len(found)) for kind, found in streams.items()}
    with Progress(*_COLUMNS, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=sum(len(found) for found in streams.values()))
        for kind, found in streams.items():
            await _some(restarter, found, tallies[kind], lambda: bar.advance(task))
    return tallies


async def _some(restarter: Restarter, streams: list[str], tally: Tally, done: Callable[[], None]) -> None:
    waiting = iter(streams)

    async def work() -> None:
        for stream in waiting:
            try:
                found = await restarter.restart(stream)
            except (MotcuaError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                tally.failed[stream] = str(error) if isinstance(error, MotcuaError) else type(error).__name__
            else:
                (tally.running if found is Found.RUNNING else tally.restarted).append(stream)
            done()

    await asyncio.gather(*(work() for _ in range(MAX_CONCURRENCY)))


def _counts(tally: Tally) -> dict[str, Any]:
    failed = [{"stream": stream, "why": why} for stream, why in tally.failed.items()]
    return {
        "unfinished": tally.unfinished,
        "running": len(tally.running),
        "restarted": len(tally.restarted),
        "failed": failed,
    }


def _lines(tallies: Tallies) -> Iterator[str]:
    for kind, tally in tallies.items():
        title = KINDS[kind].title
        name = f"{title.vi} / {title.en}" if title else kind
        yield (
            f"{name}: {tally.unfinished} chưa xong / unfinished, {len(tally.running)} đang chạy / running, "
            f"[green]{len(tally.restarted)}[/] khởi động lại / restarted, {len(tally.failed)} lỗi / failed"
        )
        for stream, why in tally.failed.items():
            yield f"[red]{escape(stream)}: {escape(why)}[/]"
