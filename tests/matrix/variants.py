"""Variants of a payment: paid twice, too little, too much, charged back, requested again; with acts beside it.

The expected outcome of each is in one table, `outcome`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import product
from typing import Final

from activities.partners.money.provider import Kind
from tests.matrix.orders import AMOUNT, BACK, RECEIPTS

OFF: Final = 1_000
"""The đồng by which a payment is too small or too large."""


class Money(StrEnum):
    """The kind of payment, with the officers' reaction to it."""

    TWICE = "twice"
    LESS = "less"
    MORE = "more"
    CHARGED_BACK = "charged back"
    WITHOUT_MEMO = "without memo"
    ASSIGNED = "assigned"
    """Paid without a memo; two officers assign the money to the payment."""
    ACCEPTED = "less, accepted"
    """Paid too little; two officers accept the money as the whole fee."""
    AHEAD = "charged back ahead"
    """The bank reports the charge-back before the capture."""
    GONE_TWICE = "gone twice"
    """Refunded, and then charged back as well."""
    ASKED_AGAIN = "asked again"
    """Charged back, requested again as a fee of its own, and paid."""
    RENEWED = "renewed"
    """The request is renewed, and the fee is paid through both requests."""
    UNHEARD = "unheard"
    """Paid in time, but the platform learns of the money only after the act beside the payment."""


class Beside(StrEnum):
    """The act on the filing beside the payment."""

    NOTHING = "nothing"
    EXPIRY = "expiry"
    WITHDRAWAL = "withdrawal"
    WAIVER = "waiver"
    COUNTER = "counter"
    PROOF = "proof"
    """A cashier records that the tax office was paid elsewhere."""


_PAYS_NOTHING: Final = frozenset({Money.LESS, Money.WITHOUT_MEMO})


@dataclass(frozen=True)
class Variant:
    """One variant over one wire. `before`: whether the act `beside` comes before the payment.

    If the fee is requested again, the act comes before the second request is paid. `demanded`: whether a tax
    office demands the money.
    """

    wire: Kind
    money: Money
    beside: Beside
    before: bool
    demanded: bool = False

    def __str__(self) -> str:
        when = "" if self.beside is Beside.NOTHING else "after " if self.before else "before "
        return f"{self.wire}{' to a tax office' if self.demanded else ''}: {self.money}, {when}{self.beside}"


_DEMANDED: Final = frozenset({Money.TWICE, Money.LESS, Money.MORE, Money.CHARGED_BACK, Money.ASSIGNED})
_BY_MEMO: Final = frozenset({Money.WITHOUT_MEMO, Money.ASSIGNED})


def _possible(variant: Variant) -> bool:
    money, beside, before = variant.money, variant.beside, variant.before
    if variant.demanded:
        fits = money in _DEMANDED and beside in {Beside.NOTHING, Beside.PROOF}
    else:
        fits = beside is not Beside.PROOF
    by_memo = variant.wire == "vietqr" or money not in _BY_MEMO
    in_time = money is not (Money.ACCEPTED if before else Money.UNHEARD)
    return fits and by_memo and in_time and not (before and beside is Beside.NOTHING)


_WIRES: Final[Sequence[Kind]] = ("vnpay", "platform", "vietqr")
VARIANTS: Final = tuple(
    variant
    for variant in (Variant(*each) for each in product(_WIRES, Money, Beside, (False, True), (False, True)))
    if _possible(variant)
)


@dataclass(frozen=True)
class Outcome:
    """The sums in đồng: the captures assigned to this filing, refunds, charge-backs, money in suspense.

    `refused`: the act beside it is refused, as the fee is paid. `paid`: how often the filing has recorded the payment
    of a fee or of a tax office's demand. `receipts`: the valid ones in the end, by kind.
    """

    captured: int
    back: int
    suspense: int = 0
    charged_back: int = 0
    refused: bool = False
    paid: int = 0
    receipts: Mapping[str, int] = field(default_factory=dict)


_CAME: Final = {
    Money.TWICE: 2 * AMOUNT,
    Money.LESS: AMOUNT - OFF,
    Money.ACCEPTED: AMOUNT - OFF,
    Money.MORE: AMOUNT + OFF,
    Money.WITHOUT_MEMO: 0,
    Money.ASKED_AGAIN: 2 * AMOUNT,
    Money.RENEWED: 2 * AMOUNT,
}
"""The captures known to be the filing's, by kind of payment; by default `AMOUNT`."""
_BESIDE_THE_FEE: Final = {Money.TWICE: AMOUNT, Money.MORE: OFF, Money.RENEWED: AMOUNT}
"""The refund that is due although the fee is paid, by kind of payment; by default none."""
_TAKEN_BACK: Final = frozenset({Money.CHARGED_BACK, Money.AHEAD, Money.GONE_TWICE, Money.ASKED_AGAIN})
_NOTHING_LEFT: Final = frozenset({Money.CHARGED_BACK, Money.AHEAD, Money.GONE_TWICE})
"""The kinds of payment after which nothing is left of the money that paid the fee."""
_SHARE: Final = {Money.CHARGED_BACK: 0, Money.AHEAD: 0, Money.ACCEPTED: 9_001}
"""The refund after a withdrawal: 50% of 18,001 is 9,000.5, rounded half up. By default `BACK`."""
_LESS: Final = {"phi": 15_158, "le_phi": 2_843}
"""The receipts of 18,001 đồng, by the items of the fee."""


def pays(variant: Variant) -> bool:
    """Returns True if this payment pays the sum due, since it comes before the act beside it.

    Money that is paid in time but unknown also pays if the act is the end of the time to pay and the provider can be
    queried, since the provider is queried before the request ends.
    """
    if variant.money is Money.UNHEARD:
        return variant.beside is Beside.EXPIRY and variant.wire != "vietqr"
    return not variant.before and variant.money not in _PAYS_NOTHING


def outcome(variant: Variant) -> Outcome:
    """Returns the expected outcome of a variant. A tax office gives receipts of its own."""
    found = _of_money(variant)
    return replace(found, receipts={}) if variant.demanded else found


def _of_money(variant: Variant) -> Outcome:
    money, counter = variant.money, variant.beside in {Beside.COUNTER, Beside.PROOF}
    captured, gone = _CAME.get(money, AMOUNT), AMOUNT if money in _TAKEN_BACK else 0
    if not pays(variant):
        return Outcome(
            captured,
            captured if money is Money.GONE_TWICE else captured - gone,
            suspense=AMOUNT if money is Money.WITHOUT_MEMO else 0,
            charged_back=gone,
            paid=(money is Money.ASKED_AGAIN) + counter,
            receipts=RECEIPTS if counter else {},
        )
    back = _BESIDE_THE_FEE.get(money, 0)
    if variant.beside is Beside.WITHDRAWAL:
        back += _SHARE.get(money, BACK)
    elif money is Money.GONE_TWICE:
        back = AMOUNT
    return Outcome(
        captured,
        back,
        charged_back=gone,
        refused=counter or variant.beside is Beside.WAIVER,
        paid=2 if money is Money.ASKED_AGAIN else 1,
        receipts={} if money in _NOTHING_LEFT else _LESS if money is Money.ACCEPTED else RECEIPTS,
    )
