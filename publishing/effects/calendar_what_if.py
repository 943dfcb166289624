"""The effect of another calendar, computed from the log without writing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial

from activities.keys.masters import MasterKeys
from publishing.effects.open_filings import Progress, open_filings
from rules.filing import lifecycle
from rules.time.calendars import expand
from schemas.filing.events import CalendarChanged, Clock
from schemas.filing.state import Filing
from schemas.people import SYSTEM
from schemas.publishing.calendar import Calendar, CalendarFile
from schemas.stream.ledger import Recorded


@dataclass(frozen=True)
class Moved:
    """A running clock of an open filing that would be due at another time."""

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
    """The clocks that would move, and the number of open filings, as of a time."""

    calendar: str
    at: datetime
    filings: int = 0
    moved: list[Moved] = field(default_factory=list)


async def what_if(dsn: str, master: MasterKeys, file: CalendarFile, at: datetime, progress: Progress) -> WhatIf:
    """Projects the clocks of every open filing on the calendar in `file`.

    Calls `progress(filings, of)` after each page. Raises `UnfoldableError`, and asyncpg's errors.
    """
    answer = WhatIf(calendar=file.name, at=at)
    on = cache(partial(expand, file))
    async for filing in open_filings(dsn, master, progress):
        answer.moved += _moved(filing, on(filing.agency), at)
        answer.filings += 1
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
