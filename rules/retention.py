"""Whether a filing may be erased: not while anything may still become of it, nor while the law wants it kept."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from rules.complaint.grounds import grounds
from rules.time.working_time import VIETNAM
from schemas.errors import Problem, problem
from schemas.filing.state import Filing
from schemas.publishing.procedure import RetentionRule
from schemas.stream.ledger import Recorded


@dataclass(frozen=True)
class Whole:
    """A filing with all that belongs to it, as the record has it.

    Attributes:
        filing: Its fold.
        complain_until: Until when something that was done in it may be complained about; None if nothing may.
        open: Its streams that have something to do.
        watched_until: Until when money or a parcel of it may still be heard of.
        unsettled: Callbacks about its money of which it has not heard.
        unmade: Papers that it has caused and that nobody has made.
        retention: How long it is kept after its end, if anything says so.
    """

    filing: Filing
    complain_until: datetime | None
    open: tuple[str, ...]
    watched_until: datetime | None
    unsettled: int
    unmade: int
    retention: RetentionRule | None = None


def complain_until(begun: Filing, events: Sequence[Recorded], states: Sequence[Filing]) -> datetime | None:
    """The last moment at which anything that was done in a filing may be complained about."""
    found = (grounds(begun, events, states, (), recorded.seq).until for recorded in events)
    return max((until for until in found if until is not None), default=None)


def hindrances(whole: Whole, now: datetime) -> tuple[Problem, ...]:
    """Every reason why it can't be erased now."""
    if whole.filing.erased_at is not None:
        return (problem("filing", "erased"),)
    return tuple(_hindrances(whole, now))


def _hindrances(whole: Whole, now: datetime) -> Iterator[Problem]:
    if whole.open:
        yield problem("filing", "erase_open", streams=", ".join(whole.open))
    if whole.unsettled:
        yield problem("filing", "erase_unsettled", count=whole.unsettled)
    if whole.unmade:
        yield problem("filing", "erase_unmade", count=whole.unmade)
    yield from _until("erase_watched", whole.watched_until, now)
    yield from _until("erase_complaint", whole.complain_until, now)
    rule, ended = whole.retention, whole.filing.closed_at
    if rule is not None and rule.keep_years is not None and ended is not None:
        yield from _until("erase_kept", years_after(ended, rule.keep_years), now, source=rule.source)


def years_after(ended: datetime, years: int) -> datetime:
    """The end of the same day in Vietnam so many years later; of 28 February for a leap day that there is not then."""
    day = ended.astimezone(VIETNAM).date()
    there = (day.month, day.day) != _LEAP or isleap(day.year + years)
    last = day.replace(year=day.year + years) if there else date(day.year + years, 2, 28)
    return datetime.combine(last, time.max, VIETNAM)


def ended_by(now: datetime, years: int) -> datetime:
    """The last moment at which what had to be erased so many years later had ended by now."""
    today = now.astimezone(VIETNAM).date()
    there = (today.month, today.day) != _LEAP or isleap(today.year - years)
    day = today.replace(year=today.year - years) if there else date(today.year - years, 3, 1)
    return datetime.combine(day, time.min, VIETNAM)


_LEAP: Final = (2, 29)


def _until(rule: str, until: datetime | None, now: datetime, **values: Any) -> Iterable[Problem]:
    if until is not None and now <= until:
        yield problem("filing", rule, day=until.astimezone(VIETNAM), **values)
