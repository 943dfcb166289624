"""What else may come about: money twice, too little, too much, charged back or without a memo, whatever happens beside.

What each comes to stands in one table, `outcome`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final

from activities.partners.money.provider import Kind
from tests.matrix.orders import AMOUNT, BACK

OFF: Final = 1_000
"""So many đồng too little or too much."""


class Money(StrEnum):
    """How somebody pays; the value is the payer on the bank's page."""

    TWICE = "0003"
    LESS = "0005"
    MORE = "0006"
    CHARGED_BACK = "0001"
    WITHOUT_MEMO = "0009"


class Beside(StrEnum):
    """What happens to the filing."""

    NOTHING = "nothing"
    EXPIRY = "expiry"
    WITHDRAWAL = "withdrawal"
    WAIVER = "waiver"
    COUNTER = "counter"


PAYS: Final = frozenset({Money.TWICE, Money.MORE, Money.CHARGED_BACK})
"""Of which the fee is paid, if it is still due."""


@dataclass(frozen=True)
class Variant:
    """One of them, over a wire; `before`: what happens beside comes before the money."""

    wire: Kind
    money: Money
    beside: Beside
    before: bool

    def __str__(self) -> str:
        when = "" if self.beside is Beside.NOTHING else "after " if self.before else "before "
        return f"{self.wire}: {self.money.name.lower()}, {when}{self.beside}"


def _possible(variant: Variant) -> bool:
    by_memo = variant.wire == "vietqr" or variant.money is not Money.WITHOUT_MEMO
    return by_memo and not (variant.beside is Beside.NOTHING and variant.before)


_WIRES: Final[Sequence[Kind]] = ("vnpay", "platform", "vietqr")
VARIANTS: Final = tuple(
    variant
    for variant in (Variant(*each) for each in product(_WIRES, Money, Beside, (False, True)))
    if _possible(variant)
)


@dataclass(frozen=True)
class Outcome:
    """In đồng: what came and is known to be this payment's, what of it goes back or was charged back; what is nobody's.

    `refused`: what happens beside is not allowed, since the fee is paid. `receipts`: whether there are any, or were;
    `void`: they are of use no more, since nothing of that money is left.
    """

    captured: int
    back: int
    suspense: int = 0
    charged_back: int = 0
    refused: bool = False
    receipts: bool = False
    void: bool = False


def outcome(variant: Variant) -> Outcome:
    """What a variant comes to."""
    came = {Money.TWICE: 2 * AMOUNT, Money.LESS: AMOUNT - OFF, Money.MORE: AMOUNT + OFF, Money.CHARGED_BACK: AMOUNT}
    counter = variant.beside is Beside.COUNTER
    if variant.money is Money.WITHOUT_MEMO:
        return Outcome(0, 0, suspense=AMOUNT, receipts=counter)
    captured = came[variant.money]
    gone = AMOUNT if variant.money is Money.CHARGED_BACK else 0
    if variant.money not in PAYS or variant.before:
        return Outcome(captured, captured - gone, charged_back=gone, receipts=counter)
    share = BACK if variant.beside is Beside.WITHDRAWAL and not gone else 0
    refused = counter or variant.beside is Beside.WAIVER
    back = captured - AMOUNT + share
    return Outcome(captured, back, charged_back=gone, refused=refused, receipts=True, void=bool(gone))
