"""A filing's fee, item by item: its waivers, and the request for it. Only this module calculates a fee."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from rules.filing.conditions import Dossier, hold, received_on
from rules.money_receipts import apportioned
from rules.time.in_force import in_force, validity_in_words
from rules.time.working_time import local_day
from schemas.base import Code
from schemas.errors import Problem, problem
from schemas.filing.events import FeeLine, FeeReduced, FeeRequested, FeeShare
from schemas.filing.state import Fee, FeeState, Filing
from schemas.level import Channel
from schemas.people import Role
from schemas.publishing.fee import GoverningDay
from schemas.publishing.procedure_rules import FeeItemPart, FeePart, WaiverPart


class Charge(NamedTuple):
    """A charged item: its line, and the waived part in đồng."""

    item: FeeItemPart
    line: FeeLine
    waived: int

    @property
    def amount(self) -> int:
        """The amount to pay in đồng, after the waived part is subtracted."""
        return self.line.total - self.waived


class Assessment(NamedTuple):
    """A calculated fee: all charges, in the order of the procedure's items."""

    charges: tuple[Charge, ...] = ()

    @property
    def lines(self) -> tuple[FeeLine, ...]:
        """The fee lines, before any waiver."""
        return tuple(charge.line for charge in self.charges)

    @property
    def waived(self) -> int:
        """The waived sum in đồng."""
        return sum(charge.waived for charge in self.charges)

    @property
    def total(self) -> int:
        """The sum to pay in đồng."""
        return sum(charge.amount for charge in self.charges)


def assess(fee: FeePart | None, dossier: Dossier, received: date, now: datetime, percent: int = 0) -> Assessment:
    """The fee of a dossier `received` on that day, if requested `now`, less the waived `percent`.

    Lines of 0 đồng are left out.
    """
    if fee is None:
        return Assessment()
    day = governing_day(fee, received, now)
    applying = (item for item in fee.items if in_force(item, day) and hold(item.when, dossier, received))
    lines = ((item, _line(item, dossier)) for item in applying)
    return Assessment(tuple(Charge(item, line, taken_off(line.total, percent)) for item, line in lines if line.total))


def governing_day(fee: FeePart, received: date, now: datetime) -> date:
    """The day whose amounts and waivers apply: the day of receipt, or the day of the request or payment (`now`)."""
    return received if fee.governed_by is GoverningDay.RECEIPT else local_day(now)


def taken_off(amount: int, percent: int) -> int:
    """The waived `percent` of one line, rounded half up to 1 đồng."""
    return _half_up(amount * percent, 100)


def _line(item: FeeItemPart, dossier: Dossier) -> FeeLine:
    """The line of an item. If the item has a rate, the quantity is 1 and the amount is rounded half up to 1 đồng."""
    if item.of is None:
        unit, quantity = item.amount or 0, 1 if item.per is None else _stated(item.per, dossier)
    else:
        value = _stated(item.of, dossier)
        unit, quantity = _half_up(value * (item.basis_points or 0), 10_000), int(value > 0)
    counted = unit * quantity
    least = max(counted, item.minimum or 0)
    bounded = least if item.maximum is None else min(least, item.maximum)
    due = bounded if quantity else 0
    return FeeLine(code=item.code, amount=unit, quantity=quantity, bounded=None if due == counted else due)


def _stated(field: str, dossier: Dossier) -> int:
    """The whole number in a field; 0 if the field was left empty."""
    return int(dossier.form.get(field, 0))


def _half_up(amount: int, parts: int) -> int:
    return (2 * amount + parts) // (2 * parts)


def approvers(filing: Filing, now: datetime) -> list[Role]:
    """The roles that may waive the fee now. If there is any, leaders are included: they may grant every waiver."""
    fee = filing.procedure.fee
    if fee is None or filing.waiver is not None:
        return []
    open_ones = (waiver for waiver in fee.waivers if waiver.code not in filing.waivers_declined)
    found = {waiver.approver for waiver in open_ones if not_granted(filing, fee, waiver, now) is None}
    return sorted({*found, Role.LEADER} if found else found)


def not_granted(filing: Filing, fee: FeePart, waiver: WaiverPart, now: datetime) -> Problem | None:
    """Why this waiver can't be granted to the filing; None if it can be granted."""
    received = received_on(filing)
    if (why := not_for(waiver, filing, received, governing_day(fee, received, now))) is not None:
        return why
    proved = waiver.evidence in {None, *(paper.code for paper in filing.papers)}
    return None if proved else problem("waiver", "waiver_without_evidence", paper=waiver.evidence)


def not_for(waiver: WaiverPart, dossier: Dossier, received: date, governing: date) -> Problem | None:
    """Why a waiver does not apply on the `governing` day; None if it applies. The waiver's evidence is not checked."""
    if not in_force(waiver, governing):
        return problem("waiver", "waiver_not_in_force", validity=validity_in_words(waiver))
    held = hold(waiver.when, dossier, received)
    return None if held else problem("waiver", "waiver_not_for_this_filing")


def not_asked_again(filing: Filing, n: int) -> Problem | None:
    """Why the filing's fee numbered `n` can't be requested again; None if it can."""
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
    """The part of a paid fee that was neither returned nor charged back, in đồng by item.

    A waiver is spread over all items.
    """
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

    Money paid for one item also counts for another. So the total difference is spread: a sum to pay over the items that
    now cost more than was paid for them, a sum to return over those that cost less.
    """

    more: tuple[FeeShare, ...] = ()
    less: tuple[FeeShare, ...] = ()


def difference(kept: Mapping[Code, int], now: Assessment) -> Difference:
    """The difference between the `kept` payments (in đồng by item) and the charges of the assessment `now`."""
    due = {charge.item.code: charge.amount for charge in now.charges}
    left = now.total - sum(kept.values())
    grown = {code: due.get(code, 0) - kept.get(code, 0) for code in dict.fromkeys((*due, *kept))}
    if left > 0:
        return Difference(more=_spread(left, {code: by for code, by in grown.items() if by > 0}))
    return Difference(less=_spread(-left, {code: -by for code, by in grown.items() if by < 0}))


def _spread(amount: int, over: Mapping[Code, int]) -> tuple[FeeShare, ...]:
    """An amount spread over items in proportion to `over`, exact to the đồng; items that get nothing are left out."""
    shares = zip(over, apportioned(amount, list(over.values())), strict=True)
    return tuple(FeeShare(code=code, amount=share) for code, share in shares if share)


def asked_for(filing: Filing, fee: FeePart, channel: Channel, now: datetime) -> FeeRequested | None:
    """The request for the fee, reduced by waived and paid sums; None if nothing is left to pay."""
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
    """The assessment of the whole fee, by the amounts in force at the first request that was paid, else `now`."""
    percent = filing.waiver.percent if filing.waiver else 0
    asked = (one.asked_at for one in filing.fees if one.state is FeeState.PAID)
    return assess(fee, filing, received_on(filing), next(asked, None) or now, percent)
