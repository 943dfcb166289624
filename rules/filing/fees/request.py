"""The request for a fee, for its increase or after a charge-back, and the reduction of a paid fee."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from rules.filing.conditions import received_on
from rules.filing.fees.assessment import Assessment, assess
from rules.money_receipts import apportioned
from schemas.base import Code
from schemas.errors import Problem, problem
from schemas.filing.events import FeeLine, FeeReduced, FeeRequested, FeeShare
from schemas.filing.state import Fee, FeeState, Filing
from schemas.level import Channel
from schemas.publishing.procedure_rules import FeePart


def not_asked_again(filing: Filing, n: int) -> Problem | None:
    """Why the filing's `n`-th fee can't be requested again, or None."""
    if filing.closed:
        return problem("", "filing_closed")
    if filing.decision is not None:
        return problem("", "decided_already")
    paid = any(fee.n == n and fee.state is FeeState.PAID for fee in filing.fees)
    return None if paid else problem("fee", "no_such_fee")


def stays_paid(fee: Fee) -> bool:
    """Whether the fee is paid and at least a part of it was not charged back."""
    return fee.state is FeeState.PAID and fee.charged_back < fee.amount


def charged_back(filing: Filing) -> bool:
    """Whether any fee of the filing was charged back and must be requested again."""
    return any(fee.charged_back for fee in filing.fees)


def kept_of(fee: Fee) -> Counter[Code]:
    """The part of a paid fee not returned or charged back, in đồng by item; a waiver is spread over all items."""
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
    """The part of all paid fees that was not returned or charged back, in đồng by item."""
    return sum(map(kept_of, fees), Counter())


class Difference(NamedTuple):
    """The sum to pay (`more`) or to return (`less`), item by item; at least one of them is empty.

    Money paid for one item also counts for another, so the total difference is spread over the items that now cost
    more, or less, than was paid for them.
    """

    more: tuple[FeeShare, ...] = ()
    less: tuple[FeeShare, ...] = ()


def difference(kept: Mapping[Code, int], now: Assessment) -> Difference:
    """The difference between the `kept` payments, in đồng by item, and the present charges after waivers."""
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


def asked_for(filing: Filing, fee: FeePart, channel: Channel, now: datetime) -> FeeRequested | None:
    """The request for the fee, less waived and paid sums; None if there is nothing left to pay."""
    found = _costs(filing, fee, now)
    n = len(filing.fees) + 1
    paid = [one.n for one in filing.fees if stays_paid(one)]
    if not paid:
        asked = FeeRequested(n=n, amount=found.total, lines=found.lines, channel=channel, waived=found.waived)
        return asked if found.total else None
    more = difference(kept_of_all(filing.fees), found).more
    lines = tuple(FeeLine(code=share.code, amount=share.amount, quantity=1) for share in more)
    amount = sum(line.total for line in lines)
    return FeeRequested(n=n, amount=amount, lines=lines, channel=channel, adds_to=paid[-1]) if more else None


def reduced(filing: Filing, fee: FeePart, now: datetime) -> FeeReduced | None:
    """The event that reduces the newest overpaid fee by the sum to return; None if no fee is overpaid."""
    less = difference(kept_of_all(filing.fees), _costs(filing, fee, now)).less
    for one in reversed(filing.fees):
        kept = kept_of(one)
        if back := tuple(
            FeeShare(code=share.code, amount=min(share.amount, kept[share.code])) for share in less if kept[share.code]
        ):
            return FeeReduced(n=one.n, amount=sum(share.amount for share in back), lines=back)
    return None


def _costs(filing: Filing, fee: FeePart, now: datetime) -> Assessment:
    """The assessment of the whole fee, by the amounts at the time of the first paid request, or of now without one."""
    percent = filing.waiver.percent if filing.waiver else 0
    asked = (one.asked_at for one in filing.fees if one.state is FeeState.PAID)
    return assess(fee, filing, received_on(filing), next(asked, None) or now, percent)
