"""Restarts the workflows of streams from the log, and counts the outcomes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

from temporalio.client import Client

from activities.ledger.database import Pool
from console.database import TIMEOUT, while_away
from motcua.cli.answer import progress
from motcua.cli.running import note, there
from motcua.connection import connect
from motcua.errors import MotcuaError
from recovery.behind import PAGE, behind
from recovery.histories import each
from recovery.restart import MAX_CONCURRENCY, Found, Restarter
from rules.streams import KINDS
from schemas.base import Text
from schemas.ids import StreamId
from schemas.reading import FilingRecord
from schemas.translate import said
from views import primary
from views.log import DATABASE_ERRORS
from views.operator import find


@dataclass
class Tally:
    """The outcome of a restart for the unfinished streams of one kind.

    Numbers of streams: `missing` have no running workflow; `behind` have a workflow that lacks events of the log;
    `overtaken` have a newer run. `failed`: the reason by stream; `wrong`: the streams that still have such a fault.
    """

    unfinished: int = 0
    missing: int = 0
    behind: int = 0
    overtaken: int = 0
    running: list[str] = field(default_factory=list)
    restarted: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


Tallies = dict[str, Tally]


async def restart_streams(
    dsn: str, which: str | None, *, force: bool, all_behind: bool
) -> tuple[FilingRecord | None, Tallies]:
    temporal, tallies = await connect(), {kind: Tally() for kind in KINDS}
    async with primary.create_pool(
        dsn, min_size=0, max_size=MAX_CONCURRENCY, timeout=TIMEOUT, command_timeout=TIMEOUT
    ) as pool:
        restarter = Restarter(pool, temporal)
        await restarter.answers()
        if which is None:
            running = await restarter.running()
            if all_behind:
                await _all(restarter, _behind(temporal, pool, running, tallies), tallies, force=True)
                touched = [stream for tally in tallies.values() for stream in tally.restarted]
                uncounted: Tallies = {kind: Tally() for kind in KINDS}
                await _look_again(_behind(temporal, pool, touched, uncounted), tallies)
            else:
                await _all(restarter, _missing(restarter), tallies, frozenset(running))
                await _look_again(_lost(restarter, _missing(restarter), await restarter.running()), tallies)
                _count_missing(tallies)
            return None, tallies
        async with pool.acquire() as connection:
            row = there(await find(connection, which), said("refused.no_filing", filing=which))
        await _all(restarter, _of_filing(restarter, row.filing_id, force=force), tallies, force=force)
        await _look_again(_lost(restarter, _of_filing(restarter, row.filing_id, force=False)), tallies)
        if not force:
            _count_missing(tallies)
        return row, tallies


Pages = AsyncIterator[tuple[str, list[str]]]
"""Yields streams to start, by kind. A filing comes after its payments and parcels, which must run first."""


async def _look_again(pages: Pages, tallies: Tallies) -> None:
    """Sets `wrong` in each tally: the streams that still have the fault (`pages`), and those whose restart failed."""
    async for kind, streams in pages:
        tallies[kind].wrong.extend(streams)
    for tally in tallies.values():
        tally.wrong = sorted({*tally.wrong, *tally.failed})


def _count_missing(tallies: Tallies) -> None:
    for tally in tallies.values():
        tally.missing = tally.unfinished - len(tally.running)


async def _lost(restarter: Restarter, pages: Pages, running: Sequence[str] = ()) -> Pages:
    """Yields the streams without a running workflow. For streams listed as `running`, Temporal is not queried."""
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


async def _behind(temporal: Client, pool: Pool, running: Sequence[str], tallies: Tallies) -> Pages:
    for kind in reversed(tuple(KINDS)):
        ours = sorted(stream for stream in running if stream.startswith(f"{kind}:"))
        for start in range(0, len(ours), PAGE):
            page = await behind(temporal, pool, ours[start : start + PAGE])
            for stream in page.unopened:
                note(said("refused.restart.left_alone"), stream)
            tallies[kind].behind += len(page.behind)
            tallies[kind].overtaken += len(page.overtaken)
            yield kind, page.wrong


async def _all(
    restarter: Restarter, pages: Pages, tallies: Tallies, running: frozenset[str] = frozenset(), *, force: bool = False
) -> None:
    """Restarts the streams. First asks Temporal about streams listed as `running`: cheaper than a needless start."""

    async def again(stream: str) -> Found:
        if stream in running and await restarter.runs(stream):
            return Found.RUNNING
        return await restarter.restart(stream, force=force)

    with progress(what=said("label.workflows")) as moved:
        done, total = count(1), 0
        async for kind, streams in pages:
            tallies[kind].unfinished += len(streams)
            total += len(streams)

            def moved_on(of: int = total) -> None:
                moved(next(done), of)

            await _some(streams, again, tallies[kind], moved_on)


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


def counts_of(tally: Tally) -> dict[str, Any]:
    return {
        "unfinished": tally.unfinished,
        "missing": tally.missing,
        "behind_by_seq": tally.behind,
        "behind_by_epoch": tally.overtaken,
        "running": len(tally.running),
        "restarted": len(tally.restarted),
        "failed": [{"stream": stream, "why": why} for stream, why in tally.failed.items()],
        "still_wrong": tally.wrong,
    }


def still_wrong(tallies: Tallies) -> Iterator[tuple[str, Text | str]]:
    for tally in tallies.values():
        yield from tally.failed.items()
        yield from (
            (stream, said("command.restart.still_wrong")) for stream in tally.wrong if stream not in tally.failed
        )
