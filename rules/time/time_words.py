"""Why a time limit ends when it does, in plain English, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from rules.time.office_hours import DAY, Days, Spans, date_of, day_of
from rules.time.running_time import Leg, Run, Span
from schemas.limit import Limit, Unit
from schemas.publishing.calendar import Calendar

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MOST_LISTED: Final = 10


def run_in_words(
    days: Days, start: int, limit: Limit, found: Run, latest: int | None, calendar: Calendar
) -> Iterator[str]:
    """The lines for a run that began at the minute `start`."""
    yield f"Received {_when(start)}, Vietnam time."
    yield from _counted(days, start, found.opened, latest)
    if limit.unit is not Unit.WORKING_HOURS:
        yield f"Day of receipt: {_day(found.receipt_day)}."
    yield from _first_leg(days, limit, found)
    if found.pauses and limit.unit is Unit.WORKING_DAYS:
        yield f"Budget: {_number(found.budget, 'working minute')} from {_when(found.legs[0].begun)} on."
    for n, (pause, leg) in enumerate(zip(found.pauses, found.legs[1:], strict=True)):
        yield from _pause(days, limit, n + 1, pause, leg)
    yield from _beyond(calendar, (start // DAY, found.receipt_day), found.due // DAY)
    yield f"Due {_when(found.due)}."


def seconds_in_words(start: datetime, limit: Limit, due: datetime) -> tuple[str, ...]:
    """The lines for a limit in elapsed seconds."""
    return (f"Received {start.isoformat()}.", f"{limit}, pauses not counted.", f"Due {due.isoformat()}.")


def _counted(days: Days, start: int, opened: int, latest: int | None) -> Iterator[str]:
    if opened == start:
        return
    if latest is not None and start % DAY > latest and days.hours(start // DAY):
        yield f"That is after the cut-off at {_clock(latest)}: it counts as received on the next working day."
    elif days.hours(start // DAY):
        yield f"That is outside of the office hours {_hours(days.hours(start // DAY))}: the next opening counts."
    else:
        yield f"{_day(start // DAY)} is no working day: the next opening counts."
    yield f"Counted from {_when(opened)}."


def _first_leg(days: Days, limit: Limit, found: Run) -> Iterator[str]:
    leg = found.legs[0]
    if limit.amount == 0 and limit.unit is not Unit.WORKING_HOURS:
        yield f"A limit of 0 days ends with the day of receipt, which closes at {_clock(leg.due)}."
    elif limit.unit is Unit.WORKING_HOURS:
        yield f"{_amount(limit)}, {found.budget} working minutes, run out {_when(leg.ends)}."
        yield from _crossed(days, found.receipt_day, leg.ends // DAY, "With other hours")
    elif limit.unit is Unit.WORKING_DAYS:
        yield from _counted_days(days, limit, found.receipt_day, leg)
    else:
        yield f"{_amount(limit)} after it: {_day(leg.ends)}."
        yield from _rolled(days, leg)


def _counted_days(days: Days, limit: Limit, received: int, leg: Leg) -> Iterator[str]:
    last = leg.due // DAY
    first = days.working_day(days.rank(received) + 1)
    which = _day(last) if first == last else f"the first is {_day(first)}, the last {_day(last)}"
    yield f"{_amount(limit)} after it: {which}, which closes at {_clock(leg.due)}."
    yield from _crossed(days, received + 1, last, "A day in spite of other hours")


def _crossed(days: Days, first: int, last: int, other_hours: str) -> Iterator[str]:
    """What is unusual from one day to another. `other_hours` leads those open, but not for their weekday's hours."""
    between = list(days.between(first, last))
    if any(not (hours or expected) for _, hours, expected in between):
        yield "Regular days off are not counted."
    if closed := [_day(day) for day, hours, expected in between if expected and not hours]:
        yield f"Closed, so not counted: {_listed(closed)}."
    if opened := [f"{_day(day)} ({_hours(hours)})" for day, hours, expected in between if hours and not expected]:
        yield f"Open although regularly closed: {_listed(opened)}."
    if unusual := [
        f"{_day(day)} ({_hours(hours)})" for day, hours, expected in between if hours != expected != () != hours
    ]:
        yield f"{other_hours}: {_listed(unusual)}."


def _listed(every: Sequence[str]) -> str:
    more = f" and {len(every) - _MOST_LISTED} more" if len(every) > _MOST_LISTED else ""
    return ", ".join(every[:_MOST_LISTED]) + more


def _pause(days: Days, limit: Limit, n: int, pause: Span, leg: Leg) -> Iterator[str]:
    unit = "day" if limit.unit is Unit.CALENDAR_DAYS else "working minute"
    yield f"Pause {n}, {_when(pause[0])} to {_when(pause[1])}: {_number(leg.left, unit)} left when it begins."
    if leg.begun != pause[1]:
        yield f"The budget starts only at {_when(leg.begun)}: it is reckoned from then."
    if leg.left == 0:
        yield f"Without any left it is the day of resume or the next working day, {_day(leg.due // DAY)}."
    elif limit.unit is Unit.CALENDAR_DAYS:
        yield f"Reckoned from {_day(leg.begun // DAY)}: {_day(leg.ends)}."
        yield from _rolled(days, leg)
    else:
        inside = "" if leg.due == leg.ends else f", inside of a day that closes at {_clock(leg.due)}"
        yield f"They run out {_when(leg.ends)}{inside}."
        yield from _crossed(days, leg.begun // DAY, leg.ends // DAY, "With other hours")


def _rolled(days: Days, leg: Leg) -> Iterator[str]:
    if not days.hours(leg.ends):
        yield f"That is no working day: the next one is {_day(leg.due // DAY)}."
    yield f"It closes at {_clock(leg.due)}."


def _beyond(calendar: Calendar, firsts: Sequence[int], last: int) -> Iterator[str]:
    valid = f"{calendar.code} {calendar.version} is valid from {calendar.valid_from} to {calendar.valid_until}"
    base = "which days are working days there is what the base library of holidays says"
    if min(firsts) < day_of(calendar.valid_from):
        yield f"{valid}, and {date_of(min(firsts))} lies before: {base}."
    if last > day_of(calendar.valid_until):
        yield f"{valid}, and {date_of(last)} lies beyond: {base}."


def _amount(limit: Limit) -> str:
    return _number(limit.amount, limit.unit.removesuffix("s"))


def _number(amount: int, unit: str) -> str:
    return f"{amount} {unit}" if amount == 1 else f"{amount} {unit}s"


def _when(minute: int) -> str:
    return f"{_day(minute // DAY)} {_clock(minute)}"


@lru_cache(maxsize=10_000)
def _day(day: int) -> str:
    found = date_of(day)
    return f"{_WEEKDAYS[found.weekday()]} {found}"


def _clock(minute: int) -> str:
    hour, minute = divmod(minute % DAY, 60)
    return f"{hour:02}:{minute:02}"


def _hours(spans: Spans) -> str:
    return " and ".join(f"{_clock(opens)}-{_clock(close)}" for opens, close in spans)
