"""The times at which a provider is queried for unexpected money: a few, since it is rare; the last ends a watch."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import dropwhile
from typing import Final

from rules.time.office_hours import openings_and_closes
from schemas.publishing.calendar import Calendar

MOST: Final = 12
"""The maximum number of queries in one watch (a period in which unexpected money is looked for), even in a long one."""

EARLY: Final = tuple(timedelta(seconds=after) for after in (0, 5, 60, 600, 3600))
"""The first queries, as times after the watch begins: a second payment comes at once, delayed money soon after."""

SELDOM: Final = (timedelta(minutes=1), timedelta(days=1))
"""Delays of the queries, before the last, to a provider that also reports money itself: its reports may get lost."""

SPREAD: Final = timedelta(minutes=30)
"""The maximum delay of a watch's queries: since all offices open at the same minute, each watch has another delay."""

SOONEST, SELDOMEST = timedelta(seconds=5), timedelta(minutes=30)
"""The shortest and the longest pause between two queries of a provider that also reports money itself."""

_DAY: Final = timedelta(days=1)


def gentle_pause(since: datetime, now: datetime) -> timedelta:
    """The pause before the next query of a provider that also reports money itself.

    The pause is as long as the time from `since` until now, within bounds.
    """
    return min(max(now - since, SOONEST), SELDOMEST)


def looks(since: datetime, until: datetime, calendar: Calendar) -> tuple[datetime, ...]:
    """The times at which a watch queries for money, in order: at most `MOST`, the last at `until`. Raises `TimeError`.

    The first times are soon after the watch begins. The others are evenly selected from the times shortly after working
    hours begin and end, so that a night, a weekend or Tết costs one query.
    """
    found, room = _by_the_calendar(since, until, calendar), MOST - len(EARLY) - 1
    if (many := len(found)) > room:  # an even selection
        found = [found[(2 * n + 1) * many // (2 * room)] for n in range(room)]
    return (*_early(since, until), *found, until)


def next_look(since: datetime, until: datetime, calendar: Calendar, now: datetime) -> datetime:
    """The time of the first query after `now`; the end of the watch if no query is left. Raises `TimeError`."""
    return _first_after(now, looks(since, until, calendar)) or until


def next_early_look(since: datetime, until: datetime, now: datetime) -> datetime | None:
    """The time of the next query that needs no calendar: soon after `since`, or at a short watch's end; else None."""
    at_the_end = until if since + EARLY[-1] >= until else None
    return _first_after(now, _early(since, until)) or at_the_end


def next_seldom_look(since: datetime, until: datetime, now: datetime) -> datetime:
    """The time of the next query to a provider that also reports money itself; if none is left, the watch's end."""
    return _first_after(now, (since + after for after in SELDOM if since + after < until)) or until


def next_daily_look(since: datetime, until: datetime, now: datetime) -> datetime:
    """The time of the next query after `now` in a watch with some early queries, then one a day, and one at its end."""
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
