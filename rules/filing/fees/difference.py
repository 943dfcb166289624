"""The difference between the paid fee and the fee after a change of the dossier."""

from collections.abc import Mapping
from typing import NamedTuple

from rules.filing.fees.assessment import Assessment
from rules.receipts.shares import apportioned
from schemas.base import Code
from schemas.filing.events import FeeShare


class Difference(NamedTuple):
    """The sum to pay (`more`) or to return (`less`), item by item; at least one of them is empty.

    The fee is one for the whole dossier, so money paid for one item also counts for another. The total difference is
    spread over the items that now cost more, or less, than the sum paid for them.
    """

    more: tuple[FeeShare, ...] = ()
    less: tuple[FeeShare, ...] = ()


def difference(kept: Mapping[Code, int], now: Assessment) -> Difference:
    """The difference between the đồng that stay paid for each item and the present charges, after waivers."""
    due = {charge.item.code: charge.amount for charge in now.charges}
    left = now.total - sum(kept.values())
    grown = {code: due.get(code, 0) - kept.get(code, 0) for code in dict.fromkeys((*due, *kept))}
    if left > 0:
        return Difference(more=_spread(left, {code: by for code, by in grown.items() if by > 0}))
    return Difference(less=_spread(-left, {code: -by for code, by in grown.items() if by < 0}))


def _spread(amount: int, over: Mapping[Code, int]) -> tuple[FeeShare, ...]:
    """An amount spread over items in proportion, exact to the đồng; items without a share are left out."""
    shares = zip(over, apportioned(amount, list(over.values())), strict=True)
    return tuple(FeeShare(code=code, amount=share) for code, share in shares if share)
