"""The days of a calendar with their sources, and the doubtful ones among them."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from publishing.checks.facts import is_stale, is_unconfirmed
from rules.time.calendars import base_year, decided, every_day, hours_of, hours_on, settled_by
from schemas.base import Text
from schemas.publishing.calendar import CalendarDay, CalendarFile, DayStatus, OpenHours
from schemas.translate import said


class Fact(NamedTuple):
    """A day whose hours differ, or may differ, from those of its weekday.

    Attributes:
        day: The date.
        hours: Its office hours, or the proposed ones; none: closed.
        status: Decided, or only proposed.
        source: Its source; None: only the library of the base.
        checked: The day of its last comparison with its source.
        agency: The agency of the day; None: the whole country.
        path: Its place in the file.
    """

    day: date
    hours: OpenHours
    status: DayStatus
    source: str | None
    checked: date | None
    agency: str | None
    path: str


class Doubt(StrEnum):
    """The reason to check a fact again."""

    PROPOSED = "proposed"
    UNCONFIRMED = "unconfirmed"
    UNCHECKED = "unchecked"
    STALE = "stale"


class Doubtful(NamedTuple):
    """A fact with the reason to check it again."""

    fact: Fact
    doubt: Doubt

    @property
    def words(self) -> Text:
        """The reason in words for people."""
        return said(_WORDS[self.doubt], checked=self.fact.checked, source=self.fact.source)


_WORDS: Final = {
    Doubt.PROPOSED: "fact_proposed",
    Doubt.UNCONFIRMED: "fact_unconfirmed",
    Doubt.UNCHECKED: "fact_unchecked",
    Doubt.STALE: "fact_stale",
}


def facts(file: CalendarFile) -> list[Fact]:
    """Every day of the overlays, and every other day of the base, in order."""
    written = [
        _fact(file, day, overlay.agency, f"overlays[{n}].days[{k}]")
        for n, overlay in enumerate(file.overlays)
        for k, day in enumerate(overlay.days)
    ]
    return sorted([*written, *_of_the_base(file)], key=lambda fact: (fact.day, fact.agency or "", fact.status))


def doubtful(file: CalendarFile, today: date) -> list[Doubtful]:
    """The facts that are proposed, unconfirmed, never checked, or not checked for too long as of `today`."""
    return [Doubtful(fact, doubt) for fact in facts(file) for doubt in _doubts(fact, today)]


def _fact(file: CalendarFile, day: CalendarDay, agency: str | None, path: str) -> Fact:
    hours = hours_of(day.kind, day.hours, day.date, day.replaces, file.week.days())
    return Fact(day.date, hours, day.status, day.source, day.checked or file.checked, agency, path)


def _of_the_base(file: CalendarFile) -> Iterator[Fact]:
    week, said_days = file.week.days(), decided(file)
    for day in every_day(file.valid_from, file.valid_until):
        known = base_year(day.year)
        if (day in known.off or day in known.makeup) and settled_by(day, None, said_days) is None:
            yield Fact(day, hours_on(day, None, week, ()), DayStatus.DECIDED, None, None, None, "base")


def _doubts(fact: Fact, today: date) -> Iterator[Doubt]:
    if fact.status is DayStatus.PROPOSED:
        yield Doubt.PROPOSED
    if fact.source is None or is_unconfirmed(fact.source):
        yield Doubt.UNCONFIRMED
    elif fact.checked is None:
        yield Doubt.UNCHECKED
    elif is_stale(fact.checked, today):
        yield Doubt.STALE
