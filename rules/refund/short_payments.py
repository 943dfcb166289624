"""The rule of two officers: nobody returns money alone, since a second officer has to agree."""

from datetime import datetime

from rules.refund import fold
from rules.require import require
from rules.rule import refuse
from schemas.errors import Problem, problem
from schemas.refund.commands import AcceptShortPayment, ApproveShortPayment
from schemas.refund.events import RefundDisputed, ShortfallAccepted, ShortfallProposed
from schemas.refund.state import Refund


def not_alone(refund: Refund, hands: tuple[str, ...], others: tuple[str, ...]) -> Problem | None:
    """Why these officers may not act: one of them is among the `others`, or on the applicant's side.

    None if they may.
    """
    if set(hands) & set(others):
        return problem("actor.subject", "needs_another")
    return problem("acting_for", "own_filing") if set(hands) & set(refund.apart) else None


def lacking(refund: Refund) -> int:
    """The amount in đồng that a short payment lacks."""
    capture = require(refund.capture)
    return capture.asked - capture.amount


def disputed(refund: Refund) -> tuple[RefundDisputed, ...]:
    """The event that leaves a short payment to officers; recorded once."""
    capture = require(refund.capture)
    said = RefundDisputed(capture_id=capture.capture_id, amount=capture.amount, asked=capture.asked)
    return () if refund.disputed else (said,)


def propose(refund: Refund, command: AcceptShortPayment, _: datetime) -> tuple[ShortfallProposed, ...]:
    """The event of a proposal to accept the payment. The latest proposer replaces any earlier one."""
    proposed = ShortfallProposed(
        forgone=lacking(refund),
        officer=command.actor.subject,
        acting_for=command.acting_for,
        reason=command.reason,
        legal_basis=command.legal_basis,
    )
    return (proposed,)


def accept(refund: Refund, command: ApproveShortPayment, _: datetime) -> tuple[ShortfallAccepted, ...]:
    """The event of the approval by a second officer. Raises `RefusalError` if the proposer approves."""
    hands = fold.names(command.actor.subject, command.acting_for)
    if (why := not_alone(refund, hands, refund.accepted_by)) is not None:
        raise refuse(why)
    capture = require(refund.capture)
    accepted = ShortfallAccepted(
        capture_id=capture.capture_id,
        amount=capture.amount,
        forgone=lacking(refund),
        officer=command.actor.subject,
        acting_for=command.acting_for,
        asked_by=refund.accepted_by,
    )
    return (accepted,)
