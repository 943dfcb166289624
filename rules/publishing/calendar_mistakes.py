"""What makes a calendar file fit to be published: its form, its hours, and days that do not contradict each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from rules.publishing.mistakes import Mistake, mistake
from rules.publishing.plain_data import child, plain
from rules.publishing.readable_parts import UNREAD, Listed, Maybe, Sketch, Unread, read, whole
from rules.publishing.schema_mistakes import schema_mistakes
from rules.time.calendars import Said, Weekdays, every_day, hours_of, hours_on, settled_by
from rules.time.holiday_base import FIRST_YEAR, LAST_YEAR, base_year
from schemas.publishing.calendar import WEEKDAYS, CalendarFile, Day, DayKind, Hours, OverlayAgency, Week

_MOST_YEARS: Final = 5


class _DaySketch(Sketch):
    date: Maybe[Day] = UNREAD
    kind: Maybe[DayKind] = UNREAD
    hours: Listed[Hours] = ()
    replaces: Maybe[Day | None] = None


class _OverlaySketch(Sketch):
    agency: Maybe[OverlayAgency | None] = None
    days: Listed[_DaySketch] = ()


class _WeekSketch(Sketch):
    monday: Listed[Hours] = Week().monday
    tuesday: Listed[Hours] = Week().tuesday
    wednesday: Listed[Hours] = Week().wednesday
    thursday: Listed[Hours] = Week().thursday
    friday: Listed[Hours] = Week().friday
    saturday: Listed[Hours] = Week().saturday
    sunday: Listed[Hours] = Week().sunday


class _FileSketch(Sketch):
    valid_from: Maybe[Day] = UNREAD
    valid_until: Maybe[Day] = UNREAD
    week: Maybe[_WeekSketch] = _WeekSketch()
    overlays: Listed[_OverlaySketch] = ()


class _Entry(NamedTuple):
    """A day of an overlay that could be read."""

    path: str
    kind: DayKind
    said: Said
    sketch: _DaySketch


def problems(raw: object) -> list[Mistake]:
    """Every mistake of a calendar as it was read from a file, all scalars as texts; none: it may be published."""
    if not isinstance(raw, dict):
        return [mistake("not_a_mapping", "")]
    found: list[Mistake] = []
    value = plain(raw, "", found)
    found.extend(_elsewhere(schema_mistakes(CalendarFile, value), found))
    found.extend(_elsewhere(_across(_FileSketch.model_validate_json(json.dumps(value))), found))
    return list({(entry.path, entry.rule): entry for entry in found}.values())


def _elsewhere(more: Iterator[Mistake], found: list[Mistake]) -> list[Mistake]:
    known = {entry.path for entry in found}
    return [entry for entry in more if entry.path not in known]


def _across(file: _FileSketch) -> Iterator[Mistake]:
    yield from _validity(file)
    week = _week(file)
    for name, hours in zip(WEEKDAYS, week, strict=True):
        yield from _hours(hours, f"week.{name}")
    for path, overlay in _overlays(file):
        for n, day in read(overlay.days).items():
            yield from _hours(day.hours, f"{path}.days[{n}].hours")
            yield from _fields(day, f"{path}.days[{n}]")
    if all(whole(hours) for hours in week):
        yield from _Settling([tuple(read(hours).values()) for hours in week], file).mistakes()


def _validity(file: _FileSketch) -> Iterator[Mistake]:
    ends = {"valid_from": file.valid_from, "valid_until": file.valid_until}
    for name, day in ends.items():
        if isinstance(day, date) and not FIRST_YEAR <= day.year <= LAST_YEAR:
            yield mistake("validity_out_of_reach", name, first=FIRST_YEAR, last=LAST_YEAR)
    first, last = ends.values()
    if isinstance(first, date) and isinstance(last, date):
        if last < first:
            yield mistake("validity_reversed", "valid_until")
        if last.year - first.year >= _MOST_YEARS:
            yield mistake("validity_too_long", "valid_until", limit=_MOST_YEARS)


def _week(file: _FileSketch) -> list[Listed[Hours]]:
    week = _WeekSketch() if file.week is UNREAD else file.week
    return [getattr(week, name) for name in WEEKDAYS]


def _overlays(file: _FileSketch) -> Iterator[tuple[str, _OverlaySketch]]:
    return ((f"overlays[{n}]", overlay) for n, overlay in read(file.overlays).items())


def _hours(hours: Listed[Hours], path: str) -> Iterator[Mistake]:
    spans = read(hours)
    for n, span in spans.items():
        if any(earlier.close > span.open for m, earlier in spans.items() if m < n):
            yield mistake("hours_overlap", child(path, n))


def _fields(day: _DaySketch, path: str) -> Iterator[Mistake]:
    if not isinstance(day.kind, DayKind):
        return
    if day.kind is DayKind.SHORT and day.hours == ():
        yield mistake("hours_required", f"{path}.hours")
    if day.kind is not DayKind.SHORT and day.hours != ():
        yield mistake("hours_not_for_kind", f"{path}.hours")
    if day.kind is DayKind.MAKEUP and day.replaces is None:
        yield mistake("replaces_required", f"{path}.replaces")
    if day.kind is not DayKind.MAKEUP and day.replaces is not None:
        yield mistake("replaces_not_for_kind", f"{path}.replaces")


class _Settling:
    """The days of all overlays on top of the week and of the base, each agency's on those of wider reach."""

    def __init__(self, week: Weekdays, file: _FileSketch) -> None:
        self._week = week
        self._valid = (file.valid_from, file.valid_until)
        self._entries = [
            entry
            for path, overlay in _overlays(file)
            if not isinstance(overlay.agency, Unread)
            for n, day in read(overlay.days).items()
            if (entry := _entry(f"{path}.days[{n}]", overlay.agency, day, week))
        ]

    def mistakes(self) -> Iterator[Mistake]:
        if (closed := self._closed()) is not None:
            yield mistake("no_working_day", closed)
            return
        seen: set[tuple[str | None, date]] = set()
        for entry in self._entries:
            if (entry.said.agency, entry.said.date) in seen:
                yield mistake("duplicate_date", f"{entry.path}.date")
            elif not self._is_valid(entry.said.date):
                yield mistake("outside_validity", f"{entry.path}.date")
            else:
                yield from self._contradictions(entry)
            seen.add((entry.said.agency, entry.said.date))

    def _closed(self) -> str | None:
        """The part because of which there is no working day."""
        if not any(self._week):
            return "week"
        first, last = self._valid
        if not (isinstance(first, date) and isinstance(last, date)) or (last.year - first.year) >= _MOST_YEARS:
            return None
        said = [entry.said for entry in self._entries]
        paths = {entry.said.agency: entry.path.partition(".")[0] for entry in self._entries}
        for agency, path in ({None: "valid_until"} | paths).items():
            if first <= last and not any(hours_on(day, agency, self._week, said) for day in every_day(first, last)):
                return path
        return None

    def _is_valid(self, day: date) -> bool:
        first, last = self._valid
        return not (isinstance(first, date) and day < first) and not (isinstance(last, date) and day > last)

    def _contradictions(self, entry: _Entry) -> Iterator[Mistake]:
        day = entry.said.date
        wider = [each.said for each in self._entries if each.said.agency != entry.said.agency]
        hours, regular = hours_on(day, entry.said.agency, self._week, wider), self._week[day.weekday()]
        match entry.kind:
            case DayKind.MAKEUP:
                if day in base_year(day.year).off or (regular and not hours):
                    yield mistake("makeup_on_holiday", f"{entry.path}.date")
                elif hours and day not in base_year(day.year).makeup:
                    yield mistake("makeup_on_working_day", f"{entry.path}.date")
                yield from self._replaced(entry)
            case DayKind.SHORT if not hours:
                yield mistake("short_on_day_off", f"{entry.path}.date")
            case DayKind.SHORT:
                for n, span in read(entry.sketch.hours).items():
                    if not any(each.open <= span.open and span.close <= each.close for each in hours):
                        yield mistake("short_hours_outside", f"{entry.path}.hours[{n}]")
            case DayKind.WORKING if hours:
                yield mistake("working_anyway", f"{entry.path}.date")
            case DayKind.WORKING if not regular:
                yield mistake("working_without_hours", f"{entry.path}.date")

    def _replaced(self, entry: _Entry) -> Iterator[Mistake]:
        replaced = entry.sketch.replaces
        if not isinstance(replaced, date):
            return
        if not self._week[replaced.weekday()]:
            yield mistake("replaced_day_has_no_hours", f"{entry.path}.replaces")
        elif hours_on(replaced, entry.said.agency, self._week, [each.said for each in self._entries]):
            yield mistake("replaced_day_works", f"{entry.path}.replaces")
        elif any(day != entry.said.date for day in self._made_up_for(replaced, entry.said.agency)):
            yield mistake("replaced_twice", f"{entry.path}.replaces")

    def _made_up_for(self, replaced: date, agency: str | None) -> Iterator[date]:
        """The days on which an agency works in place of one, by the overlays or by the base."""
        said = [each.said for each in self._entries]
        for entry in self._entries:
            if entry.kind is DayKind.MAKEUP and entry.sketch.replaces == replaced:
                day = entry.said.date
                if settled_by(day, agency, said) == entry.said:
                    yield day
        for year in range(replaced.year - 1, replaced.year + 2):
            for day, base_replaced in base_year(year).makeup.items():
                if base_replaced == replaced and settled_by(day, agency, said) is None:
                    yield day


def _entry(path: str, agency: str | None, day: _DaySketch, week: Weekdays) -> _Entry | None:
    if not (isinstance(day.date, date) and isinstance(day.kind, DayKind)):
        return None
    replaces = day.replaces if isinstance(day.replaces, date) else None
    hours = hours_of(day.kind, tuple(read(day.hours).values()), day.date, replaces, week)
    return _Entry(path, day.kind, Said(agency, day.date, hours), day)
