"""The paid fees of a filing that were not returned, item by item."""

from collections import Counter
from collections.abc import Sequence

from rules.receipts.shares import apportioned
from schemas.base import Code
from schemas.filing.state import Fee, FeeState


def kept_of(fee: Fee) -> Counter[Code]:
    """The đồng of one fee that stay paid, for each item. A waiver is spread over the items as on the fee's receipts."""
    kept: Counter[Code] = Counter()
    if fee.state is FeeState.PAID:
        shares = apportioned(fee.amount, [line.total for line in fee.lines])
        for line, share in zip(fee.lines, shares, strict=True):
            kept[line.code] += share
        for back in fee.returned:
            kept[back.code] -= back.amount
        gone = apportioned(min(fee.charged_back, kept.total()), list(kept.values()))
        kept.subtract(dict(zip(kept, gone, strict=True)))
    return kept


def kept_of_all(fees: Sequence[Fee]) -> Counter[Code]:
    """The đồng of all fees that stay paid for each item."""
    return sum(map(kept_of, fees), Counter())
