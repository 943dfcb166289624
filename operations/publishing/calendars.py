"""Publishing working calendars, with the rights of the database's owner. A published one never changes."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final, NamedTuple

from operations.publishing.calendar_file import CALENDARS, check_bytes
from operations.publishing.owner import Database, connected
from operations.publishing.procedure_file import MistakesFoundError
from rules.publishing.document import parse
from rules.time.calendars import expand
from schemas.publishing.calendar import CalendarFile, CalendarName

CALENDAR: Final = CALENDARS / "vn.yaml"


class PublishedCalendar(NamedTuple):
    """What was published. `already` says that these very bytes were published before."""

    name: CalendarName
    sha256: str
    already: bool


class CalendarTakenError(Exception):
    """What was published under this name, or after it, stands in the way."""


async def publish_calendar(database: Database, data: bytes) -> PublishedCalendar:
    """Publish a calendar, which is in force from then on. The same bytes may be published again while they are.

    Raises `MistakesFoundError`, `CalendarTakenError`, and what asyncpg raises.
    """
    checked = check_bytes(data)
    if checked.calendar is None:
        raise MistakesFoundError(checked.mistakes)
    name, sha256 = checked.calendar.name, hashlib.sha256(data).hexdigest()
    async with connected(database) as connection, connection.transaction():
        await connection.execute("lock table calendar in share row exclusive mode")
        stands = await connection.fetch(_STANDS, name)
        if not stands:
            at = await connection.fetchval(_NOW)
            rows = [(name, *row, sha256, at) for row in _rows(checked.calendar, data)]
            await connection.executemany(_INSERT, rows)
            return PublishedCalendar(name, sha256, already=False)
    if stands[0]["sha256"] != sha256:
        other = f"with other content (sha256 {stands[0]['sha256']})"
        raise CalendarTakenError(f"{name} is published {other}: give the changed file a new version")
    if not stands[0]["last"]:
        raise CalendarTakenError(f"{name} is published, and a later calendar is in force: give this file a new version")
    return PublishedCalendar(name, sha256, already=True)


def _rows(file: CalendarFile, data: bytes) -> list[tuple[str, bytes, bytes | None]]:
    """The calendar of the whole country with its file, and that of each agency which has days of its own."""
    agencies = sorted({overlay.agency for overlay in file.overlays if overlay.agency})
    bodies = {agency: expand(file, agency).model_dump_json().encode() for agency in (None, *agencies)}
    return [(agency or "", body, None if agency else data) for agency, body in bodies.items()]


async def has_calendar(database: Database) -> bool:
    """Whether any calendar is in force."""
    async with connected(database) as connection:
        return bool(await connection.fetchval("select exists (select from calendar)"))


async def file_in_force(database: Database) -> CalendarFile | None:
    """The file of the calendar in force; None: there is none, or it was published before files were kept."""
    async with connected(database) as connection:
        source = await connection.fetchval(_FILE)
    return None if source is None else CalendarFile.model_validate(parse(source, as_text=True).value)


class ListedCalendar(NamedTuple):
    """A published calendar, the one in force first."""

    name: CalendarName
    sha256: str
    published_at: datetime


async def published_calendars(database: Database) -> list[ListedCalendar]:
    """The published calendars, the one in force first."""
    async with connected(database) as connection:
        return [ListedCalendar(*row.values()) for row in await connection.fetch(_LIST)]


_STANDS: Final = """
select sha256, published_at = (select max(published_at) from calendar) as last from calendar
where name = $1 and agency = ''
"""
_INSERT: Final = """
insert into calendar (name, agency, body, source, sha256, published_at) values ($1, $2, $3, $4, $5, $6)
"""
_NOW: Final = """
select greatest(clock_timestamp(), max(published_at) + interval '1 microsecond') from calendar
"""
"""Later than all that was published before: asked once nobody else publishes."""

_FILE: Final = "select source from calendar where agency = '' order by published_at desc limit 1"
_LIST: Final = """
select name, sha256, published_at from calendar where agency = '' order by published_at desc
"""
