"""The descriptor of complaints as a kind of stream."""

from typing import Final

from rules.complaint import fold, status
from rules.complaint.commands import RULES
from rules.complaint.evidence import evidence
from rules.stream_kind import StreamKind, numbered
from schemas.complaint import events
from schemas.complaint.commands import COMPLAINT_COMMANDS
from schemas.complaint.state import Complaint, ComplaintStart
from schemas.translate import said

COMPLAINT: Final = StreamKind(
    name="complaint",
    workflow="Complaint",
    state=Complaint,
    events=events.ComplaintEvent,
    first="complained",
    initial=lambda origin: Complaint(**numbered(origin)),
    rules=RULES,
    evolve=fold.evolve,
    standing=status.standing,
    rows=status.rows,
    start=ComplaintStart,
    commands=COMPLAINT_COMMANDS,
    evidence_of=evidence,
    shown=frozenset(
        {
            events.Complained,
            events.ComplaintOverdue,
            events.ComplaintAnswered,
            events.ComplaintWithdrawn,
            events.ComplaintSettled,
        }
    ),
    tells=status.TELLS,
    title=said("many.complaints"),
)
