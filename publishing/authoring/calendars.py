"""Reads and publishes calendar files, which never change once published."""

import hashlib
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from console.database import Database, connected
from publishing.authoring.procedure_file import MistakesFoundError, all_mistakes
from publishing.calendars.calendar_mistakes import problems
from publishing.record.publishing import PLATFORM, Publisher, publishing
from rules.source import Mistake, parse
from rules.time.calendars import expand
from rules.time.working_time import VIETNAM
from schemas.publishing.calendar import CalendarFile, CalendarName
from schemas.publishing.events import CalendarDays, CalendarPublished

CALENDARS: Final = Path(__file__).parents[2] / "procedures" / "calendars"
CALENDAR: Final = CALENDARS / "vn.yaml"


class Checked(NamedTuple):
    """The calendar in a file, or the file's mistakes. `lines`: the line of each value, by the value's path."""

    calendar: CalendarFile | None
    mistakes: list[Mistake]
    lines: dict[str, int]


def check_bytes(data: bytes, today: date | None = None) -> Checked:
    """Returns the calendar in `data`, or all its mistakes in the order of the file.

    Dates are compared with `today`, by default the present day in Vietnam.
    """
    parsed = parse(data, as_text=True)
    found = all_mistakes(parsed, partial(problems, today=today or datetime.now(VIETNAM).date()))
    return Checked(None if found else CalendarFile.model_validate(parsed.value), found, parsed.lines)


class PublishedCalendar(NamedTuple):
    """A published calendar; `already`: whether the same bytes were published before."""

    name: CalendarName
    sha256: str
    already: bool


class CalendarTakenError(Exception):
    """Raised if the name is taken by a calendar with other content, or if a later calendar is in force."""


async def publish_calendar(database: Database, data: bytes, by: Publisher = PLATFORM) -> PublishedCalendar:
    """Publishes a calendar, which is in force at once. Raises `MistakesFoundError`, `CalendarTakenError`, asyncpg's."""
    checked = check_bytes(data)
    if checked.calendar is None:
        raise MistakesFoundError(checked.mistakes)
    name, sha256 = checked.calendar.name, hashlib.sha256(data).hexdigest()
    async with publishing(database, by) as now:
        stands = await now.connection.fetch(_STANDS, name)
        if not stands:
            own = sorted({overlay.agency for overlay in checked.calendar.overlays if overlay.agency})
            days = tuple(
                CalendarDays(agency=agency or "", body=expand(checked.calendar, agency).model_dump_json())
                for agency in (None, *own)
            )
            await now.publish([CalendarPublished(name=name, sha256=sha256, source=data.decode(), days=days)])
            return PublishedCalendar(name, sha256, already=False)
    if stands[0]["sha256"] != sha256:
        other = f"with other content (sha256 {stands[0]['sha256']})"
        raise CalendarTakenError(f"{name} is published {other}: give the changed file a new version")
    if not stands[0]["last"]:
        raise CalendarTakenError(f"{name} is published, and a later calendar is in force: give this file a new version")
    return PublishedCalendar(name, sha256, already=True)


async def has_calendar(database: Database) -> bool:
    """Whether any calendar is in force."""
    async with connected(database) as connection:
        return bool(await connection.fetchval("select exists (select from calendar)"))


async def file_in_force(database: Database) -> CalendarFile | None:
    """Returns the file of the calendar in force; None if there is none, or if its file was not stored."""
    async with connected(database) as connection:
        source = await connection.fetchval(_FILE)
    return None if source is None else file_of(source)


def file_of(source: bytes) -> CalendarFile:
    """Returns the content of a calendar file from its bytes, as they were published."""
    return CalendarFile.model_validate(parse(source, as_text=True).value)


class ListedCalendar(NamedTuple):
    """A row of the list of published calendars."""

    name: CalendarName
    sha256: str
    published_at: datetime


async def published_calendars(database: Database) -> list[ListedCalendar]:
    """Returns the published calendars, the one in force first."""
    async with connected(database) as connection:
        return [ListedCalendar(*row.values()) for row in await connection.fetch(_LIST)]


_STANDS: Final = """
select sha256, published_at = (select max(published_at) from calendar) as last from calendar
where name = $1 and agency = ''
"""
_FILE: Final = "select source from calendar where agency = '' order by published_at desc limit 1"
_LIST: Final = "select name, sha256, published_at from calendar where agency = '' order by published_at desc"
