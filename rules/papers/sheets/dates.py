"""The dates of a filing that notices to the applicant state, and whether an event has changed one of them."""

from collections.abc import Iterator
from typing import Final

from rules.causes import NEW_DATES
from rules.papers.sheets.made import due, until
from schemas.filing.events import Clock
from schemas.filing.state import Filing
from schemas.papers.sheet import PaperSource, Row
from schemas.papers.state import PaperKind
from schemas.translate import said

_STANDS: Final = (
    (Clock.STAY, said("paper.stayed_until"), "stayed_until"),
    (Clock.SUSPENSION, said("paper.suspended_until"), "suspended_until"),
    (Clock.SUCCESSION, said("paper.successor_until"), "until"),
)
"""The clocks during which a filing is stopped: while one of them runs, a notice states only the end of the stop."""
_RUNS: Final = (
    (Clock.SUPPLEMENT, said("paper.supply_by"), "supply_by"),
    (Clock.PAYMENT, said("paper.pay_until"), "pay_until"),
    (Clock.CONFIRMATION, said("paper.confirm_by"), "confirm_by"),
    (Clock.OBLIGATION, said("paper.fulfil_by"), "fulfil_by"),
    (Clock.INTAKE, said("paper.intake_until"), "intake_until"),
    (Clock.READING, said("paper.read_until"), "read_until"),
    (Clock.PICKUP, said("paper.fetch_until"), "fetch_until"),
)
TOLD: Final = frozenset({clock for clock, _, __ in (*_STANDS, *_RUNS)} | {Clock.PROCESSING})
"""The clocks whose ends are promised to the applicant or required of the applicant."""


def dates(source: PaperSource) -> Iterator[Row]:
    """The rows with the filing's present dates: the end of a stop, else the ends of its limits."""
    stands = [row for clock, label, place in _STANDS for row in due(source, clock, label, place)]
    if stands:
        yield from stands
        return
    for clock, label, place in _RUNS:
        if clock in _own(source.filing):
            yield from due(source, clock, label, place)
    again = Clock.PROCESSING in _moved(source.before, source.filing)
    yield from due(source, Clock.PROCESSING, said("paper.new_appointment" if again else "paper.appointment"))


def needed(kind: PaperKind, event: str, before: Filing | None, after: Filing) -> bool:
    """Whether an event of this kind causes this paper: a notice of new dates only if the event has changed a date."""
    only_dates = kind is PaperKind.CORRECTION and event in NEW_DATES
    return not only_dates or bool(_moved(before, after))


def _moved(before: Filing | None, after: Filing) -> frozenset[Clock]:
    """The running clocks whose end, as printed on papers, has changed or is new."""
    known = {} if before is None else {clock: until(run.due) for clock, run in before.clocks.items()}
    told = ((clock, after.clocks[clock]) for clock in _own(after))
    return frozenset(clock for clock, run in told if not run.paused and known.get(clock) != until(run.due))


def _own(filing: Filing) -> frozenset[Clock]:
    """The clocks with a date for the applicant; the obligation clock only once the amount is demanded."""
    demanded = filing.obligation is not None and filing.obligation.amount is not None
    return frozenset(filing.clocks) & (TOLD if demanded else TOLD - {Clock.OBLIGATION})
