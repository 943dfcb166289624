"""A second implementation of docs/time.md, minute by minute and day by day: a slow reference for comparison.

It shares no code with `rules`. Moments are naive, in Vietnam's time.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice, takewhile
from typing import Final

from holidays import country_holidays

from schemas.limit import Limit, Unit
from schemas.publishing.calendar import Calendar, Hours

_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_OFF: Final = country_holidays("VN", years=range(2024, 2030))
_MADE_UP: Final = {date(2024, 5, 4): date(2024, 4, 29), date(2025, 4, 26): date(2025, 5, 2)} | {
    date(2026, 8, 22): date(2026, 8, 31)
}


def hours(calendar: Calendar, day: date) -> Sequence[Hours]:
    if calendar.valid_from <= day <= calendar.valid_until:
        return () if day in calendar.off else calendar.open.get(day, calendar.week[day.weekday()])
    if day in _OFF:
        return ()
    return calendar.week[_MADE_UP.get(day, day).weekday()]


def minutes(calendar: Calendar, start: datetime) -> Iterator[datetime]:
    """Yields every working minute from `start` on."""
    midnight = datetime.combine(start, time.min)
    while True:
        for span in hours(calendar, midnight.date()):
            moments = (midnight + minute * _MINUTE for minute in range(span.open, span.close))
            yield from (moment for moment in moments if moment >= start)
        midnight += _DAY


def worked(calendar: Calendar, begins: datetime, ends: datetime) -> int:
    """Returns the number of working minutes from one moment to another."""
    return sum(1 for _ in takewhile(lambda moment: moment < ends, minutes(calendar, begins)))


def working_days(calendar: Calendar, day: date) -> Iterator[date]:
    while True:
        if hours(calendar, day):
            yield day
        day += _DAY


def close(calendar: Calendar, day: date) -> datetime:
    """Returns the closing moment of a working day."""
    return datetime.combine(day, time.min) + max(span.close for span in hours(calendar, day)) * _MINUTE


def counted(start: datetime, calendar: Calendar, cut_off: time | None) -> datetime:
    """Returns the first working minute that counts after a receipt at `start`."""
    late = cut_off is not None and start.time() > cut_off and hours(calendar, start.date())
    return next(minutes(calendar, datetime.combine(start.date() + _DAY, time.min) if late else start))


def budget_starts(opened: datetime, limit: Limit, calendar: Calendar) -> datetime:
    """Returns the start of a time budget: the receipt, or for working days the opening of the next working day."""
    if limit.unit is Unit.WORKING_DAYS and limit.amount:
        return next(minutes(calendar, datetime.combine(opened.date() + _DAY, time.min)))
    return opened


def due(
    start: datetime,
    limit: Limit,
    calendar: Calendar,
    pauses: Sequence[tuple[datetime, datetime]] = (),
    cut_off: time | None = None,
) -> datetime:
    """Returns the end of a limit that is not in seconds. All moments are whole minutes."""
    if limit.unit is Unit.WORKING_HOURS:
        cut_off = None
    elif limit.amount == 0:
        cut_off = cut_off or calendar.cut_off
    opened = counted(start, calendar, cut_off)
    if limit.unit is Unit.CALENDAR_DAYS and limit.amount:
        return _due_by_date(opened, limit, calendar, pauses)
    starts = ends = goes_on = budget_starts(opened, limit, calendar)
    left = 60 * limit.amount
    if limit.unit is not Unit.WORKING_HOURS:
        ends = close(calendar, next(islice(working_days(calendar, opened.date()), limit.amount, None)))
        left = worked(calendar, starts, ends)
    elif left:
        ends = _after(calendar, starts, left)
    for begins, resumes in pauses:
        if begins >= ends:
            break
        left = max(left - worked(calendar, goes_on, begins), 0)
        goes_on = max(resumes, starts)
        ends = _after(calendar, goes_on, left) if left else next(minutes(calendar, goes_on))
        if limit.unit is not Unit.WORKING_HOURS:
            ends = close(calendar, ends.date())
    return ends


def _after(calendar: Calendar, begins: datetime, left: int) -> datetime:
    return next(islice(minutes(calendar, begins), left - 1, None)) + _MINUTE


def _due_by_date(
    opened: datetime, limit: Limit, calendar: Calendar, pauses: Sequence[tuple[datetime, datetime]]
) -> datetime:
    left = limit.amount
    goes_on = opened
    ends = close(calendar, next(working_days(calendar, opened.date() + left * _DAY)))
    for begins, resumes in pauses:
        if begins >= ends:
            break
        left = max(left - max((begins.date() - goes_on.date()).days, 0), 0)
        goes_on = max(resumes, opened)
        last = goes_on.date() + left * _DAY if left else next(minutes(calendar, goes_on)).date()
        ends = close(calendar, next(working_days(calendar, last)))
    return ends
