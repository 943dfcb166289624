"""The days that differ in another version of a calendar, in words."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from rules.time.calendars import decided, every_day, hours_of, hours_on, proposed
from schemas.base import Text
from schemas.publishing.calendar import CalendarFile, OpenHours
from schemas.translate import said


class Change(StrEnum):
    """The kind of a day's change."""

    CLOSES = "closes"
    OPENS = "opens"
    HOURS = "hours"
    DECIDED = "decided"
    PROPOSED = "proposed"
    WITHDRAWN = "withdrawn"


_WORDS: Final = {
    Change.CLOSES: "day_closes",
    Change.OPENS: "day_opens",
    Change.HOURS: "day_changes_hours",
    Change.DECIDED: "day_decided",
    Change.PROPOSED: "day_proposed",
    Change.WITHDRAWN: "day_withdrawn",
}


class DayChange(NamedTuple):
    """A day that differs in another version.

    Attributes:
        agency: The agency of the day; None: the whole country.
        day: The date.
        change: The kind of change.
        hours: Its office hours then, or the proposed ones, now or before; none: closed.
    """

    agency: str | None
    day: date
    change: Change
    hours: OpenHours

    @property
    def words(self) -> Text:
        """The change in words for people."""
        hours = ", ".join(map(str, self.hours))
        becomes = said("day_with_hours", hours=hours) if hours else said("day_off")
        weekday = said(f"weekday.{self.day.weekday()}")
        sentence = said(_WORDS[self.change], day=said("time.day", weekday=weekday, date=self.day), becomes=becomes)
        return sentence if self.agency is None else said("day_of_agency", agency=self.agency, sentence=sentence)


def changes(before: CalendarFile, after: CalendarFile) -> list[DayChange]:
    """The days that differ in `after`: the country's first, then those that differ only for an agency."""
    whole = list(_between(before, after, None))
    known = {(change.day, change.change, change.hours) for change in whole}
    codes = sorted({each.agency for file in (before, after) for each in file.overlays if each.agency})
    own = (change for code in codes for change in _between(before, after, code))
    return [*whole, *(one for one in own if (one.day, one.change, one.hours) not in known)]


def _between(before: CalendarFile, after: CalendarFile, agency: str | None) -> Iterator[DayChange]:
    was, becomes = _Days(before, agency), _Days(after, agency)
    last = max(before.valid_until, after.valid_until)
    for day in every_day(min(before.valid_from, after.valid_from), last):
        old, new = was.hours(day), becomes.hours(day)
        proposal, proposes = was.proposed.get(day), becomes.proposed.get(day)
        if old != new:
            yield DayChange(agency, day, _change(old, new, proposal), new)
        elif proposal is not None and proposes is None:
            yield DayChange(agency, day, Change.WITHDRAWN, proposal)
        if proposes is not None and proposes != proposal:
            yield DayChange(agency, day, Change.PROPOSED, proposes)


def _change(old: OpenHours, new: OpenHours, proposal: OpenHours | None) -> Change:
    if new == proposal:
        return Change.DECIDED
    if not new:
        return Change.CLOSES
    return Change.HOURS if old else Change.OPENS


class _Days:
    """The days of a calendar for an agency. Outside the calendar's validity, only the base gives their hours."""

    def __init__(self, file: CalendarFile, agency: str | None) -> None:
        self._agency, self._week, self._said = agency, file.week.days(), decided(file)
        self.proposed = {
            day.date: hours_of(day.kind, day.hours, day.date, day.replaces, self._week)
            for day in proposed(file, agency)
        }

    def hours(self, day: date) -> OpenHours:
        return hours_on(day, self._agency, self._week, self._said)
