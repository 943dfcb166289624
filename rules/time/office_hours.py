"""A calendar expanded day by day, for the lookup of working minutes, working days and opening times.

Minutes and days are counted from the midnight with which the year 2000 began in Vietnam.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from itertools import accumulate
from typing import Final, TypeVar

from rules.time.calendars import FIRST_YEAR, LAST_YEAR, SATURDAY, base_year
from schemas.errors import Problem, problem
from schemas.publishing.calendar import Calendar, OpenHours

DAY: Final = 24 * 60

_FIRST: Final = date(FIRST_YEAR, 1, 1).toordinal()
_WEEKDAY: Final = date(FIRST_YEAR, 1, 1).weekday()
_END: Final = (date(LAST_YEAR, 12, 31).toordinal() + 1 - _FIRST) * DAY
_START: Final = datetime(FIRST_YEAR, 1, 1, tzinfo=timezone(timedelta(hours=7))).astimezone(UTC)
_MINUTE: Final = timedelta(minutes=1)
T = TypeVar("T")

Spans = tuple[tuple[int, int], ...]
"""The office hours of a day, in minutes of the day, [open, close)."""


class TimeError(ValueError):
    """A calendar has no answer for an argument; `problem` names the argument and the rule."""

    def __init__(self, found: Problem) -> None:
        super().__init__(f"{found.field}: {found.message.en} [{found.rule}]")
        self.problem = found


class NotLaidOutError(Exception):
    """The answer lies outside the expanded days: before the first day if `before` is set, else after the last day."""

    def __init__(self, *, before: bool) -> None:
        super().__init__("before" if before else "after")
        self.before = before


def out_of_reach(field: str) -> TimeError:
    """The error for an instant or day outside the supported years."""
    return TimeError(problem(field, "out_of_reach", first=FIRST_YEAR, last=LAST_YEAR))


def minute_of(instant: datetime, field: str) -> int:
    """The minute that contains an aware `instant`. Raises `TimeError`, naming `field`, outside the supported years."""
    minute: int = (instant - _START) // _MINUTE
    if 0 <= minute < _END:
        return minute
    raise out_of_reach(field)


def instant_of(minute: int) -> datetime:
    """The instant at which a minute begins, in UTC."""
    return _START + timedelta(minutes=minute)


def day_of(day: date) -> int:
    """The number of a day, counted from the first day of the year 2000, which has the number 0."""
    return day.toordinal() - _FIRST


def date_of(day: int) -> date:
    """The day of this number, counted from the first day of the year 2000, which has the number 0."""
    return date.fromordinal(day + _FIRST)


class Days:
    """The days from January of `first_year` to December of `last_year`. Immutable."""

    def __init__(self, calendar: Calendar, first_year: int, last_year: int) -> None:
        self.first_year, self.last_year = first_year, last_year
        self.first = day_of(date(first_year, 1, 1))
        week, end = [_minutes_of(day) for day in calendar.week], day_of(date(last_year + 1, 1, 1))
        self._regular = [week[(_WEEKDAY + day) % 7] for day in range(self.first, end)]
        self.spans = _spans(calendar, self._regular, first_year, last_year)
        self._minutes = [0, *accumulate(sum(close - opens for opens, close in spans) for spans in self.spans)]
        self._ranks = [0, *accumulate(map(bool, self.spans))]
        self._working = [self.first + n for n, spans in enumerate(self.spans) if spans]

    def elapsed(self, minute: int) -> int:
        """The working minutes from the first day until `minute`."""
        day, within = divmod(minute, DAY)
        n = self._place(day)
        passed = self._minutes[n]
        for opens, close in self.spans[n]:
            if within <= opens:
                break
            passed += min(within, close) - opens
        return passed

    def reached(self, passed: int) -> int:
        """The first minute by which `passed` working minutes of these days are over: a minute in (open, close]."""
        n = bisect_left(self._minutes, passed) - 1
        if n < 0 or n >= len(self.spans):
            raise NotLaidOutError(before=n < 0)
        left = passed - self._minutes[n]
        for opens, close in self.spans[n]:
            if left <= close - opens:
                break
            left -= close - opens
        return (self.first + n) * DAY + opens + left

    def opening(self, minute: int) -> int:
        """`minute` itself if it lies in office hours, [open, close), else the next opening."""
        day, within = divmod(minute, DAY)
        n = self._place(day)
        for opens, close in self.spans[n]:
            if within < close:
                return day * DAY + max(within, opens)
        return self.opens(self.working_day(self._ranks[n + 1]))

    def rank(self, day: int) -> int:
        """The number of working days before `day`: the rank of `day`, or of the next working day if `day` is off."""
        return self._ranks[self._place(day)]

    def working_day(self, rank: int) -> int:
        """The working day of this rank."""
        if rank < 0 or rank >= len(self._working):
            raise NotLaidOutError(before=rank < 0)
        return self._working[rank]

    def hours(self, day: int) -> Spans:
        """The office hours of a day; empty if it is no working day."""
        return self.spans[self._place(day)]

    def ends_limits(self, day: int) -> bool:
        """Whether a limit of an applicant may end on a day: on a working day, unless it is a Saturday or Sunday.

        A weekend day counts as a working day here if it is a make-up day, but not if its office hours are regular.
        """
        weekend = (_WEEKDAY + day) % 7 >= SATURDAY
        n = self._place(day)
        return bool(self.spans[n]) and not (weekend and self._regular[n])

    def between(self, first: int, last: int) -> Iterator[tuple[int, Spans, Spans]]:
        """The days from `first` to `last`, each with its own office hours and the regular hours of its weekday."""
        places = slice(self._place(first), self._place(last) + 1)
        return zip(range(first, last + 1), self.spans[places], self._regular[places], strict=True)

    def opens(self, day: int) -> int:
        """The first opening of a working day."""
        return day * DAY + self.hours(day)[0][0]

    def closes(self, day: int) -> int:
        """The close of a working day."""
        return day * DAY + self.hours(day)[-1][1]

    def _place(self, day: int) -> int:
        n = day - self.first
        if n < 0 or n >= len(self.spans):
            raise NotLaidOutError(before=n < 0)
        return n


def _spans(calendar: Calendar, regular: list[Spans], first_year: int, last_year: int) -> list[Spans]:
    first = day_of(date(first_year, 1, 1))
    days = list(regular)
    for year in range(first_year, last_year + 1):
        base = base_year(year)
        for off in base.off:
            days[day_of(off) - first] = ()
        for made_up, replaced in base.makeup.items():
            days[day_of(made_up) - first] = _minutes_of(calendar.week[replaced.weekday()])
    starts, ends = (
        min(max(day - first, 0), len(days)) for day in (day_of(calendar.valid_from), day_of(calendar.valid_until) + 1)
    )
    valid = range(starts, ends)
    days[valid.start : valid.stop] = regular[valid.start : valid.stop]
    own = {**dict.fromkeys(calendar.off, ()), **{day: _minutes_of(hours) for day, hours in calendar.open.items()}}
    for day, spans in own.items():
        if day_of(day) - first in valid:
            days[day_of(day) - first] = spans
    return days


def _minutes_of(day: OpenHours) -> Spans:
    return tuple((hours.open, hours.close) for hours in day)


class Pages:
    """The days of a calendar, expanded as far as needed. Thread-safe."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        years = (calendar.valid_from.year - 1, calendar.valid_until.year + 1)
        self._days = Days(calendar, *(min(max(year, FIRST_YEAR), LAST_YEAR) for year in years))

    def answer(self, question: Callable[[Days], T], field: str) -> T:
        """The answer of `question`, called again if it needs more days. Raises `TimeError`, which names `field`."""
        days = self._days
        while True:
            try:
                return question(days)
            except NotLaidOutError as missing:
                self._days = days = self._more(days, field, before=missing.before)

    def _more(self, days: Days, field: str, *, before: bool) -> Days:
        first, last = days.first_year, days.last_year
        if (before and first == FIRST_YEAR) or (not before and last == LAST_YEAR):
            raise out_of_reach(field)
        more = last - first + 1
        if before:
            return Days(self._calendar, max(first - more, FIRST_YEAR), last)
        return Days(self._calendar, first, min(last + more, LAST_YEAR))


@lru_cache(maxsize=128)
def pages(calendar: Calendar) -> Pages:
    """The days of `calendar`."""
    return Pages(calendar)


def openings_and_closes(begins: datetime, ends: datetime, calendar: Calendar) -> list[datetime]:
    """The first opening and the last close of every working day between two instants, in order, in UTC.

    Both instants are included, cut to the minute. Raises `TimeError` outside the supported years.
    """
    first, last = minute_of(begins, "begins"), minute_of(ends, "ends")

    def answer(days: Days) -> list[int]:
        working = [day for day in range(first // DAY, last // DAY + 1) if days.hours(day)]
        found = (minute for day in working for minute in (days.opens(day), days.closes(day)))
        return [minute for minute in found if first <= minute <= last]

    return [instant_of(minute) for minute in pages(calendar).answer(answer, "ends")]


def open_at(instant: datetime, calendar: Calendar) -> bool:
    """Whether offices are open at this instant. Raises `TimeError` outside the supported years."""
    minute = minute_of(instant, "instant")
    return pages(calendar).answer(lambda days: days.opening(minute) == minute, "instant")


def worked_minutes(since: datetime, until: datetime, calendar: Calendar) -> int:
    """The minutes of office hours between two instants. Raises `TimeError` outside the supported years."""
    first, last = minute_of(since, "since"), minute_of(until, "until")
    return pages(calendar).answer(lambda days: days.elapsed(last) - days.elapsed(first), "until")


def working_days(since: datetime, until: datetime, calendar: Calendar) -> int:
    """The number of working days after the day of `since`, up to the day of `until`; 0 if both are the same day."""
    first, last = minute_of(since, "since") // DAY, minute_of(until, "until") // DAY
    return pages(calendar).answer(lambda days: days.rank(last + 1) - days.rank(first + 1), "until")
