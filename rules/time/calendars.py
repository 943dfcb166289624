"""Public holidays, and the calendar of one agency from a calendar file."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from rules.time.public_holidays import YEARS
from schemas.publishing.calendar import Calendar, CalendarDay, CalendarFile, DayKind, DayStatus, OpenHours

FIRST_YEAR: Final = min(YEARS)
LAST_YEAR: Final = max(YEARS)

SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)


class BaseYear(NamedTuple):
    """The days `off` of a year, on any weekday; and the make-up days, each with the day off that it replaces."""

    off: set[date]
    makeup: dict[date, date]


def _base_year(year: int, off: str, makeup: str) -> BaseYear:
    swaps = (swap.split("=") for swap in makeup.split())
    days = {_on(year, day) for day in off.split()}
    return BaseYear(days, {_on(year, worked): _on(year, instead) for worked, instead in swaps})


def _on(year: int, day: str) -> date:
    return date(int(day[:-4] or year), int(day[-4:-2]), int(day[-2:]))


_YEARS: Final = {year: _base_year(year, *days) for year, days in YEARS.items()}


def base_year(year: int) -> BaseYear:
    """The days of `year`; none before `FIRST_YEAR` or after `LAST_YEAR`."""
    return _YEARS.get(year, BaseYear(set(), {}))


def is_day_off(day: date) -> bool:
    """Whether the whole country is off on this day: a public holiday, or a weekend day that is no make-up day."""
    known = base_year(day.year)
    return day in known.off or (day.weekday() >= SATURDAY and day not in known.makeup)


def first_of_limit_days(day: date) -> date:
    """The earliest day off whose limits end on `day`, else `day` itself (Civil Code 91/2015/QH13 art. 148).

    A limit whose last day is a day off ends on the next working day. So for a Monday, this is the Saturday before it.
    """
    while is_day_off(day - _DAY):
        day -= _DAY
    return day


Weekdays = Sequence[OpenHours]
"""The regular hours of the seven weekdays, Monday first."""


class DayHours(NamedTuple):
    """The office hours of a day, for an agency and all agencies below it; for the whole country if `agency` is None."""

    agency: str | None
    date: date
    hours: OpenHours


def expand(file: CalendarFile, agency: str | None = None) -> Calendar:
    """The calendar of an agency, or of the whole country if `agency` is None, with the hours of each day."""
    week, said = file.week.days(), decided(file)
    settled = {day: hours_on(day, agency, week, said) for day in every_day(file.valid_from, file.valid_until)}
    other = {day: hours for day, hours in settled.items() if hours != week[day.weekday()]}
    return Calendar(
        code=file.code,
        version=file.version,
        valid_from=file.valid_from,
        valid_until=file.valid_until,
        week=week,
        off=tuple(day for day, hours in other.items() if not hours),
        open={day: hours for day, hours in other.items() if hours},
        cut_off=file.cut_off,
    )


def decided(file: CalendarFile) -> list[DayHours]:
    """The decided days of the file's overlays; the days that are only proposed are left out."""
    week = file.week.days()
    return [
        DayHours(overlay.agency, day.date, hours_of(day.kind, day.hours, day.date, day.replaces, week))
        for overlay in file.overlays
        for day in overlay.days
        if day.status is DayStatus.DECIDED
    ]


def proposed(file: CalendarFile, agency: str | None = None) -> list[CalendarDay]:
    """The days for `agency` that are only proposed, in order; for the whole country if `agency` is None."""
    days = (day for overlay in file.overlays if _applies(overlay.agency, agency) for day in overlay.days)
    return sorted((day for day in days if day.status is DayStatus.PROPOSED), key=lambda day: day.date)


def every_day(first: date, last: date) -> Iterator[date]:
    """Every date from `first` to `last`."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def hours_on(day: date, agency: str | None, week: Weekdays, said: Iterable[DayHours]) -> OpenHours:
    """The office hours of a day: from the overlay that decides the day, if any; else by public holidays and weekday."""
    if (settled := settled_by(day, agency, said)) is not None:
        return settled.hours
    base = base_year(day.year)
    return () if day in base.off else week[base.makeup.get(day, day).weekday()]


def settled_by(day: date, agency: str | None, said: Iterable[DayHours]) -> DayHours | None:
    """The hours that decide a day: those of the overlay for the nearest agency (longest code). None if none applies."""
    fitting = [each for each in said if each.date == day and _applies(each.agency, agency)]
    return max(fitting, key=lambda each: len(each.agency or ""), default=None)


def hours_of(kind: DayKind, written: OpenHours, day: date, replaces: date | None, week: Weekdays) -> OpenHours:
    """The office hours of a day in an overlay."""
    if kind in {DayKind.OFF, DayKind.COMPENSATORY}:
        return ()
    return written if kind is DayKind.SHORT else week[(replaces or day).weekday()]


def _applies(overlay: str | None, agency: str | None) -> bool:
    return overlay is None or (agency is not None and f"{agency}.".startswith(f"{overlay}."))
