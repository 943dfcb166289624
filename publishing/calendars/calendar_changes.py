"""Finds the days of a calendar that should be checked again, and those that differ in another version."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from publishing.checks.facts import is_stale, is_unconfirmed
from rules.time.calendars import base_year, decided, every_day, hours_of, hours_on, proposed, settled_by
from rules.time.time_words import day_in_words
from schemas.base import Text
from schemas.publishing.calendar import CalendarFile, DayStatus, OpenHours
from schemas.translate import said


class Fact(NamedTuple):
    """A day, decided or proposed, whose hours differ from the usual hours of its weekday.

    `agency` is None for the whole country. `source` is None for a day of the base, the library of holidays.
    `checked`: the day of the last check; None if it was never checked.
    """

    day: date
    hours: OpenHours
    status: DayStatus
    source: str | None
    checked: date | None
    agency: str | None
    path: str


class Doubt(StrEnum):
    """The reason to check a fact again. `undecided`: the proposed day has come without a decision."""

    PROPOSED = "proposed"
    UNDECIDED = "undecided"
    UNCONFIRMED = "unconfirmed"
    UNCHECKED = "unchecked"
    STALE = "stale"


class Doubtful(NamedTuple):
    """A fact with the reason to check it again."""

    fact: Fact
    doubt: Doubt

    @property
    def words(self) -> Text:
        """The reason, as a text for people."""
        return said(f"fact_{self.doubt}", checked=self.fact.checked, source=self.fact.source)


def facts(file: CalendarFile) -> list[Fact]:
    """Returns the days in overlays, and the base's days off and make-up days that no decided day replaces, by date."""
    week, settled = file.week.days(), decided(file)
    found = []
    for n, overlay in enumerate(file.overlays):
        for k, day in enumerate(overlay.days):
            hours = hours_of(day.kind, day.hours, day.date, day.replaces, week)
            where = (overlay.agency, f"overlays[{n}].days[{k}]")
            found.append(Fact(day.date, hours, day.status, day.source, day.checked or file.checked, *where))
    for base_day in every_day(file.valid_from, file.valid_until):
        known = base_year(base_day.year)
        if (base_day in known.off or base_day in known.makeup) and settled_by(base_day, None, settled) is None:
            hours = hours_on(base_day, None, week, ())
            found.append(Fact(base_day, hours, DayStatus.DECIDED, None, None, None, "base"))
    return sorted(found, key=lambda fact: (fact.day, fact.agency or "", fact.status))


def doubtful(file: CalendarFile, today: date) -> list[Doubtful]:
    """Returns the facts that are proposed, unconfirmed, never checked, or last checked too long before `today`."""
    return [Doubtful(fact, doubt) for fact in facts(file) for doubt in _doubts(fact, today)]


def undecided(file: CalendarFile, today: date) -> list[date]:
    """Returns the proposed days that have come without a decision, as of `today`."""
    return [one.fact.day for one in doubtful(file, today) if one.doubt is Doubt.UNDECIDED]


def _doubts(fact: Fact, today: date) -> Iterator[Doubt]:
    if fact.status is DayStatus.PROPOSED:
        yield Doubt.UNDECIDED if fact.day <= today else Doubt.PROPOSED
    if fact.source is None or is_unconfirmed(fact.source):
        yield Doubt.UNCONFIRMED
    elif fact.checked is None:
        yield Doubt.UNCHECKED
    elif is_stale(fact.checked, today):
        yield Doubt.STALE


class Change(StrEnum):
    """The kind of change of a day."""

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
    """A changed day. `agency` is None for the country; `hours`: the new, proposed or withdrawn ones, if it is open."""

    agency: str | None
    day: date
    change: Change
    hours: OpenHours

    @property
    def words(self) -> Text:
        """The change, as a text for people."""
        hours = ", ".join(map(str, self.hours))
        becomes = said("day_with_hours", hours=hours) if hours else said("day_off")
        sentence = said(_WORDS[self.change], day=day_in_words(self.day), becomes=becomes)
        return sentence if self.agency is None else said("day_of_agency", agency=self.agency, sentence=sentence)


def changes(before: CalendarFile, after: CalendarFile) -> list[DayChange]:
    """Returns the days that differ in `after`: first the country's, then those that differ only for an agency."""
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
    """An agency's opening hours by day in a calendar. Days outside the calendar's validity follow only the base."""

    def __init__(self, file: CalendarFile, agency: str | None) -> None:
        self._agency, self._week, self._decided = agency, file.week.days(), decided(file)
        self.proposed = {
            day.date: hours_of(day.kind, day.hours, day.date, day.replaces, self._week)
            for day in proposed(file, agency)
        }

    def hours(self, day: date) -> OpenHours:
        return hours_on(day, self._agency, self._week, self._decided)
