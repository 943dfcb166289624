"""The register of an agency: its periods and its entries."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from rules.filing.fold import status
from rules.filing.time.clocks import clock_history
from rules.papers.custody.effort import effort
from rules.time.working_time import VIETNAM
from schemas.base import Text
from schemas.filing import events as ev
from schemas.filing.events import Clock
from schemas.filing.state import STATUS_NAMES, ClockState, Closing, Filing
from schemas.papers.register import Period, RegisterEntry
from schemas.publishing.procedure import Baseline
from schemas.stream.ledger import Recorded

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
    """Facts about the procedure for the register, with the effort of one filing at level 1."""

    name: Text
    sets: int | None = None
    baseline: Baseline | None = None


def entry(n: int, events: Sequence[Recorded], filing: Filing, procedure: Known, now: datetime) -> RegisterEntry:
    """The register's entry, as of `now`, of a filing in the state after these events."""
    processing = _processing(filing)
    at, known = status(filing), filing.applicant
    return RegisterEntry(
        n=n,
        code=filing.code or "",
        procedure=filing.procedure.code,
        procedure_name=procedure.name,
        sets=procedure.sets,
        applicant=known and known.name,
        contact=_contact(filing),
        agency=filing.agency,
        desk=filing.desk,
        channel=filing.channel,
        received_at=filing.received_at or events[0].at,
        appointment=processing and processing.due,
        returned_at=filing.closed_at if filing.closing is Closing.DELIVERED else None,
        outcome=processing and processing.outcome,
        result_channel=filing.result_channel,
        recipient=_recipient(recorded.event for recorded in events),
        status=at,
        status_name=STATUS_NAMES[at],
        effort=effort(events, filing, now, procedure.baseline),
    )


def _processing(filing: Filing) -> ClockState | None:
    """The last run of the processing clock, which determines the appointment; None before the first."""
    runs = [run for run in clock_history(filing) if run.clock is Clock.PROCESSING]
    return runs[-1] if runs else None


def _contact(filing: Filing) -> str | None:
    address = filing.address and f"{filing.address.address}, {filing.address.postcode}"
    phone = (filing.applicant and filing.applicant.phone) or (filing.address and filing.address.phone)
    return "; ".join(part for part in (address, phone) if part) or None


def _recipient(events: Iterable[Any]) -> str | None:
    handed_over = [event for event in events if isinstance(event, ev.HandedOver)]
    return handed_over[-1].recipient if handed_over else None
