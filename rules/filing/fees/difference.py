"""What a change of the dossier leaves to pay, or to give back, of a fee that was asked for before."""

from __future__ import annotations

from typing import NamedTuple

from rules.filing.fees.assessment import Assessment
from schemas.base import Code
from schemas.filing.events import FeeLine


class LineDifference(NamedTuple):
    """By how many đồng one item is dearer than before; below zero cheaper."""

    code: Code
    amount: int


class Difference(NamedTuple):
    """What is otherwise, item by item, and what follows: `ask` for more, or `give_back`, in đồng; at most one is not 0.

    What was paid for one item counts for another: the dossier is one, and so is what is paid for it.
    """

    lines: tuple[LineDifference, ...]
    ask: int
    give_back: int


def difference(before: tuple[FeeLine, ...], paid: int, now: Assessment) -> Difference:
    """Between what was charged `before`, of which so many đồng were `paid`, and what is charged now.

    The lines are told before any waiver. What was asked for and is still unpaid stays to be asked for.
    """
    was = {line.code: line.total for line in before}
    is_now = {charge.line.code: charge.line.total for charge in now.charges}
    changed = tuple(
        LineDifference(code, is_now.get(code, 0) - was.get(code, 0))
        for code in dict.fromkeys((*was, *is_now))
        if is_now.get(code, 0) != was.get(code, 0)
    )
    left = now.total - paid
    return Difference(changed, ask=max(left, 0), give_back=max(-left, 0))
