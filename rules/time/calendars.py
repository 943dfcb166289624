"""Public holidays, and the calendar of one agency from a calendar file.

The holidays are those of the library `holidays` (Labour Code 45/2019/QH14 art. 111-112). The library has the
compensatory days off, and the days that the Government has swapped for a Saturday. All years are read when this module
is imported: the library reads its translations from disk, which no workflow may do.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from holidays.countries.vietnam import Vietnam
from holidays.holiday_base import HolidayBase

from schemas.publishing.calendar import Calendar, CalendarDay, CalendarFile, DayKind, DayStatus, OpenHours

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099
"""The last year of the library's lunar calendar."""

SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)
_SWAPPED: Final = re.compile(r"substituted from (\d\d)/(\d\d)/(\d{4})")


class BaseYear(NamedTuple):
    """The days `off` of a year, on any weekday; and the make-up days, each with the day off that it replaces."""

    off: set[date]
    makeup: dict[date, date]


def _read_years() -> dict[int, BaseYear]:
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    known: HolidayBase = Vietnam(  # type: ignore[no-untyped-call]
        years=years, language="en_US"
    )
    found = {year: BaseYear(set(), {}) for year in years}
    for day, name in known.items():
        if day.year in found:
            found[day.year].off.add(day)
        if match := _SWAPPED.search(name):
            month, of_month, year = map(int, match.groups())
            found[year].makeup[date(year, month, of_month)] = day
    return found


_YEARS: Final = _read_years()


def base_year(year: int) -> BaseYear:
    """The library's days of `year`; none before `FIRST_YEAR` or after `LAST_YEAR`."""
    return _YEARS.get(year, BaseYear(set(), {}))


def is_day_off(day: date) -> bool:
    """Whether the whole country is off on this day: a public holiday, or a weekend day that is no make-up day."""
    known = base_year(day.year)
    return day in known.off or (day.weekday() >= SATURDAY and day not in known.makeup)


def first_of_limit_days(day: date) -> date:
    """The first day whose limits, by the Civil Code 91/2015/QH13 art. 148, are kept on `day`.

    A limit that ends on a day off ends with the next working day. So a Monday keeps those of Saturday and Sunday.
    """
    while is_day_off(day - _DAY):
        day -= _DAY
    return day


Weekdays = Sequence[OpenHours]
"""The regular hours of the seven weekdays, Monday first."""


class Said(NamedTuple):
    """The office hours of a day for an agency and all agencies below it; `agency`: None for the whole country."""

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


def decided(file: CalendarFile) -> list[Said]:
    """The days of the overlays that are decided; proposed days are left out."""
    week = file.week.days()
    return [
        Said(overlay.agency, day.date, hours_of(day.kind, day.hours, day.date, day.replaces, week))
        for overlay in file.overlays
        for day in overlay.days
        if day.status is DayStatus.DECIDED
    ]


def proposed(file: CalendarFile, agency: str | None = None) -> list[CalendarDay]:
    """The days that are only proposed, in order. If `agency` is None, they are those of the whole country."""
    days = (day for overlay in file.overlays if _applies(overlay.agency, agency) for day in overlay.days)
    return sorted((day for day in days if day.status is DayStatus.PROPOSED), key=lambda day: day.date)


def every_day(first: date, last: date) -> Iterator[date]:
    """Every date from `first` to `last`."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def hours_on(day: date, agency: str | None, week: Weekdays, said: Iterable[Said]) -> OpenHours:
    """The office hours of a day: from the overlay that decides the day, if any; else by public holidays and weekday."""
    if (settled := settled_by(day, agency, said)) is not None:
        return settled.hours
    base = base_year(day.year)
    return () if day in base.off else week[base.makeup.get(day, day).weekday()]


def settled_by(day: date, agency: str | None, said: Iterable[Said]) -> Said | None:
    """The overlay that decides a day: the one for the nearest agency (longest code). None if no overlay applies."""
    fitting = [each for each in said if each.date == day and _applies(each.agency, agency)]
    return max(fitting, key=lambda each: len(each.agency or ""), default=None)


def hours_of(kind: DayKind, written: OpenHours, day: date, replaces: date | None, week: Weekdays) -> OpenHours:
    """The office hours of a day in an overlay."""
    if kind in {DayKind.OFF, DayKind.COMPENSATORY}:
        return ()
    return written if kind is DayKind.SHORT else week[(replaces or day).weekday()]


def _applies(overlay: str | None, agency: str | None) -> bool:
    return overlay is None or (agency is not None and f"{agency}.".startswith(f"{overlay}."))
