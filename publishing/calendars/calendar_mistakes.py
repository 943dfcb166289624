"""The checks of a calendar file before it is published: its form, its hours, and contradictions between days."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from publishing.checks.facts import is_unconfirmed
from publishing.checks.readable_parts import UNREAD, Listed, Maybe, Sketch, Unread, read, whole
from publishing.checks.schema_mistakes import schema_mistakes
from rules.source import Mistake, child, elsewhere, mistake, plain
from rules.time import calendars as cal
from schemas.publishing import calendar as cf


class DaySketch(Sketch):
    date: Maybe[cf.Day] = UNREAD
    kind: Maybe[cf.DayKind] = UNREAD
    hours: Listed[cf.Hours] = ()
    replaces: Maybe[cf.Day | None] = None
    status: Maybe[cf.DayStatus] = cf.DayStatus.DECIDED
    source: Maybe[str] = UNREAD
    checked: Maybe[cf.Day | None] = None


class OverlaySketch(Sketch):
    agency: Maybe[cf.OverlayAgency | None] = None
    days: Listed[DaySketch] = ()


class WeekSketch(Sketch):
    monday: Listed[cf.Hours] = cf.Week().monday
    tuesday: Listed[cf.Hours] = cf.Week().tuesday
    wednesday: Listed[cf.Hours] = cf.Week().wednesday
    thursday: Listed[cf.Hours] = cf.Week().thursday
    friday: Listed[cf.Hours] = cf.Week().friday
    saturday: Listed[cf.Hours] = cf.Week().saturday
    sunday: Listed[cf.Hours] = cf.Week().sunday


class CalendarSketch(Sketch):
    valid_from: Maybe[cf.Day] = UNREAD
    valid_until: Maybe[cf.Day] = UNREAD
    checked: Maybe[cf.Day | None] = None
    week: Maybe[WeekSketch] = WeekSketch()
    overlays: Listed[OverlaySketch] = ()


def days(file: CalendarSketch) -> Iterator[tuple[str, OverlaySketch, DaySketch]]:
    """Yields the well-formed days of all overlays, each with its path and its overlay."""
    for n, overlay in read(file.overlays).items():
        for k, day in read(overlay.days).items():
            yield f"overlays[{n}].days[{k}]", overlay, day


def problems(raw: object, today: date) -> list[Mistake]:
    """Returns every mistake of a calendar, read with all scalars as texts. If none, the calendar may be published."""
    if not isinstance(raw, dict):
        return [mistake("not_a_mapping", "")]
    found: list[Mistake] = []
    value = plain(raw, "", found)
    found.extend(elsewhere(schema_mistakes(cf.CalendarFile, value), found))
    found.extend(elsewhere(_across(CalendarSketch.model_validate_json(json.dumps(value)), today), found))
    return list({(entry.path, entry.rule): entry for entry in found}.values())


def _across(file: CalendarSketch, today: date) -> Iterator[Mistake]:
    yield from _validity(file)
    week = _hours_of_week(file)
    for name, hours in zip(cf.WEEKDAYS, week, strict=True):
        yield from _hours(hours, f"week.{name}")
    for path, _, day in days(file):
        yield from _hours(day.hours, f"{path}.hours")
        yield from _fields(day, path)
    dated = ((f"{path}.checked", day.checked) for path, _, day in days(file))
    for path, checked in (("checked", file.checked), *dated):
        if isinstance(checked, date) and checked > today:
            yield mistake("checked_in_future", path)
    if all(whole(hours) for hours in week):
        yield from Settling([tuple(read(hours).values()) for hours in week], file).mistakes()


def _hours_of_week(file: CalendarSketch) -> list[Listed[cf.Hours]]:
    week = WeekSketch() if file.week is UNREAD else file.week
    return [getattr(week, name) for name in cf.WEEKDAYS]


def _validity(file: CalendarSketch) -> Iterator[Mistake]:
    ends = {"valid_from": file.valid_from, "valid_until": file.valid_until}
    for name, day in ends.items():
        if isinstance(day, date) and not cal.FIRST_YEAR <= day.year <= cal.LAST_YEAR:
            yield mistake("validity_out_of_reach", name, first=cal.FIRST_YEAR, last=cal.LAST_YEAR)
    first, last = ends.values()
    if isinstance(first, date) and isinstance(last, date):
        if last < first:
            yield mistake("validity_reversed", "valid_until")
        if last.year - first.year >= MOST_YEARS:
            yield mistake("validity_too_long", "valid_until", limit=MOST_YEARS)


def _hours(hours: Listed[cf.Hours], path: str) -> Iterator[Mistake]:
    spans = read(hours)
    for n, span in spans.items():
        if any(earlier.close > span.open for m, earlier in spans.items() if m < n):
            yield mistake("hours_overlap", child(path, n))


def _fields(day: DaySketch, path: str) -> Iterator[Mistake]:
    if day.status is cf.DayStatus.PROPOSED and isinstance(day.source, str) and is_unconfirmed(day.source):
        yield mistake("proposed_by_nobody", f"{path}.source")
    if not isinstance(day.kind, cf.DayKind):
        return
    short, makeup = day.kind is cf.DayKind.SHORT, day.kind is cf.DayKind.MAKEUP
    if short is (day.hours == ()):
        yield mistake("hours_required" if short else "hours_not_for_kind", f"{path}.hours")
    if makeup is (day.replaces is None):
        yield mistake("replaces_required" if makeup else "replaces_not_for_kind", f"{path}.replaces")


MOST_YEARS: Final = 5
"""The longest validity in years, since every filing records all days of its calendar."""


class _Entry(NamedTuple):
    path: str
    kind: cf.DayKind
    status: cf.DayStatus
    day_hours: cal.DayHours
    sketch: DaySketch

    @property
    def proposed(self) -> bool:
        return self.status is cf.DayStatus.PROPOSED


class Settling:
    """Checks the days of all overlays against each other, the week and the base. An agency's own overlay comes first.

    A decided day is checked against the decided days alone; a proposed day, as if all proposed days were decided.
    """

    def __init__(self, week: cal.Weekdays, file: CalendarSketch) -> None:
        self._week = week
        self._valid = (file.valid_from, file.valid_until)
        read_days = (_entry(path, overlay.agency, day, week) for path, overlay, day in days(file))
        self._entries = [entry for entry in read_days if entry is not None]
        self._decided = [entry for entry in self._entries if not entry.proposed]
        proposed = {(entry.day_hours.agency, entry.day_hours.date): entry for entry in self._entries if entry.proposed}
        kept = (entry for entry in self._decided if (entry.day_hours.agency, entry.day_hours.date) not in proposed)
        self._if_decided = [*kept, *proposed.values()]

    def mistakes(self) -> Iterator[Mistake]:
        """Yields the mistakes, each with its path."""
        if (closed := self._closed()) is not None:
            yield mistake("no_working_day", closed)
            return
        seen: set[tuple[str | None, date, bool]] = set()
        for entry in self._entries:
            key = (entry.day_hours.agency, entry.day_hours.date, entry.proposed)
            if key in seen:
                yield mistake("duplicate_date", f"{entry.path}.date")
            elif not self._is_valid(entry.day_hours.date):
                yield mistake("outside_validity", f"{entry.path}.date")
            elif found := list(self._contradictions(entry)):
                yield from found
            elif (
                entry.proposed
                and self._on(entry.day_hours.date, entry.day_hours.agency, self._decided) == entry.day_hours.hours
            ):
                yield mistake("proposed_anyway", f"{entry.path}.date")
            seen.add(key)

    def _closed(self) -> str | None:
        """Returns the path of the entry that leaves the calendar without a working day; None if working days remain."""
        if not any(self._week):
            return "week"
        first, last = self._valid
        if not (isinstance(first, date) and isinstance(last, date)) or (last.year - first.year) >= MOST_YEARS:
            return None
        paths = {entry.day_hours.agency: entry.path.partition(".")[0] for entry in self._decided}
        for agency, path in ({None: "valid_until"} | paths).items():
            if first <= last and not any(self._on(day, agency, self._decided) for day in cal.every_day(first, last)):
                return path
        return None

    def _is_valid(self, day: date) -> bool:
        first, last = self._valid
        return not (isinstance(first, date) and day < first) and not (isinstance(last, date) and day > last)

    def _on(self, day: date, agency: str | None, among: list[_Entry]) -> cf.OpenHours:
        return cal.hours_on(day, agency, self._week, [each.day_hours for each in among])

    def _contradictions(self, entry: _Entry) -> Iterator[Mistake]:
        among = self._if_decided if entry.proposed else self._decided
        day = entry.day_hours.date
        wider = [each.day_hours for each in among if each.day_hours.agency != entry.day_hours.agency]
        hours, regular = cal.hours_on(day, entry.day_hours.agency, self._week, wider), self._week[day.weekday()]
        match entry.kind:
            case cf.DayKind.MAKEUP:
                yield from _made_up(entry, hours, regular)
                yield from self._replaced(entry, among)
            case cf.DayKind.SHORT:
                yield from _shortened(entry, hours)
            case cf.DayKind.WORKING if hours:
                yield mistake("working_anyway", f"{entry.path}.date")
            case cf.DayKind.WORKING if not regular:
                yield mistake("working_without_hours", f"{entry.path}.date")

    def _replaced(self, entry: _Entry, among: list[_Entry]) -> Iterator[Mistake]:
        replaced, agency = entry.sketch.replaces, entry.day_hours.agency
        if not isinstance(replaced, date):
            return
        if not self._week[replaced.weekday()]:
            yield mistake("replaced_day_has_no_hours", f"{entry.path}.replaces")
        elif self._on(replaced, agency, among):
            yield mistake("replaced_day_works", f"{entry.path}.replaces")
        elif entry.proposed and not self._on(replaced, agency, self._decided):
            yield mistake("swap_half_decided", f"{entry.path}.replaces")
        elif any(day != entry.day_hours.date for day in self._made_up_for(replaced, agency, among)):
            yield mistake("replaced_twice", f"{entry.path}.replaces")

    def _made_up_for(self, replaced: date, agency: str | None, among: list[_Entry]) -> Iterator[date]:
        """Yields the days, in overlays or base, on which an agency works to make up for its day off on `replaced`."""
        said = [each.day_hours for each in among]
        for entry in among:
            if entry.kind is cf.DayKind.MAKEUP and entry.sketch.replaces == replaced:
                day = entry.day_hours.date
                if cal.settled_by(day, agency, said) == entry.day_hours:
                    yield day
        for year in range(replaced.year - 1, replaced.year + 2):
            for day, base_replaced in cal.base_year(year).makeup.items():
                if base_replaced == replaced and cal.settled_by(day, agency, said) is None:
                    yield day


def _made_up(entry: _Entry, hours: cf.OpenHours, regular: cf.OpenHours) -> Iterator[Mistake]:
    day, base = entry.day_hours.date, cal.base_year(entry.day_hours.date.year)
    if day in base.off or (regular and not hours):
        yield mistake("makeup_on_holiday", f"{entry.path}.date")
    elif hours and day not in base.makeup:
        yield mistake("makeup_on_working_day", f"{entry.path}.date")


def _shortened(entry: _Entry, hours: cf.OpenHours) -> Iterator[Mistake]:
    if not hours:
        yield mistake("short_on_day_off", f"{entry.path}.date")
        return
    for n, span in read(entry.sketch.hours).items():
        if not any(each.open <= span.open and span.close <= each.close for each in hours):
            yield mistake("short_hours_outside", f"{entry.path}.hours[{n}]")


def _entry(path: str, agency: str | Unread | None, day: DaySketch, week: cal.Weekdays) -> _Entry | None:
    if isinstance(agency, Unread):
        return None
    if not (isinstance(day.date, date) and isinstance(day.kind, cf.DayKind) and isinstance(day.status, cf.DayStatus)):
        return None
    replaces = day.replaces if isinstance(day.replaces, date) else None
    hours = cal.hours_of(day.kind, tuple(read(day.hours).values()), day.date, replaces, week)
    return _Entry(path, day.kind, day.status, cal.DayHours(agency, day.date, hours), day)
