"""Computes the end of a time limit, for a case that a person has written."""

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, ValidationError
from pydantic_core import PydanticCustomError

from publishing.authoring.calendars import CALENDARS, check_bytes
from rules.time.calendars import expand, proposed
from rules.time.time_words import day_in_words
from rules.time.working_time import VIETNAM, TimeError, explain
from schemas.base import AgencyCode, StrictModel
from schemas.errors import Problem, RefusalCode, problem, shape_refusal
from schemas.limit import Limit, Unit
from schemas.publishing.calendar import Calendar, CalendarDay, CalendarFile
from schemas.translate import joined, said

NATIONAL: Final = "vn"


def instant(value: Any) -> datetime:
    """Parses a date and time written as text. pydantic would also accept a number, as seconds since 1970."""
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
    """Returns the case in a JSON line; fields that the line lacks are taken from `usual`. Raises `RefusedLineError`."""
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
    *reasoning, last = found.reasoning
    if only_proposed:
        days = joined(day_in_words(day.date) for day in only_proposed)
        reasoning.append(said("time.only_proposed", days=days))
    return {
        "due": due.isoformat(),
        "receipt_day": found.receipt_day.isoformat(),
        "calendar": calendar.code,
        "calendar_version": calendar.version,
        "reasoning": [{"vi": line.vi, "en": line.en} for line in (*reasoning, last)],
        "proposed": [
            day.model_dump(mode="json", include={"date", "kind", "replaces", "source"}) for day in only_proposed
        ],
    }


@lru_cache(maxsize=256)
def _calendar(name: str, agency: str | None) -> tuple[Calendar, list[CalendarDay]]:
    """Returns the calendar `name` for an agency, and the calendar's days that are only proposed."""
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
