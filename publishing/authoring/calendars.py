"""Publishing of working calendars. It needs the rights of the database's owner. A published calendar never changes."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from console.owner import Database, connected
from publishing.authoring.calendar_file import CALENDARS, check_bytes
from publishing.authoring.procedure_file import MistakesFoundError
from publishing.record.publishing import PLATFORM, Publisher, publishing
from rules.source import parse
from rules.time.calendars import expand
from schemas.publishing.calendar import CalendarFile, CalendarName
from schemas.publishing.events import CalendarDays, CalendarPublished

CALENDAR: Final = CALENDARS / "vn.yaml"


class PublishedCalendar(NamedTuple):
    """A published calendar; `already`: the same bytes were published before."""

    name: CalendarName
    sha256: str
    already: bool


class CalendarTakenError(Exception):
    """Another calendar is published under this name, or a later one is in force."""


async def publish_calendar(database: Database, data: bytes, by: Publisher = PLATFORM) -> PublishedCalendar:
    """Publishes a calendar, which is then in force. While it is in force, the same bytes may be published again.

    Raises `MistakesFoundError`, `CalendarTakenError`, and asyncpg's errors.
    """
    checked = check_bytes(data)
    if checked.calendar is None:
        raise MistakesFoundError(checked.mistakes)
    name, sha256 = checked.calendar.name, hashlib.sha256(data).hexdigest()
    async with publishing(database, by) as now:
        stands = await now.connection.fetch(_STANDS, name)
        if not stands:
            days = tuple(_days(checked.calendar))
            said = CalendarPublished(name=name, sha256=sha256, source=data.decode(), days=days)
            await now.publish([said])
            return PublishedCalendar(name, sha256, already=False)
    if stands[0]["sha256"] != sha256:
        other = f"with other content (sha256 {stands[0]['sha256']})"
        raise CalendarTakenError(f"{name} is published {other}: give the changed file a new version")
    if not stands[0]["last"]:
        raise CalendarTakenError(f"{name} is published, and a later calendar is in force: give this file a new version")
    return PublishedCalendar(name, sha256, already=True)


def _days(file: CalendarFile) -> Iterator[CalendarDays]:
    """Yields the calendar of the whole country, and that of each agency with days of its own."""
    agencies = sorted({overlay.agency for overlay in file.overlays if overlay.agency})
    for agency in (None, *agencies):
        yield CalendarDays(agency=agency or "", body=expand(file, agency).model_dump_json())


async def has_calendar(database: Database) -> bool:
    """Whether any calendar is in force."""
    async with connected(database) as connection:
        return bool(await connection.fetchval("select exists (select from calendar)"))


async def file_in_force(database: Database) -> CalendarFile | None:
    """Returns the file of the calendar in force.

    None if there is none, or if it was published before files were stored.
    """
    async with connected(database) as connection:
        source = await connection.fetchval(_FILE)
    return None if source is None else CalendarFile.model_validate(parse(source, as_text=True).value)


class ListedCalendar(NamedTuple):
    """A published calendar in the list."""

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
_LIST: Final = """
select name, sha256, published_at from calendar where agency = '' order by published_at desc
"""
