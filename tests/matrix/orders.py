"""All orders in which six things may become known of one payment, and what each must come to."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import permutations
from typing import Final


class Act(StrEnum):
    """What happens after somebody has paid at the bank, of which nobody else knows yet."""

    IPN = "ipn"
    POLL = "poll"
    RETURN = "return"
    LATE = "late"
    EXPIRY = "expiry"
    WITHDRAWAL = "withdrawal"


Order = tuple[Act, ...]

ALL_SIX: Final[Sequence[Order]] = tuple(permutations(Act))
"""720. In each of them somebody withdraws, sooner or later."""
NOBODY_WITHDRAWS: Final[Sequence[Order]] = tuple(permutations([act for act in Act if act is not Act.WITHDRAWAL]))
"""The 120 of the other five."""
ORDERS: Final = (*ALL_SIX, *NOBODY_WITHDRAWS)

CHARGE: Final = 16_000
"""Phí, for two copies."""
FEE: Final = 3_001
"""Lệ phí."""
AMOUNT: Final = CHARGE + FEE
RECEIPTS: Final = {"phi": CHARGE, "le_phi": FEE}
"""Of a fee that was paid, one of each kind."""
PERCENT: Final = 50
"""So much the procedure gives back to whoever withdraws after the filing was accepted."""
BACK: Final = 9_501
"""50% of 19,001, which is 9,500.5: half up."""

_TELLING: Final = {Act.IPN, Act.POLL, Act.LATE}
"""By which money is known: what a browser brings back is only shown."""


def kept(order: Order) -> int:
    """So many đồng the agency keeps in the end.

    Nothing goes back to whoever stays, also where the money is known after its time. Who withdraws once the fee is
    known to be paid gets the share of the procedure's rule. Who withdraws before that owes nothing: all goes back.
    """
    if Act.WITHDRAWAL not in order:
        return AMOUNT
    before = order[: order.index(Act.WITHDRAWAL)]
    return AMOUNT - BACK if _TELLING & {*before} else 0
