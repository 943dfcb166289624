"""Reductions of a paid fee: the part that is still to be returned, and the fee as it is now."""

from collections import Counter

from rules.receipts.shares import apportioned
from rules.refund import fold
from rules.require import require
from schemas.refund.state import Claim, Refund, RefundCause, RefundLine


def to_open(refund: Refund, claim: Claim) -> tuple[RefundLine, ...]:
    """The reduction that no case covers yet, item by item, at most the rest of the money."""
    amounts: Counter[str] = Counter()
    for line in claim.returned:
        amounts[line.code] += line.amount
    for entry in refund.entries:
        if entry.cause is RefundCause.DIFFERENCE:
            amounts.subtract({line.code: line.amount for line in entry.lines})
    rest = {code: amount for code, amount in amounts.items() if amount > 0}
    shares = zip(rest, apportioned(_most(refund, claim), list(rest.values())), strict=True)
    return tuple(RefundLine(code=code, amount=share) for code, share in shares if share)


def _most(refund: Refund, claim: Claim) -> int:
    """The largest sum that a reduction can still return. A forgone amount was never paid, so it is subtracted first."""
    opened = sum(entry.amount for entry in refund.entries if entry.cause is RefundCause.DIFFERENCE)
    return max(min(_paid(refund) - fee_by_now(refund, claim) - opened, fold.left(refund)), 0)


def _paid(refund: Refund) -> int:
    capture = require(refund.capture)
    return min(capture.amount, capture.asked)


def fee_by_now(refund: Refund, claim: Claim) -> int:
    """The part of the capture, in đồng, that the applicant still owes as the fee."""
    asked = require(refund.capture).asked - sum(line.amount for line in claim.returned)
    return max(min(_paid(refund), asked), 0)
