"""What of the money that was paid for a fee is phí, and what lệ phí: to the đồng, line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.base import Code
from schemas.filing.events import FeeLine
from schemas.papers.state import ReceiptLine
from schemas.publishing.fee import FeeKind


def lines_of(
    of: FeeKind, paid: int, fee_lines: Sequence[FeeLine], kinds: Mapping[Code, FeeKind]
) -> tuple[ReceiptLine, ...]:
    """The lines of a receipt of this kind; none if nothing of what was `paid` (đồng) is for it.

    What was waived is spread over all lines. Raises `KeyError` for an item of which nobody knows the kind.
    """
    each = apportioned(paid, [line.total for line in fee_lines])
    named = zip(fee_lines, each, strict=True)
    return tuple(ReceiptLine(code=line.code, amount=dong) for line, dong in named if kinds[line.code] is of and dong)


def apportioned(amount: int, weights: Sequence[int]) -> tuple[int, ...]:
    """An amount in đồng, shared in these proportions, of which no share is a đồng away: the sum is exact.

    The đồng that remain go to the largest fractions, of equal ones to the first. Raises `ValueError` for what can't be
    shared: less than nothing, or something over nothing.
    """
    whole = sum(weights)
    if amount < 0 or any(weight < 0 for weight in weights) or (amount and not whole):
        msg = "an amount is shared over weights that are there, none of them negative"
        raise ValueError(msg)
    if not whole:
        return tuple(weights)
    down = [amount * weight // whole for weight in weights]
    by_fraction = sorted(range(len(weights)), key=lambda n: (-(amount * weights[n] % whole), n))
    more = set(by_fraction[: amount - sum(down)])
    return tuple(share + (n in more) for n, share in enumerate(down))
