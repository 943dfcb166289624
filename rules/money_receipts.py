"""Receipts for money (biên lai): the split of a payment into phí and lệ phí, numbers of receipts, and void receipts."""

from collections.abc import Iterable, Mapping, Sequence

from schemas.base import Code
from schemas.filing.events import FeeLine
from schemas.papers.state import MoneyReceipt, ReceiptLine, VoidCause
from schemas.payment.state import Payment
from schemas.publishing.fee import FeeKind
from schemas.refund.state import CAPTURES, CaseState, Refund
from schemas.stream.ledger import About


def gone(payment: Payment) -> VoidCause | None:
    """Why the receipts of an online fee are void: the whole payment was refunded or charged back; None otherwise."""
    paid = payment.counted
    if not paid or any(payment.returned(one) + payment.taken_back(one) < one.amount for one in paid):
        return None
    return VoidCause.CHARGED_BACK if any(map(payment.taken_back, paid)) else VoidCause.REFUNDED


def gone_without_provider(refund: Refund) -> VoidCause | None:
    """Why the receipts of a fee paid at the counter or to the post are void: a refund of the whole fee; else None."""
    without_provider = refund.n % CAPTURES == 0
    given = sum(entry.amount for entry in refund.entries if entry.state is CaseState.GIVEN)
    whole = without_provider and refund.capture is not None and given >= refund.capture.amount
    return VoidCause.REFUNDED if whole else None


def valid(receipts: Iterable[MoneyReceipt], fee: int, of: FeeKind) -> tuple[MoneyReceipt, ...]:
    """The valid receipts of the kind `of` for the fee with this number."""
    return tuple(one for one in receipts if (one.fee, one.of, one.voided_at) == (fee, of, None))


def issued_for(receipts: Iterable[MoneyReceipt], about: About, of: FeeKind) -> MoneyReceipt | None:
    """The receipt of this kind that was issued for the event `about`; None if there is none."""
    return next((one for one in receipts if (one.about, one.of) == (about, of)), None)


def registered(receipts: Iterable[MoneyReceipt], number: str) -> MoneyReceipt | None:
    """The receipt with this number in the register; None if there is none."""
    return next((one for one in receipts if one.registered == number), None)


def number_given(agency: str, series: str, given: str) -> str:
    """The number in the register for a number that an outside service has `given`: unique in the whole register."""
    return f"{agency}-{series}-{given}"


def lines_of(
    of: FeeKind, paid: int, fee_lines: Sequence[FeeLine], kinds: Mapping[Code, FeeKind]
) -> tuple[ReceiptLine, ...]:
    """The receipt lines of one kind; `paid` (đồng) is spread over all lines. Raises `KeyError` for an unknown item."""
    each = apportioned(paid, [line.total for line in fee_lines])
    named = zip(fee_lines, each, strict=True)
    return tuple(ReceiptLine(code=line.code, amount=dong) for line, dong in named if kinds[line.code] is of and dong)


def apportioned(amount: int, weights: Sequence[int]) -> tuple[int, ...]:
    """An amount in đồng, split in these proportions: each share is exact to within 1 đồng, and the shares add up.

    The remaining đồng go to the largest fractions; among equal fractions, to the first. Raises `ValueError` for a
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
