"""Charge-backs in a refund: the cases that they make void, and the leader's decision about the fee."""

from datetime import datetime

from rules.refund import fold
from rules.require import require
from schemas.refund.commands import AnswerChargeBack
from schemas.refund.events import ChargeBackAnswered, RefundChargedBack
from schemas.refund.state import CaseState, ChargeBackOutcome, Claim, Refund, RefundEntry


def charged_back(refund: Refund, claim: Claim) -> RefundChargedBack:
    """The event of the charge-backs so far.

    A case already requested of the provider is not made void, since the provider may be paying it out now.
    """
    capture = require(refund.capture)
    going = tuple(entry for entry in fold.in_state(refund, CaseState.APPROVED) if entry.requests)
    return RefundChargedBack(
        capture_id=capture.capture_id,
        amount=claim.charged_back - refund.charged_back,
        owed=claim.unowed is None and not claim.short,
        void=_void(refund, capture.amount - claim.charged_back, going),
    )


def void_by_now(refund: Refund) -> RefundChargedBack | None:
    """The event that voids agreed manual refunds of money charged back meanwhile; None if enough money is left."""
    capture = require(refund.capture)
    with_the_provider = fold.in_state(refund, CaseState.APPROVED)
    void = _void(refund, capture.amount - refund.charged_back, with_the_provider) if refund.charged_back else ()
    nothing_more = {"capture_id": capture.capture_id, "amount": 0, "owed": False}
    return RefundChargedBack.model_validate(nothing_more | {"void": void}) if void else None


def _void(refund: Refund, there: int, going: tuple[RefundEntry, ...]) -> tuple[int, ...]:
    """The waiting cases for which too little money is left, after all given and running refunds (`going`)."""
    rest = there - fold.total(refund, CaseState.GIVEN) - sum(entry.amount for entry in going)
    waiting = tuple(entry for entry in fold.in_state(refund, CaseState.APPROVED) if entry not in going)
    agreed = fold.in_state(refund, CaseState.LEFT_TO_HAND) + waiting
    void: list[int] = []
    for entry in agreed + fold.in_state(refund, CaseState.OPEN):
        if entry.amount > rest:
            void.append(entry.case)
        else:
            rest -= entry.amount
    return tuple(void)


def answer(refund: Refund, command: AnswerChargeBack, _: datetime) -> tuple[ChargeBackAnswered, ...]:
    """The event of a leader's answer to all unanswered charge-backs."""
    again = len(refund.asked_again) + 1 if command.outcome is ChargeBackOutcome.ASKED_AGAIN else None
    answered = ChargeBackAnswered(
        outcome=command.outcome,
        amount=refund.unanswered,
        again=again,
        officer=command.actor.subject,
        acting_for=command.acting_for,
        reason=command.reason,
        legal_basis=command.legal_basis,
    )
    return (answered,)
