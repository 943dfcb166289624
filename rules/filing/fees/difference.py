"""What a change of the dossier leaves to pay, or to give back, beside what was paid before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rules.filing.fees.assessment import Assessment
from rules.receipts.shares import apportioned
from schemas.base import Code
from schemas.filing.events import FeeShare


class Difference(NamedTuple):
    """What is `more` to pay, or `less` to be kept, item by item; at most one of them is not empty.

    What was paid for one item counts for another: the dossier is one, and so is what is paid for it. So the whole is
    spread over the items that cost more, or less, than what was paid for them.
    """

    more: tuple[FeeShare, ...] = ()
    less: tuple[FeeShare, ...] = ()


def difference(kept: Mapping[Code, int], now: Assessment) -> Difference:
    """Between the đồng that were paid for each item and stay paid, and what is charged now, less what is waived."""
    due = {charge.item.code: charge.amount for charge in now.charges}
    left = now.total - sum(kept.values())
    grown = {code: due.get(code, 0) - kept.get(code, 0) for code in dict.fromkeys((*due, *kept))}
    if left > 0:
        return Difference(more=_spread(left, {code: by for code, by in grown.items() if by > 0}))
    return Difference(less=_spread(-left, {code: -by for code, by in grown.items() if by < 0}))


def _spread(amount: int, over: Mapping[Code, int]) -> tuple[FeeShare, ...]:
    """An amount over items, in proportion, to the đồng; items that get nothing are left out."""
    shares = zip(over, apportioned(amount, list(over.values())), strict=True)
    return tuple(FeeShare(code=code, amount=share) for code, share in shares if share)
