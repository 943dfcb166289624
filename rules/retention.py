"""The conditions for the erasure of a filing: none of its streams is active, and no law requires its retention."""

from calendar import isleap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from rules.complaint.grounds import grounds
from rules.time.working_time import VIETNAM
from schemas.complaint.state import Claim
from schemas.errors import Problem, problem
from schemas.filing.state import Filing
from schemas.publishing.procedure import RetentionRule
from schemas.stream.ledger import Recorded
from schemas.translate import deadline


@dataclass(frozen=True)
class Whole:
    """A filing and its related records: its streams with work left (`open`), and the rule for its retention, if any.

    `complain_until`: the last moment for a complaint; None if none is possible. `watched_until`: the last moment
    for reports of money or parcels; None if none is expected. `unsettled`: the number of payment callbacks that have
    not reached the filing. `unmade`: the number of its official papers that are still to be made.
    """

    filing: Filing
    complain_until: datetime | None
    open: tuple[str, ...]
    watched_until: datetime | None
    unsettled: int
    unmade: int
    retention: RetentionRule | None = None


def complain_until(begun: Filing, events: Sequence[Recorded], states: Sequence[Filing]) -> datetime | None:
    """The last moment for a complaint about any act in a filing; None if no act is open to a complaint."""
    found = (grounds(begun, events, states, (), Claim(about=recorded.seq)).until for recorded in events)
    return max((until for until in found if until is not None), default=None)


def hindrances(whole: Whole, now: datetime) -> tuple[Problem, ...]:
    """Every reason why the filing can't be erased now."""
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
    """The end of the same day in Vietnam `years` later; in a common year, 28 February takes the place of the 29th."""
    day = ended.astimezone(VIETNAM).date()
    there = (day.month, day.day) != _LEAP or isleap(day.year + years)
    last = day.replace(year=day.year + years) if there else date(day.year + years, 2, 28)
    return datetime.combine(last, time.max, VIETNAM)


def ended_by(now: datetime, years: int) -> datetime:
    """The instant before which a filing must have ended to be erased `now`, if filings are kept for `years`."""
    today = now.astimezone(VIETNAM).date()
    there = (today.month, today.day) != _LEAP or isleap(today.year - years)
    day = today.replace(year=today.year - years) if there else date(today.year - years, 3, 1)
    return datetime.combine(day, time.min, VIETNAM)


_LEAP: Final = (2, 29)


def _until(rule: str, until: datetime | None, now: datetime, **values: Any) -> Iterable[Problem]:
    if until is not None and now <= until:
        yield problem("filing", rule, day=deadline(until), **values)
