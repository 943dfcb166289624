"""The split of a paid fee into phí and lệ phí, line by line, exact to the đồng."""

from collections.abc import Mapping, Sequence

from schemas.base import Code
from schemas.filing.events import FeeLine
from schemas.papers.state import ReceiptLine
from schemas.publishing.fee import FeeKind


def lines_of(
    of: FeeKind, paid: int, fee_lines: Sequence[FeeLine], kinds: Mapping[Code, FeeKind]
) -> tuple[ReceiptLine, ...]:
    """The lines of a receipt of this kind; none if no part of `paid` (đồng) is of this kind.

    A waived amount is spread over all lines. Raises `KeyError` for an item of unknown kind.
    """
    each = apportioned(paid, [line.total for line in fee_lines])
    named = zip(fee_lines, each, strict=True)
    return tuple(ReceiptLine(code=line.code, amount=dong) for line, dong in named if kinds[line.code] is of and dong)


def apportioned(amount: int, weights: Sequence[int]) -> tuple[int, ...]:
    """An amount in đồng split in these proportions: each share within 1 đồng, the sum exact.

    The remaining đồng go to the largest fractions, and among equal ones to the first. Raises `ValueError` for a
    negative amount or weight, and for an amount without any weight.
    """
    whole = sum(weights)
    if amount < 0 or any(weight < 0 for weight in weights) or (amount and not whole):
        raise ValueError("an amount is shared over weights that are there, none of them negative")
    if not whole:
        return tuple(weights)
    down = [amount * weight // whole for weight in weights]
    by_fraction = sorted(range(len(weights)), key=lambda n: (-(amount * weights[n] % whole), n))
    more = set(by_fraction[: amount - sum(down)])
    return tuple(share + (n in more) for n, share in enumerate(down))
