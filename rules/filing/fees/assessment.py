"""The assessment of a filing's fee, item by item, and its waivers. Only this module calculates a fee."""

from datetime import date, datetime
from typing import NamedTuple

from rules.filing.conditions import Dossier, hold, received_on
from rules.time.in_force import in_force, validity_in_words
from rules.time.working_time import local_day
from schemas.errors import Problem, problem
from schemas.filing.events import FeeLine
from schemas.filing.state import Filing
from schemas.people import Role
from schemas.publishing.fee import GoverningDay
from schemas.publishing.procedure_rules import FeeItemPart, FeePart, WaiverPart


class Charge(NamedTuple):
    """A charged item: its line, and the waived part in đồng."""

    item: FeeItemPart
    line: FeeLine
    waived: int

    @property
    def amount(self) -> int:
        """The amount to pay in đồng, after the waiver."""
        return self.line.total - self.waived


class Assessment(NamedTuple):
    """All charges, in the order of the procedure's items."""

    charges: tuple[Charge, ...] = ()

    @property
    def lines(self) -> tuple[FeeLine, ...]:
        """The lines, before any waiver."""
        return tuple(charge.line for charge in self.charges)

    @property
    def waived(self) -> int:
        """The waived sum in đồng."""
        return sum(charge.waived for charge in self.charges)

    @property
    def total(self) -> int:
        """The sum to pay in đồng."""
        return sum(charge.amount for charge in self.charges)


def assess(fee: FeePart | None, dossier: Dossier, received: date, now: datetime, percent: int = 0) -> Assessment:
    """The fee for a dossier `received` that day, if requested `now`, less the waived `percent`; charged items only."""
    if fee is None:
        return Assessment()
    day = governing_day(fee, received, now)
    applying = (item for item in fee.items if in_force(item, day) and hold(item.when, dossier, received))
    lines = ((item, _line(item, dossier)) for item in applying)
    return Assessment(tuple(Charge(item, line, taken_off(line.total, percent)) for item, line in lines if line.total))


def governing_day(fee: FeePart, received: date, now: datetime) -> date:
    """The day whose amounts and waivers apply: the day of receipt, or the day of the request or payment (`now`)."""
    return received if fee.governed_by is GoverningDay.RECEIPT else local_day(now)


def taken_off(amount: int, percent: int) -> int:
    """The waived `percent` of one line, rounded half up to 1 đồng."""
    return _half_up(amount * percent, 100)


def _line(item: FeeItemPart, dossier: Dossier) -> FeeLine:
    """The line of an item. An item with a rate has the quantity 1 and an amount rounded half up to 1 đồng."""
    if item.of is None:
        unit, quantity = item.amount or 0, 1 if item.per is None else _stated(item.per, dossier)
    else:
        value = _stated(item.of, dossier)
        unit, quantity = _half_up(value * (item.basis_points or 0), 10_000), int(value > 0)
    counted = unit * quantity
    least = max(counted, item.minimum or 0)
    bounded = least if item.maximum is None else min(least, item.maximum)
    due = bounded if quantity else 0
    return FeeLine(code=item.code, amount=unit, quantity=quantity, bounded=None if due == counted else due)


def _stated(field: str, dossier: Dossier) -> int:
    """The whole number in a field; 0 if the field was left empty."""
    return int(dossier.form.get(field, 0))


def _half_up(amount: int, parts: int) -> int:
    return (2 * amount + parts) // (2 * parts)


def approvers(filing: Filing, now: datetime) -> list[Role]:
    """The roles that may waive the fee now."""
    fee = filing.procedure.fee
    if fee is None or filing.waiver is not None:
        return []
    return sorted({waiver.approver for waiver in fee.waivers if not_granted(filing, fee, waiver, now) is None})


def not_granted(filing: Filing, fee: FeePart, waiver: WaiverPart, now: datetime) -> Problem | None:
    """Why a waiver can't be granted to this filing, or None."""
    received = received_on(filing)
    if (why := not_for(waiver, filing, received, governing_day(fee, received, now))) is not None:
        return why
    proved = waiver.evidence in {None, *(paper.code for paper in filing.papers)}
    return None if proved else problem("waiver", "waiver_without_evidence", paper=waiver.evidence)


def not_for(waiver: WaiverPart, dossier: Dossier, received: date, governing: date) -> Problem | None:
    """Why a waiver does not apply on the `governing` day; None if it applies. Its evidence is not checked."""
    if not in_force(waiver, governing):
        return problem("waiver", "waiver_not_in_force", validity=validity_in_words(waiver))
    held = hold(waiver.when, dossier, received)
    return None if held else problem("waiver", "waiver_not_for_this_filing")
