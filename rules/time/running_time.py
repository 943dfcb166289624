"""The course of a time limit through a calendar, in minutes: from receipt, over every pause, to its end."""

from collections.abc import Sequence
from typing import NamedTuple

from rules.time.office_hours import DAY, Days
from schemas.limit import Limit, Unit

Span = tuple[int, int]
"""A pause as the minutes of its begin and end."""


class Leg(NamedTuple):
    """A part of a run without a pause, for a limit in working minutes or calendar days.

    `begun`: the minute at which the leg begins (the start of the budget, or the end of a pause). `left`: the minutes or
    days of the limit that remain at `begun`. `ends`: the minute, or the day, at which none is left. `due`: the minute
    at which the limit ends if no pause follows.
    """

    begun: int
    left: int
    ends: int
    due: int


class Run(NamedTuple):
    """The run of a limit in legs, with a pause between every two of them; pauses that do not count are left out.

    `opened`: the minute that counts as receipt. `budget`: the limit in working minutes or days from the first leg on.
    """

    opened: int
    budget: int
    legs: list[Leg]
    pauses: list[Span]

    @property
    def receipt_day(self) -> int:
        """The day of receipt."""
        return self.opened // DAY

    @property
    def due(self) -> int:
        """The minute at which the limit ends, counted in minutes since the start of `FIRST_YEAR`."""
        return self.legs[-1].due


def run(days: Days, start: int, limit: Limit, pauses: Sequence[Span], latest: int | None) -> Run:
    """The run of a time limit that begins with a receipt at the minute `start`.

    Args:
        days: The expanded days. The function raises `NotLaidOutError` if the expanded days are too few.
        start: The minute of receipt.
        limit: In any unit but seconds. A limit of 0 calendar days is passed as 0 working days.
        pauses: In order, without overlaps.
        latest: The cut-off as a minute of the day; None if the office has no cut-off. A receipt on a working day after
            the cut-off counts for the next working day.
    """
    day = start // DAY
    too_late = latest is not None and start % DAY > latest and days.hours(day)
    opened = days.opens(days.working_day(days.rank(day) + 1)) if too_late else days.opening(start)
    if limit.unit is Unit.CALENDAR_DAYS:
        budget = limit.amount
        first = _days_leg(days, opened, budget)
    elif limit.unit is Unit.WORKING_DAYS:
        rank = days.rank(opened // DAY)
        starts = days.opens(days.working_day(rank + 1)) if limit.amount else opened
        ends = days.closes(days.working_day(rank + limit.amount))
        budget = days.elapsed(ends) - days.elapsed(starts)
        first = Leg(starts, budget, ends, ends)
    else:
        budget = 60 * limit.amount
        first = _minutes_leg(days, opened, budget, limit.unit)
    found = Run(opened, budget, [first], [])
    for pause in pauses:
        leg = found.legs[-1]
        if pause[0] >= leg.due:
            break
        found.legs.append(_resumed(days, found, limit.unit, pause))
        found.pauses.append(pause)
    return found


def left_at(days: Days, leg: Leg, unit: Unit, minute: int) -> int:
    """The working minutes or the days of a leg that are left at `minute`."""
    if minute <= leg.begun:
        return leg.left
    if unit is Unit.CALENDAR_DAYS:
        return max(leg.left - minute // DAY + leg.begun // DAY, 0)
    return max(leg.left - days.elapsed(minute) + days.elapsed(leg.begun), 0)


def _resumed(days: Days, so_far: Run, unit: Unit, pause: Span) -> Leg:
    begins, ends = pause
    left = left_at(days, so_far.legs[-1], unit, begins)
    begun = max(ends, so_far.legs[0].begun)
    if unit is Unit.CALENDAR_DAYS:
        return _days_leg(days, begun, left)
    return _minutes_leg(days, begun, left, unit)


def _minutes_leg(days: Days, begun: int, left: int, unit: Unit) -> Leg:
    ends = days.reached(days.elapsed(begun) + left) if left else days.opening(begun)
    return Leg(begun, left, ends, ends if unit is Unit.WORKING_HOURS else days.closes(ends // DAY))


def _days_leg(days: Days, begun: int, left: int) -> Leg:
    """A leg that is counted in days.

    If no day is left, the leg ends on the day of the first minute in office hours, from the minute `begun` on.
    """
    ends = begun // DAY + left if left else days.opening(begun) // DAY
    return Leg(begun, left, ends, days.closes(days.working_day(days.rank(ends))))
