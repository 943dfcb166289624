"""What a change of the dossier has made a fee less: which of it is to go back yet, and what the fee is by now."""

from __future__ import annotations

from collections import Counter

from rules.known import known
from rules.receipts.shares import apportioned
from rules.refund import fold
from schemas.refund.state import Claim, Refund, RefundCause, RefundLine


def to_open(refund: Refund, claim: Claim) -> tuple[RefundLine, ...]:
    """What no case speaks of yet, item by item; all of it, unless people have given some back before."""
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
    """So much at most: what was forgone was never paid, and comes off first."""
    opened = sum(entry.amount for entry in refund.entries if entry.cause is RefundCause.DIFFERENCE)
    return max(min(_paid(refund) - fee_by_now(refund, claim) - opened, fold.left(refund)), 0)


def _paid(refund: Refund) -> int:
    capture = known(refund.capture)
    return min(capture.amount, capture.asked)


def fee_by_now(refund: Refund, claim: Claim) -> int:
    """How many đồng of the capture are the fee's."""
    asked = known(refund.capture).asked - sum(line.amount for line in claim.returned)
    return max(min(_paid(refund), asked), 0)
