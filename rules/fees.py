"""What a filing costs."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.events import FeeLine
from schemas.form import FormValue
from schemas.procedure import FeePart


def lines(fee: FeePart, form: Mapping[str, FormValue]) -> tuple[FeeLine, ...]:
    """The lines of the fee for this form; an item with quantity 0 is left out."""
    quantities = ((item, 1 if item.per is None else int(form.get(item.per, 0))) for item in fee.items)
    return tuple(FeeLine(code=item.code, amount=item.amount, quantity=n) for item, n in quantities if n)


def total(fee_lines: tuple[FeeLine, ...]) -> int:
    """The sum in đồng."""
    return sum(line.amount * line.quantity for line in fee_lines)
