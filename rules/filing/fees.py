"""What a filing costs."""

from __future__ import annotations

from rules.filing.conditions import Dossier, hold
from schemas.filing.events import FeeLine
from schemas.publishing.procedure import FeePart


def lines(fee: FeePart, dossier: Dossier) -> tuple[FeeLine, ...]:
    """The lines of the fee for what was filed; an item that does not apply, or with quantity 0, is left out."""
    applying = (item for item in fee.items if hold(item.when, dossier))
    quantities = ((item, 1 if item.per is None else int(dossier.form.get(item.per, 0))) for item in applying)
    return tuple(FeeLine(code=item.code, amount=item.amount, quantity=n) for item, n in quantities if n)


def total(fee_lines: tuple[FeeLine, ...]) -> int:
    """The sum in đồng."""
    return sum(line.amount * line.quantity for line in fee_lines)


def taken_off(amount: int, percent: int) -> int:
    """What a waiver of `percent` takes off `amount`, in whole đồng, in favour of the applicant."""
    return -(-amount * percent // 100)
