"""Money that the payer's bank took back: what of its refunds is void by that, and what becomes of the fee."""

from __future__ import annotations

from rules.known import known
from rules.refund import fold
from schemas import refund as rf
from schemas.refund import CaseState, Refund


def charged_back(refund: Refund, claim: rf.Claim) -> rf.RefundChargedBack:
    """What is known of it by now. What the provider may be giving back at this moment is not called off."""
    capture = known(refund.capture)
    return rf.RefundChargedBack(
        capture_id=capture.capture_id,
        amount=claim.charged_back - refund.charged_back,
        owed=claim.unowed is None and not claim.short,
        void=_void(refund, capture.amount - claim.charged_back),
    )


def _void(refund: Refund, there: int) -> tuple[int, ...]:
    """The cases that wait for people and for which too little is there, beside what has gone back or goes."""
    rest = there - fold.total(refund, CaseState.APPROVED, CaseState.GIVEN)
    void: list[int] = []
    for entry in fold.in_state(refund, CaseState.LEFT_TO_HAND) + fold.in_state(refund, CaseState.OPEN):
        if entry.amount > rest:
            void.append(entry.case)
        else:
            rest -= entry.amount
    return tuple(void)


def answered(refund: Refund, command: rf.AnswerChargeBack) -> rf.ChargeBackAnswered:
    """What a leader says of all that nobody has spoken of yet."""
    return rf.ChargeBackAnswered(
        outcome=command.outcome,
        amount=refund.unanswered,
        officer=command.actor.subject,
        acting_for=command.acting_for,
        reason=command.reason,
        legal_basis=command.legal_basis,
    )
