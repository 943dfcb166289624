"""All orders in which six facts about one payment may become known, and the expected outcome of each."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import permutations
from typing import Final


class Act(StrEnum):
    """The acts that follow a payment at the bank which the platform does not know yet."""

    IPN = "ipn"
    POLL = "poll"
    RETURN = "return"
    LATE = "late"
    EXPIRY = "expiry"
    WITHDRAWAL = "withdrawal"


Order = tuple[Act, ...]
ALL_SIX: Final[Sequence[Order]] = tuple(permutations(Act))
"""All 720 orders of the six acts; each includes the withdrawal."""
NOBODY_WITHDRAWS: Final[Sequence[Order]] = tuple(permutations([act for act in Act if act is not Act.WITHDRAWAL]))
"""The 120 orders of the five acts without the withdrawal."""
ORDERS: Final = (*ALL_SIX, *NOBODY_WITHDRAWS)
CHARGE: Final = 16_000
"""The phí for two copies, in đồng."""
FEE: Final = 3_001
"""The lệ phí, in đồng."""
AMOUNT: Final = CHARGE + FEE
RECEIPTS: Final = {"phi": CHARGE, "le_phi": FEE}
"""The receipts of a paid fee, one of each kind."""
PERCENT: Final = 50
"""The percentage that the procedure refunds after a withdrawal of an accepted filing."""
BACK: Final = 9_501
"""The refund in đồng: 50% of 19,001, which is 9,500.5, rounded half up."""
_TELLING: Final = {Act.IPN, Act.POLL, Act.LATE}
"""The acts that report the money; the return of the browser only shows a page."""


def kept(order: Order) -> int:
    """Returns the đồng that the agency keeps in the end.

    Without a withdrawal nothing is refunded, even if the money became known late. A withdrawal after the fee is known
    to be paid gives the refund of the procedure's rule. Before that nothing is owed: all is refunded.
    """
    if Act.WITHDRAWAL not in order:
        return AMOUNT
    return AMOUNT - BACK if _TELLING & {*order[: order.index(Act.WITHDRAWAL)]} else 0
