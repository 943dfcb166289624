"""Refunds of a reopened filing. Its former end returns nothing any more, and its next end is assessed again."""

from rules.refund import fold
from schemas.refund.events import RefundCalledOff
from schemas.refund.state import CaseState, Claim, Refund, RefundCause, RefundEntry


def called_off(refund: Refund, claim: Claim) -> RefundCalledOff | None:
    """The event that calls off the refunds of the filing's former end; None if reopening changes nothing.

    A refund already requested of the provider stays, since the provider may be paying it out now.
    """
    by_rule = _since_last_end(refund)
    if claim.reopened <= refund.reopened or not (by_rule or refund.ruled or claim.rule):
        return None
    return RefundCalledOff(
        reopened=claim.reopened,
        void=tuple(entry.case for entry in by_rule if _nobody_gives(entry)),
        given=sum(entry.amount for entry in by_rule if entry.state is CaseState.GIVEN),
    )


def called_off_by_now(refund: Refund) -> RefundCalledOff | None:
    """The event that voids manual refunds of a former end.

    None if there are none, or if the money is not owed anyway.
    """
    if refund.unowed is not None:
        return None
    left = (one for one in fold.in_state(refund, CaseState.LEFT_TO_HAND) if one.overtaken)
    void = tuple(entry.case for entry in left)
    return RefundCalledOff(reopened=refund.reopened, void=void) if void else None


def still_to_go(refund: Refund, owed: int, percent: int) -> int:
    """The sum in đồng still to be returned at this percentage of `owed`, less the refunds of a former end.

    Refunds declined or void since the last end are subtracted too, since each is decided only once. A sum that was
    requested again (after a charge-back, or after a refund that came too early) is not part of this money: it has a
    refund of its own.
    """
    spoken_of = (one for one in _since_last_end(refund) if one.state in fold.OVER)
    gone = fold.still_to_go(refund, RefundCause.RULE) + sum(one.amount for one in spoken_of)
    this = max(owed - sum(refund.asked_again), 0)
    return min(share(this, percent) - (gone - refund.too_early_again), fold.left(refund))


def share(amount: int, percent: int) -> int:
    """A percentage of an amount, rounded half up to 1 đồng."""
    return (amount * percent + 50) // 100


def _since_last_end(refund: Refund) -> tuple[RefundEntry, ...]:
    """The refunds due by rule after the filing's last end, without those of an end before it was reopened."""
    return tuple(one for one in refund.entries if one.cause is RefundCause.RULE and not one.overtaken)


def _nobody_gives(entry: RefundEntry) -> bool:
    waits = entry.state in {CaseState.OPEN, CaseState.LEFT_TO_HAND}
    return waits or (entry.state is CaseState.APPROVED and not entry.requests)
