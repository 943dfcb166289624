"""Disputed money: charge-backs, short payments, and the rule that nobody returns money alone."""

from datetime import datetime

from rules.refund import fold
from rules.require import require
from rules.rule import refuse
from schemas.errors import Problem, problem
from schemas.refund import events as ev
from schemas.refund.commands import AcceptShortPayment, AnswerChargeBack, ApproveShortPayment
from schemas.refund.state import CaseState, ChargeBackOutcome, Claim, Refund, RefundEntry


def charged_back(refund: Refund, claim: Claim) -> ev.RefundChargedBack:
    """The event of new charge-backs. A case already requested from the provider stays: it may be paid just now."""
    capture = require(refund.capture)
    going = tuple(entry for entry in fold.in_state(refund, CaseState.APPROVED) if entry.requests)
    return ev.RefundChargedBack(
        capture_id=capture.capture_id,
        amount=claim.charged_back - refund.charged_back,
        owed=claim.unowed is None and not claim.short,
        void=_void(refund, capture.amount - claim.charged_back, going),
    )


def void_by_now(refund: Refund) -> ev.RefundChargedBack | None:
    """The event that voids agreed manual refunds for which charge-backs leave too little money; None without any."""
    capture = require(refund.capture)
    with_the_provider = fold.in_state(refund, CaseState.APPROVED)
    void = _void(refund, capture.amount - refund.charged_back, with_the_provider) if refund.charged_back else ()
    nothing_more = {"capture_id": capture.capture_id, "amount": 0, "owed": False}
    return ev.RefundChargedBack.model_validate(nothing_more | {"void": void}) if void else None


def _void(refund: Refund, there: int, going: tuple[RefundEntry, ...]) -> tuple[int, ...]:
    """The cases to void because `there`, less refunds paid or under way (`going`), does not suffice for them."""
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


def answer(refund: Refund, command: AnswerChargeBack, _: datetime) -> tuple[ev.ChargeBackAnswered, ...]:
    """The event of a leader's answer to all unanswered charge-backs."""
    again = len(refund.asked_again) + 1 if command.outcome is ChargeBackOutcome.ASKED_AGAIN else None
    said = command.model_dump(include={"outcome", "acting_for", "reason", "legal_basis"})
    return (ev.ChargeBackAnswered(amount=refund.unanswered, again=again, officer=command.actor.subject, **said),)


def not_alone(refund: Refund, hands: tuple[str, ...], others: tuple[str, ...]) -> Problem | None:
    """Why these officers may not act, or None: one of them is among the `others`, or on the applicant's side."""
    if set(hands) & set(others):
        return problem("actor.subject", "needs_another")
    return problem("acting_for", "own_filing") if set(hands) & set(refund.apart) else None


def lacking(refund: Refund) -> int:
    """The amount in đồng that a short payment lacks."""
    capture = require(refund.capture)
    return capture.asked - capture.amount


def disputed(refund: Refund) -> tuple[ev.RefundDisputed, ...]:
    """The event that leaves a short payment to officers; none if it is recorded already."""
    capture = require(refund.capture)
    said = ev.RefundDisputed(capture_id=capture.capture_id, amount=capture.amount, asked=capture.asked)
    return () if refund.disputed else (said,)


def propose(refund: Refund, command: AcceptShortPayment, _: datetime) -> tuple[ev.ShortfallProposed, ...]:
    """The event of a proposal to accept the payment. The latest proposer replaces any earlier one."""
    said = command.model_dump(include={"acting_for", "reason", "legal_basis"})
    return (ev.ShortfallProposed(forgone=lacking(refund), officer=command.actor.subject, **said),)


def accept(refund: Refund, command: ApproveShortPayment, _: datetime) -> tuple[ev.ShortfallAccepted, ...]:
    """The event of the approval by a second officer. Raises `RefusalError` if the proposer approves."""
    hands = fold.names(command.actor.subject, command.acting_for)
    if (why := not_alone(refund, hands, refund.accepted_by)) is not None:
        raise refuse(why)
    money = require(refund.capture).model_dump(include={"capture_id", "amount"}) | {"forgone": lacking(refund)}
    who = {"officer": command.actor.subject, "acting_for": command.acting_for, "asked_by": refund.accepted_by}
    return (ev.ShortfallAccepted(**money | who),)
