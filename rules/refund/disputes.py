"""Money that came as less than was asked: it goes back, or two take it for the whole fee and the rest is forgone."""

from __future__ import annotations

from datetime import datetime

from rules.known import known
from rules.refund import fold
from rules.refund.hands import not_alone
from rules.rule import refuse
from schemas import refund as rf
from schemas.refund import Refund


def lacking(refund: Refund) -> int:
    """How many đồng less came than was asked."""
    capture = known(refund.capture)
    return capture.asked - capture.amount


def disputed(refund: Refund) -> tuple[rf.RefundDisputed, ...]:
    """That people have to say what becomes of it, once."""
    capture = known(refund.capture)
    said = rf.RefundDisputed(capture_id=capture.capture_id, amount=capture.amount, asked=capture.asked)
    return () if refund.disputed else (said,)


def propose(refund: Refund, command: rf.AcceptShortPayment, _: datetime) -> tuple[rf.ShortfallProposed, ...]:
    """The latest proposer replaces any earlier one."""
    proposed = rf.ShortfallProposed(
        forgone=lacking(refund),
        officer=command.actor.subject,
        acting_for=command.acting_for,
        reason=command.reason,
        legal_basis=command.legal_basis,
    )
    return (proposed,)


def accept(refund: Refund, command: rf.ApproveShortPayment, _: datetime) -> tuple[rf.ShortfallAccepted, ...]:
    """The agreement of another officer than the proposer. Raises `RefusalError`."""
    hands = fold.names(command.actor.subject, command.acting_for)
    if (why := not_alone(refund, hands, refund.accepted_by)) is not None:
        raise refuse(why)
    capture = known(refund.capture)
    accepted = rf.ShortfallAccepted(
        capture_id=capture.capture_id,
        amount=capture.amount,
        forgone=lacking(refund),
        officer=command.actor.subject,
        acting_for=command.acting_for,
        asked_by=refund.accepted_by,
    )
    return (accepted,)
