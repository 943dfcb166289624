"""From the calendar that somebody wrote to the calendar of one agency."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from schemas.calendar import Calendar, CalendarDay, CalendarFile, DayKind, OpenHours, Overlay

from .holiday_base import base_year


def applies(overlay: str | None, agency: str | None) -> bool:
    """Whether the overlay for one agency code, or for the whole country, is also for `agency`."""
    return overlay is None or (agency is not None and f"{agency}.".startswith(f"{overlay}."))


def expand(file: CalendarFile, agency: str | None = None) -> Calendar:
    """The calendar of an agency, or without one that of the whole country, with every day of its validity settled."""
    hours = dict(_settled(file, agency))
    week = file.week.days()
    other = {day: open_hours for day, open_hours in hours.items() if open_hours != week[day.weekday()]}
    return Calendar(
        code=file.code,
        version=file.version,
        valid_from=file.valid_from,
        valid_until=file.valid_until,
        week=week,
        off=tuple(sorted(day for day, open_hours in other.items() if not open_hours)),
        open={day: open_hours for day, open_hours in sorted(other.items()) if open_hours},
        cut_off=file.cut_off,
    )


def _settled(file: CalendarFile, agency: str | None) -> Iterator[tuple[date, OpenHours]]:
    """The days that are not what their weekday is, the last word on each last."""
    week = file.week.days()
    for year in range(file.valid_from.year, file.valid_until.year + 1):
        base = base_year(year)
        for day in base.off:
            if file.valid_from <= day <= file.valid_until:
                yield day, ()
        for day, replaced in base.makeup.items():
            if file.valid_from <= day <= file.valid_until:
                yield day, week[replaced.weekday()]
    for overlay in sorted(file.overlays, key=_reach):
        if applies(overlay.agency, agency):
            yield from ((day.date, hours_of(day, week)) for day in overlay.days)


def _reach(overlay: Overlay) -> int:
    return len(overlay.agency or "")


def hours_of(day: CalendarDay, week: tuple[OpenHours, ...]) -> OpenHours:
    """The office hours of a day of an overlay."""
    match day.kind:
        case DayKind.SHORT:
            return day.hours
        case DayKind.MAKEUP:
            return day.hours or week[(day.replaces or day.date).weekday()]
        case DayKind.WORKING:
            return week[day.date.weekday()]
        case _:
            return ()


def days_of(first: date, last: date) -> Iterator[date]:
    """Every date from `first` to `last`."""
    yield from (first + timedelta(days=n) for n in range((last - first).days + 1))
