"""The working time between two instants."""

from datetime import datetime

from rules.time.office_hours import DAY, Days, minute_of, pages
from schemas.publishing.calendar import Calendar


def worked_minutes(since: datetime, until: datetime, calendar: Calendar) -> int:
    """The minutes of office hours between two instants. Raises `TimeError` outside the supported years."""
    first, last = minute_of(since, "since"), minute_of(until, "until")
    return pages(calendar).answer(lambda days: days.elapsed(last) - days.elapsed(first), "until")


def working_days(since: datetime, until: datetime, calendar: Calendar) -> int:
    """The working days after the first instant's day, up to the second's: 0 on the same day, as limits count them."""
    first, last = minute_of(since, "since") // DAY, minute_of(until, "until") // DAY

    def answer(days: Days) -> int:
        return days.rank(last + 1) - days.rank(first + 1)

    return pages(calendar).answer(answer, "until")
