"""The descriptor of refunds as a kind of stream."""

from typing import Final

from rules.refund import fold, status
from rules.refund.commands import RULES
from rules.refund.evidence import evidence, found_by
from rules.stream_kind import StreamKind, numbered
from schemas.refund import events
from schemas.refund.commands import REFUND_COMMANDS
from schemas.refund.state import Refund, RefundStart
from schemas.stream.snapshots import RefundMemory
from schemas.translate import said

REFUND: Final = StreamKind(
    name="refund",
    workflow="Refund",
    state=Refund,
    events=events.RefundEvent,
    first="refund_begun",
    initial=lambda origin: Refund(**numbered(origin)),
    rules=RULES,
    evolve=fold.evolve,
    standing=status.standing,
    rows=status.rows,
    start=RefundStart,
    commands=REFUND_COMMANDS,
    evidence_of=evidence,
    found_by=found_by,
    memory=RefundMemory,
    shown=frozenset(
        {
            events.RefundOpened,
            events.RefundApproved,
            events.RefundDeclined,
            events.RefundGiven,
            events.RefundGivenByHand,
            events.RefundDisputed,
            events.ShortfallAccepted,
        }
    ),
    tells=status.TELLS,
    waits=status.WAITS,
    title=said("many.refunds"),
)
