"""Money that came as less than was asked: it goes back, or two take it for the whole fee and the rest is forgone."""

from __future__ import annotations

from datetime import datetime

from rules.known import known
from rules.refund import fold
from rules.refund.hands import not_alone
from rules.rule import refuse
from schemas.refund.commands import AcceptShortPayment, ApproveShortPayment
from schemas.refund.events import RefundDisputed, ShortfallAccepted, ShortfallProposed
from schemas.refund.state import Refund


def lacking(refund: Refund) -> int:
    """How many đồng less came than was asked."""
    capture = known(refund.capture)
    return capture.asked - capture.amount


def disputed(refund: Refund) -> tuple[RefundDisputed, ...]:
    """That people have to say what becomes of it, once."""
    capture = known(refund.capture)
    said = RefundDisputed(capture_id=capture.capture_id, amount=capture.amount, asked=capture.asked)
    return () if refund.disputed else (said,)


def propose(refund: Refund, command: AcceptShortPayment, _: datetime) -> tuple[ShortfallProposed, ...]:
    """The latest proposer replaces any earlier one."""
    proposed = ShortfallProposed(
        forgone=lacking(refund),
        officer=command.actor.subject,
        acting_for=command.acting_for,
        reason=command.reason,
        legal_basis=command.legal_basis,
    )
    return (proposed,)


def accept(refund: Refund, command: ApproveShortPayment, _: datetime) -> tuple[ShortfallAccepted, ...]:
    """The agreement of another officer than the proposer. Raises `RefusalError`."""
    hands = fold.names(command.actor.subject, command.acting_for)
    if (why := not_alone(refund, hands, refund.accepted_by)) is not None:
        raise refuse(why)
    capture = known(refund.capture)
    accepted = ShortfallAccepted(
        capture_id=capture.capture_id,
        amount=capture.amount,
        forgone=lacking(refund),
        officer=command.actor.subject,
        acting_for=command.acting_for,
        asked_by=refund.accepted_by,
    )
    return (accepted,)
