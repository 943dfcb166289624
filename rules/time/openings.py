"""Opening times: the first opening and the last close of working days, and whether offices are open now."""

from collections.abc import Iterator
from datetime import datetime

from rules.time.office_hours import DAY, Days, instant_of, minute_of, pages
from schemas.publishing.calendar import Calendar


def openings_and_closes(begins: datetime, ends: datetime, calendar: Calendar) -> list[datetime]:
    """The first opening and the last close of every working day between two instants, in order, in UTC.

    Both instants are included, cut to the minute. Raises `TimeError` outside the supported years.
    """
    first, last = minute_of(begins, "begins"), minute_of(ends, "ends")

    def answer(days: Days) -> list[int]:
        return [minute for minute in _of(days, first, last) if first <= minute <= last]

    return [instant_of(minute) for minute in pages(calendar).answer(answer, "ends")]


def open_at(instant: datetime, calendar: Calendar) -> bool:
    """Whether offices are open at this instant. Raises `TimeError` outside the supported years."""
    minute = minute_of(instant, "instant")
    return pages(calendar).answer(lambda days: days.opening(minute) == minute, "instant")


def _of(days: Days, first: int, last: int) -> Iterator[int]:
    for day in range(first // DAY, last // DAY + 1):
        if days.hours(day):
            yield from (days.opens(day), days.closes(day))
