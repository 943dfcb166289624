"""What a change of the dossier has made a fee less: which of it is to go back yet, and what the fee is by now."""

from __future__ import annotations

from collections import Counter

from rules.known import known
from rules.receipts.shares import apportioned
from rules.refund import fold
from schemas import refund as rf
from schemas.refund import Refund, RefundCause, RefundLine


def to_open(refund: Refund, claim: rf.Claim) -> tuple[RefundLine, ...]:
    """What no case speaks of yet, item by item; all of it, unless people have given some back before."""
    amounts: Counter[str] = Counter()
    for line in claim.returned:
        amounts[line.code] += line.amount
    for entry in refund.entries:
        if entry.cause is RefundCause.DIFFERENCE:
            amounts.subtract({line.code: line.amount for line in entry.lines})
    rest = {code: amount for code, amount in amounts.items() if amount > 0}
    shares = zip(rest, apportioned(min(sum(rest.values()), fold.left(refund)), list(rest.values())), strict=True)
    return tuple(RefundLine(code=code, amount=share) for code, share in shares if share)


def fee_by_now(refund: Refund, claim: rf.Claim) -> int:
    """How many đồng of the capture are the fee's."""
    capture = known(refund.capture)
    return max(min(capture.amount, capture.asked) - sum(line.amount for line in claim.returned), 0)
