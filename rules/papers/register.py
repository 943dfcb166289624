"""The register of an agency's filings: periods, entries, columns for people, and the applicant's effort."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from rules.filing.clocks import clock_history
from rules.filing.fold import status
from rules.papers.deeds import OUTCOME_NAMES
from rules.time.office_hours import working_days
from rules.time.working_time import VIETNAM, local_day
from schemas.base import Text
from schemas.filing import events as ev
from schemas.filing.events import Clock
from schemas.filing.state import STATUS_NAMES, Closing, Filing
from schemas.level import Channel
from schemas.names import CHANNEL_NAMES
from schemas.papers.register import Effort, Passing, Period, RegisterEntry
from schemas.people import Role
from schemas.publishing.procedure import Baseline
from schemas.stream.ledger import Recorded
from schemas.translate import said


def effort(events: Sequence[Recorded], filing: Filing, now: datetime, baseline: Baseline | None) -> Effort:
    """The applicant's effort, in working days and visits, up to the filing's end, or to `now` if the filing is open."""
    begun = events[0].event.received_at or events[0].at
    days = working_days(begun, max(filing.closed_at or now, begun), filing.calendar)
    visits = {local_day(one.at) for one in events if _at_a_counter(one.event, one.actor.role)}  # one a day
    return Effort(working_days=days, visits=len(visits), baseline=baseline)


def _at_a_counter(event: Any, role: Role) -> bool:
    """Whether an event shows a visit to a counter: by its channel, or because the desk recorded an applicant's act."""
    match event:
        case ev.Submitted(channel=channel) | ev.Supplemented(channel=channel) | ev.FeePaid(channel=channel):
            return channel is Channel.COUNTER
        case ev.HandedOver(channel=channel):
            return channel is Channel.COUNTER
        case ev.Answered() | ev.DraftConfirmed() | ev.DraftCorrected() | ev.Withdrawn():
            return role is Role.RECEPTION
        case _:
            return False


_PERIOD: Final = re.compile(r"([12][0-9]{3})(?:-(0[1-9]|1[0-2]))?")
_DECEMBER: Final = 12


def period(name: str) -> Period | None:
    """The month `2026-11` or the year `2026`; None for any other name."""
    found = _PERIOD.fullmatch(name)
    if found is None:
        return None
    year, month = int(found[1]), int(found[2] or 1)
    last = month if found[2] else _DECEMBER
    after = (year + 1, 1) if last == _DECEMBER else (year, last + 1)
    return Period(name=name, since=datetime(year, month, 1, tzinfo=VIETNAM), until=datetime(*after, 1, tzinfo=VIETNAM))


class Known(NamedTuple):
    """Facts about a procedure for the register: its name, the number of dossier `sets`, and the effort at level 1."""

    name: Text
    sets: int | None = None
    baseline: Baseline | None = None


def entry(n: int, events: Sequence[Recorded], filing: Filing, procedure: Known, now: datetime) -> RegisterEntry:
    """The register's entry of a filing, as of `now`; `n` is its number in the register, `filing` its present state."""
    runs = reversed(clock_history(filing))
    processing = next((run for run in runs if run.clock is Clock.PROCESSING), None)  # the last one: the appointment
    at, known = status(filing), filing.applicant
    recipients = [one.event.recipient for one in events if isinstance(one.event, ev.HandedOver)]
    return RegisterEntry(
        n=n,
        code=filing.code or "",
        procedure=filing.procedure.code,
        procedure_name=procedure.name,
        sets=procedure.sets,
        applicant=known and known.name,
        contact=_contact(filing),
        agency=filing.agency,
        passed=tuple(_passings(events)),
        desk=filing.desk,
        channel=filing.channel,
        received_at=filing.received_at or events[0].at,
        appointment=processing and processing.due,
        returned_at=filing.closed_at if filing.closing is Closing.DELIVERED else None,
        outcome=processing and processing.outcome,
        result_channel=filing.result_channel,
        recipient=recipients[-1] if recipients else None,
        status=at,
        status_name=STATUS_NAMES[at],
        effort=effort(events, filing, now, procedure.baseline),
    )


def _passings(events: Iterable[Recorded]) -> Iterator[Passing]:
    for recorded in events:
        if isinstance(recorded.event, ev.PassedOn):
            yield Passing(origin=recorded.event.origin, to=recorded.event.to, at=recorded.at)


def _contact(filing: Filing) -> str | None:
    address = filing.address and f"{filing.address.address}, {filing.address.postcode}"
    phone = (filing.applicant and filing.applicant.phone) or (filing.address and filing.address.phone)
    return "; ".join(part for part in (address, phone) if part) or None


Cell = str | int | datetime | None


class Column(NamedTuple):
    """A column: its title, its share of the width, and its cell for a filing."""

    title: Text
    share: int
    cell: Callable[[RegisterEntry], Cell]


def shown(cell: Cell) -> str:
    """A cell as text: an instant in Vietnamese time; an empty text if the cell is unknown."""
    if isinstance(cell, datetime):
        return f"{cell.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
    return "" if cell is None else str(cell)


def _person(entry: RegisterEntry) -> str:
    return said("register.erased").vi if entry.applicant is None else entry.applicant


def _called(entry: RegisterEntry, agency: str) -> str:
    """The agency's name; its code if the directory lacks the name."""
    return entry.agencies[agency].vi if agency in entry.agencies else agency


def _note(entry: RegisterEntry) -> str:
    parts = (
        entry.status_name.vi,
        None if entry.outcome is None else OUTCOME_NAMES[entry.outcome].vi,
        None if entry.desk is None else said("register.at_desk", desk=_called(entry, entry.desk)).vi,
        *(
            said("register.passed", origin=_called(entry, one.origin), to=_called(entry, one.to), at=shown(one.at)).vi
            for one in entry.passed
        ),
    )
    return "; ".join(part for part in parts if part)


COLUMNS: Final = (
    Column(said("paper.number"), 2, lambda entry: entry.n),
    Column(said("sheet.code"), 6, lambda entry: entry.code),
    Column(said("register.procedure"), 9, lambda entry: entry.procedure_name.vi),
    Column(said("register.sets"), 2, lambda entry: entry.sets),
    Column(said("register.applicant"), 7, _person),
    Column(said("register.contact"), 7, lambda entry: entry.contact),
    Column(said("register.agency"), 6, lambda entry: _called(entry, entry.agency)),
    Column(said("register.received"), 4, lambda entry: entry.received_at),
    Column(said("register.appointment"), 4, lambda entry: entry.appointment),
    Column(said("register.returned"), 4, lambda entry: entry.returned_at),
    Column(said("register.way"), 5, lambda entry: CHANNEL_NAMES[entry.result_channel].vi),
    Column(said("register.recipient"), 5, lambda entry: entry.recipient),
    Column(said("paper.note"), 6, _note),
)
"""The columns of form 06 of Circular 01/2018/TT-VPCP, now form 07 of Circular 03/2025, whose text was not read."""


def _of_effort(cell: Callable[[Effort], Cell]) -> Callable[[RegisterEntry], Cell]:
    return lambda entry: None if entry.effort is None else cell(entry.effort)


EFFORT: Final = (
    Column(said("register.working_days"), 3, _of_effort(lambda effort: effort.working_days)),
    Column(said("register.visits"), 3, _of_effort(lambda effort: effort.visits)),
    Column(
        said("register.working_days_before"),
        3,
        _of_effort(lambda effort: None if effort.baseline is None else effort.baseline.working_days),
    ),
    Column(
        said("register.visits_before"),
        3,
        _of_effort(lambda effort: None if effort.baseline is None else effort.baseline.visits),
    ),
)
"""Columns that no form requires: the applicant's effort, beside the effort at level 1."""
