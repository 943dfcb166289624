"""What a filing costs."""

from __future__ import annotations

from datetime import date, datetime

from rules.filing.conditions import Dossier, hold, received_on
from rules.time.in_force import in_force
from rules.time.working_time import local_day
from schemas.filing.events import FeeLine, FeeRequested
from schemas.filing.state import Filing
from schemas.level import Channel
from schemas.publishing.fee import GoverningDay
from schemas.publishing.procedure_rules import FeeItemPart, FeePart


def governing_day(fee: FeePart, received: date, now: datetime) -> date:
    """The day by whose amounts and waivers the fee of what was `received` goes, if it is asked for or paid `now`."""
    return received if fee.governed_by is GoverningDay.RECEIPT else local_day(now)


def lines(fee: FeePart, dossier: Dossier, received: date, now: datetime) -> tuple[FeeLine, ...]:
    """The lines of the fee for what was filed; an item that does not apply, or with quantity 0, is left out."""
    day = governing_day(fee, received, now)
    applying = (item for item in fee.items if in_force(item, day) and hold(item.when, dossier, received))
    quantities = ((item, 1 if item.per is None else int(dossier.form.get(item.per, 0))) for item in applying)
    return tuple(_line(item, quantity) for item, quantity in quantities if quantity)


def _line(item: FeeItemPart, quantity: int) -> FeeLine:
    counted = item.amount * quantity
    bounded = min(max(counted, item.minimum or 0), item.maximum or counted)
    return FeeLine(
        code=item.code, amount=item.amount, quantity=quantity, bounded=None if bounded == counted else bounded
    )


def asked_for(filing: Filing, fee: FeePart, channel: Channel, now: datetime) -> FeeRequested | None:
    """The request for what the filing costs, less what was waived; None where nothing is left to pay."""
    found = lines(fee, filing, received_on(filing), now)
    amount = total(found)
    off = taken_off(amount, filing.waiver.percent) if filing.waiver else 0
    if amount == off:
        return None
    return FeeRequested(n=len(filing.fees) + 1, amount=amount - off, lines=found, channel=channel, waived=off)


def total(fee_lines: tuple[FeeLine, ...]) -> int:
    """The sum in đồng."""
    return sum(line.total for line in fee_lines)


def taken_off(amount: int, percent: int) -> int:
    """What a waiver of `percent` takes off `amount`, in whole đồng, in favour of the applicant."""
    return -(-amount * percent // 100)
