"""When to look for money that nobody expects: seldom, since it hardly ever comes, and never too late."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import dropwhile
from typing import Final

from rules.time.openings import openings_and_closes
from schemas.publishing.calendar import Calendar

MOST: Final = 12
"""Looks in one watch, however long it is."""

EARLY: Final = tuple(timedelta(seconds=after) for after in (0, 5, 60, 600, 3600))
"""After its begin. Who pays twice does so at once; what was under way when the order was closed comes soon after."""

SPREAD: Final = timedelta(minutes=30)
"""All offices open at the same minute: each watch looks at a moment of its own within this time after it."""


SOONEST, SELDOMEST = timedelta(seconds=5), timedelta(minutes=30)
"""Between two looks at what is told of without being asked for."""


def gentle_pause(since: datetime, now: datetime) -> timedelta:
    """Until the next look at money asked for `since`, where its taker tells by itself: as long as it was waited for."""
    return min(max(now - since, SOONEST), SELDOMEST)


_DAY: Final = timedelta(days=1)


def looks(since: datetime, until: datetime, calendar: Calendar) -> tuple[datetime, ...]:
    """When a watch from one instant to another looks for money: in order, at most `MOST` times, the last at its end.

    Soon after its begin, then shortly after working days begin and end: a night, a weekend or Tết is one look. A watch
    with more of them than there is room for looks at some, as far apart as that allows. Raises `TimeError`.
    """
    return (*_early(since, until), *_thinned(_by_the_calendar(since, until, calendar), MOST - len(EARLY) - 1), until)


def next_look(since: datetime, until: datetime, calendar: Calendar, now: datetime) -> datetime:
    """The first look after `now`; the end of the watch once that is over. Raises `TimeError`."""
    return _first_after(now, looks(since, until, calendar)) or until


def next_early_look(since: datetime, until: datetime, now: datetime) -> datetime | None:
    """The same as long as it needs no calendar, and None from then on."""
    at_the_end = until if since + EARLY[-1] >= until else None
    return _first_after(now, _early(since, until)) or at_the_end


def next_daily_look(since: datetime, until: datetime, now: datetime) -> datetime:
    """The same where the truth is no hurry: soon after the begin, once a day, and at the end."""
    early = _first_after(now, _early(since, until))
    days = (now - since) // _DAY + 1
    return early or min(since + days * _DAY, until)


def _first_after(now: datetime, moments: Iterable[datetime]) -> datetime | None:
    return next(dropwhile(lambda look: look <= now, moments), None)


def _early(since: datetime, until: datetime) -> Sequence[datetime]:
    return [since + after for after in EARLY if since + after < until]


def _by_the_calendar(since: datetime, until: datetime, calendar: Calendar) -> list[datetime]:
    begins = since + EARLY[-1]
    if begins >= until:
        return []
    own = timedelta(seconds=since.timestamp() % SPREAD.total_seconds())
    moments = (moment + own for moment in openings_and_closes(begins - SPREAD, until, calendar))
    return [moment for moment in moments if begins < moment < until]


def _thinned(moments: Sequence[datetime], room: int) -> Sequence[datetime]:
    """At most `room` of them, evenly."""
    many = len(moments)
    return moments if many <= room else [moments[(2 * n + 1) * many // (2 * room)] for n in range(room)]
