"""What another calendar would change, answered from the log without writing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import Final
from uuid import UUID

import asyncpg

from activities.ledger.vault import Vault
from rules.filing import lifecycle
from rules.streams import KINDS
from rules.time.calendars import expand
from schemas.filing.events import CalendarChanged, Clock
from schemas.filing.state import Filing
from schemas.people import SYSTEM
from schemas.publishing.calendar import Calendar, CalendarFile
from schemas.stream.ledger import Recorded
from views.log import Log

TIMEOUT: Final = 10.0
PAGE: Final = 200
OPEN_FILINGS: Final = """
select s.stream, s.filing_id, s.agency, s.head_seq
from (
    select filing_id from filing
    where closed_at is null and filing_id > $1 order by filing_id limit $2
) as f join stream s on s.stream = 'filing:' || f.filing_id order by f.filing_id
"""
_HOW_MANY: Final = "select count(*) from filing where closed_at is null"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Moved:
    """A running clock of an open filing that would be due at another instant."""

    code: str
    agency: str
    procedure: str
    clock: Clock
    due: datetime
    would_be_due: datetime
    becomes_late: bool
    no_longer_late: bool


@dataclass
class WhatIf:
    """What would move, of how many open filings, as of an instant."""

    calendar: str
    at: datetime
    filings: int = 0
    moved: list[Moved] = field(default_factory=list)


async def what_if(dsn: str, master: bytes, file: CalendarFile, at: datetime, progress: Progress) -> WhatIf:
    """Project the clocks of every open filing on the calendar in `file`. `progress(filings, of)` after each page.

    Raises `UnfoldableError`, and what asyncpg raises.
    """
    answer = WhatIf(calendar=file.name, at=at)
    async with (
        asyncpg.create_pool(dsn, min_size=1, max_size=1, timeout=TIMEOUT) as pool,
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        of = await connection.fetchval(_HOW_MANY)
        log = Log(connection, Vault(master).find, KINDS)
        after = UUID(int=0)
        on = cache(partial(expand, file))
        while page := await connection.fetch(OPEN_FILINGS, after, PAGE):
            for stream in page:
                name, agency = stream["stream"], stream["agency"]
                events = await log.events(name, stream["filing_id"], stream["head_seq"])
                filing = await log.fold(name, agency, events)
                answer.moved += _moved(filing, on(filing.agency), at)
            answer.filings += len(page)
            progress(answer.filings, of)
            after = page[-1]["filing_id"]
    return answer


def _moved(filing: Filing, calendar: Calendar, at: datetime) -> Iterator[Moved]:
    changed = CalendarChanged(calendar=calendar)
    recorded = Recorded(seq=filing.seq + 1, at=at, command_id="what-if", actor=SYSTEM, event=changed)
    then = lifecycle.evolve(filing, recorded)
    for clock, state in filing.clocks.items():
        would_be = then.clocks[clock].due
        if would_be != state.due and not state.paused:
            yield Moved(
                code=str(filing.code),
                agency=filing.agency,
                procedure=filing.procedure.code,
                clock=clock,
                due=state.due,
                would_be_due=would_be,
                becomes_late=state.due > at >= would_be,
                no_longer_late=would_be > at >= state.due,
            )
