"""Reads and publishes calendar files, which never change once published; answers the cases of `calendar due`."""

import hashlib
import json
from datetime import date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

from pydantic import BeforeValidator, ValidationError
from pydantic_core import PydanticCustomError

from console.database import Database, connected
from publishing.authoring.procedure_file import MistakesFoundError, all_mistakes
from publishing.calendars.calendar_mistakes import problems
from publishing.record.publishing import PLATFORM, Publisher, publishing
from rules.source import Mistake, parse
from rules.time.calendars import expand, proposed
from rules.time.working_time import VIETNAM, TimeError, explain
from schemas.base import AgencyCode, StrictModel
from schemas.errors import Problem, RefusalCode, problem, shape_refusal
from schemas.limit import Limit, Unit
from schemas.publishing.calendar import Calendar, CalendarDay, CalendarFile, CalendarName
from schemas.publishing.events import CalendarDays, CalendarPublished
from schemas.translate import said

CALENDARS: Final = Path(__file__).parents[2] / "procedures" / "calendars"
CALENDAR: Final = CALENDARS / "vn.yaml"


class Checked(NamedTuple):
    """The calendar in a file, or the file's mistakes. `lines`: the line of each value, by the value's path."""

    calendar: CalendarFile | None
    mistakes: list[Mistake]
    lines: dict[str, int]


def check_bytes(data: bytes, today: date | None = None) -> Checked:
    """Returns the calendar in `data`, or all its mistakes in the order of the file, as of `today` in Vietnam."""
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
    """Publishes a calendar, now in force. Raises `MistakesFoundError`, `CalendarTakenError`, asyncpg's errors."""
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
    return None if source is None else CalendarFile.model_validate(parse(source, as_text=True).value)


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


NATIONAL: Final = "vn"


def instant(value: Any) -> datetime:
    """Parses a date and time, only in written form: pydantic would also take a number, as seconds since 1970."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise PydanticCustomError("datetime_parsing", "an instant is written like 2026-02-13T16:05+07:00") from None
    if found.tzinfo is None:
        raise PydanticCustomError("timezone_aware", "an instant has its zone, as in 2026-02-13T16:05+07:00")
    return found


def _limit(value: Any) -> Limit:
    """Parses a written limit. Seconds are refused: they are only for demonstrations, and no calendar affects them."""
    try:
        found = Limit.model_validate(value) if isinstance(value, str) else None
    except ValidationError:
        found = None
    if found is None or found.unit is Unit.SECONDS:
        raise PydanticCustomError("limit_form", "a limit is N working days, N working hours or N calendar days")
    return found


_Instant = Annotated[datetime, BeforeValidator(instant)]


class Case(StrictModel):
    """A case for `calendar due`: one line of a file, or the options of the command."""

    received: _Instant
    limit: Annotated[Limit, BeforeValidator(_limit)]
    calendar: str = NATIONAL
    agency: AgencyCode | None = None
    pauses: tuple[tuple[_Instant, _Instant], ...] = ()


class RefusedLineError(ValueError):
    """The end of a case's limit can't be computed; `problem` has the reason."""

    def __init__(self, found: Problem) -> None:
        super().__init__(f"{found.field}: {found.message.en} [{found.rule}]".removeprefix(": "))
        self.problem = found


def case_in(line: bytes, usual: dict[str, Any]) -> Case:
    """Returns the case in a line, whose missing fields have the values in `usual`. Raises `RefusedLineError`."""
    try:
        written = json.loads(line, object_pairs_hook=_once)
    except RefusedLineError:
        raise
    except (ValueError, RecursionError):
        raise RefusedLineError(problem("", "json_invalid")) from None
    if isinstance(written, dict):
        written = usual | {name: value for name, value in written.items() if value is not None}
    return Case.model_validate(written)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns a JSON object made of `pairs`. Raises `RefusedLineError` for a duplicate key, which `json` accepts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise RefusedLineError(problem(twice, "duplicate_key"))
    return found


def answer_of(case: Case) -> dict[str, Any]:
    calendar, proposals = _calendar(case.calendar, case.agency)
    found = explain(case.received, case.limit, calendar, pauses=case.pauses)
    due = found.due.astimezone(VIETNAM)
    only_proposed = [day for day in proposals if found.receipt_day <= day.date <= due.date()]
    shown = {"date", "kind", "replaces", "source"}
    *reasoning, last = found.reasoning
    if only_proposed:
        days = ", ".join(f"{day.date} ({day.kind})" for day in only_proposed)
        reasoning.append(said("time.only_proposed", days=days))
    return {
        "due": due.isoformat(),
        "receipt_day": found.receipt_day.isoformat(),
        "calendar": calendar.code,
        "calendar_version": calendar.version,
        "reasoning": [{"vi": line.vi, "en": line.en} for line in (*reasoning, last)],
        "proposed": [day.model_dump(mode="json", include=shown) for day in only_proposed],
    }


@lru_cache(maxsize=256)
def _calendar(name: str, agency: str | None) -> tuple[Calendar, list[CalendarDay]]:
    """Returns the calendar `name` for an agency, and those of its days that are only proposed."""
    file = named_file(name)
    return expand(file, agency), proposed(file, agency)


@lru_cache(maxsize=64)
def named_file(name: str) -> CalendarFile:
    """Returns a calendar: `name` is its name in the catalogue, or the path of its file. Raises `RefusedLineError`."""
    named = CALENDARS / f"{name}.yaml"
    path = named if "/" not in name and named.is_file() else Path(name)
    try:
        checked = check_bytes(path.read_bytes())
    except (OSError, ValueError):
        known = ", ".join(sorted(file.stem for file in CALENDARS.glob("*.yaml")))
        raise RefusedLineError(problem("calendar", "unknown_calendar", known=known)) from None
    if checked.calendar is None:
        first = checked.mistakes[0]
        where = f"{path}:{first.line} {first.path} ({first.rule})"
        raise RefusedLineError(problem("calendar", "calendar_has_mistakes", where=where, path=path))
    return checked.calendar


def problem_of(error: ValidationError | TimeError | RefusedLineError) -> Problem:
    """Returns the problem that an error about a case reports; the first one if it reports several."""
    if isinstance(error, ValidationError):
        return shape_refusal(RefusalCode.BAD_COMMAND, error).refusal.problems[0]
    return error.problem
