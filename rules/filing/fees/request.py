"""The request for a fee or for its increase, and the reduction of a paid fee."""

from datetime import datetime

from rules.filing.conditions import received_on
from rules.filing.fees.again import stays_paid
from rules.filing.fees.assessment import Assessment, assess
from rules.filing.fees.difference import difference
from rules.filing.fees.kept import kept_of, kept_of_all
from schemas.filing.events import FeeLine, FeeReduced, FeeRequested, FeeShare
from schemas.filing.state import FeeState, Filing
from schemas.level import Channel
from schemas.publishing.procedure_rules import FeePart


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
    """The assessment of the whole fee by the amounts at the time of the first paid request, or else of now."""
    percent = filing.waiver.percent if filing.waiver else 0
    asked = (one.asked_at for one in filing.fees if one.state is FeeState.PAID)
    return assess(fee, filing, received_on(filing), next(asked, None) or now, percent)
