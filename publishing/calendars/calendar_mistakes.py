"""The checks of a calendar file before it is published: its form, its hours, and contradictions between days."""

import json
from collections.abc import Iterator
from datetime import date

from publishing.calendars.calendar_sketch import CalendarSketch, DaySketch, days, hours_of_week
from publishing.calendars.day_mistakes import MOST_YEARS, Settling
from publishing.checks.facts import is_unconfirmed
from publishing.checks.readable_parts import Listed, read, whole
from publishing.checks.schema_mistakes import schema_mistakes
from rules.source import Mistake, child, elsewhere, mistake, plain
from rules.time.calendars import FIRST_YEAR, LAST_YEAR
from schemas.publishing.calendar import WEEKDAYS, CalendarFile, DayKind, DayStatus, Hours


def problems(raw: object, today: date) -> list[Mistake]:
    """Every mistake of a calendar as read from a file, with all scalars as texts. If empty, it may be published."""
    if not isinstance(raw, dict):
        return [mistake("not_a_mapping", "")]
    found: list[Mistake] = []
    value = plain(raw, "", found)
    found.extend(elsewhere(schema_mistakes(CalendarFile, value), found))
    found.extend(elsewhere(_across(CalendarSketch.model_validate_json(json.dumps(value)), today), found))
    return list({(entry.path, entry.rule): entry for entry in found}.values())


def _across(file: CalendarSketch, today: date) -> Iterator[Mistake]:
    yield from _validity(file)
    week = hours_of_week(file)
    for name, hours in zip(WEEKDAYS, week, strict=True):
        yield from _hours(hours, f"week.{name}")
    for path, _, day in days(file):
        yield from _hours(day.hours, f"{path}.hours")
        yield from _fields(day, path)
    for path, checked in _checked(file):
        if isinstance(checked, date) and checked > today:
            yield mistake("checked_in_future", path)
    if all(whole(hours) for hours in week):
        yield from Settling([tuple(read(hours).values()) for hours in week], file).mistakes()


def _checked(file: CalendarSketch) -> Iterator[tuple[str, object]]:
    yield "checked", file.checked
    yield from ((f"{path}.checked", day.checked) for path, _, day in days(file))


def _validity(file: CalendarSketch) -> Iterator[Mistake]:
    ends = {"valid_from": file.valid_from, "valid_until": file.valid_until}
    for name, day in ends.items():
        if isinstance(day, date) and not FIRST_YEAR <= day.year <= LAST_YEAR:
            yield mistake("validity_out_of_reach", name, first=FIRST_YEAR, last=LAST_YEAR)
    first, last = ends.values()
    if isinstance(first, date) and isinstance(last, date):
        if last < first:
            yield mistake("validity_reversed", "valid_until")
        if last.year - first.year >= MOST_YEARS:
            yield mistake("validity_too_long", "valid_until", limit=MOST_YEARS)


def _hours(hours: Listed[Hours], path: str) -> Iterator[Mistake]:
    spans = read(hours)
    for n, span in spans.items():
        if any(earlier.close > span.open for m, earlier in spans.items() if m < n):
            yield mistake("hours_overlap", child(path, n))


def _fields(day: DaySketch, path: str) -> Iterator[Mistake]:
    if day.status is DayStatus.PROPOSED and isinstance(day.source, str) and is_unconfirmed(day.source):
        yield mistake("proposed_by_nobody", f"{path}.source")
    if not isinstance(day.kind, DayKind):
        return
    short, makeup = day.kind is DayKind.SHORT, day.kind is DayKind.MAKEUP
    if short is (day.hours == ()):
        yield mistake("hours_required" if short else "hours_not_for_kind", f"{path}.hours")
    if makeup is (day.replaces is None):
        yield mistake("replaces_required" if makeup else "replaces_not_for_kind", f"{path}.replaces")
