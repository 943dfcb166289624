"""What is shown of a complaint: where it stands, whose task it is, its view; and what the log must hold for it."""

from __future__ import annotations

from typing import Any

from rules.complaint.fold import WAITS, is_open, undoes
from rules.evidence import Entry, Evidence
from rules.known import known
from schemas import complaint as co
from schemas.complaint import Complaint
from schemas.ids import StreamId, filing_workflow
from schemas.people import Role
from schemas.stream.rows import Rows, Standing, TaskRow


def standing(complaint: Complaint) -> Standing:
    """Where a complaint stands. Upheld, it is open until its filing has started again."""
    name = complaint.days.name if complaint.days else None
    return Standing(n=complaint.n, calendar=name, open=is_open(complaint))


def rows(complaint: Complaint) -> Rows:
    """Whose task it is."""
    if undoes(complaint):
        return Rows(tasks=(_task(complaint, Role.SYSTEM, "settle_upheld"),))
    if complaint.state not in WAITS:
        return Rows(tasks=())
    actions = ("claim",) if complaint.answerer is None else ("release", "answer_complaint")
    leading = ("reassign",) if complaint.answerer is None else ("release", "reassign")
    late = (_task(complaint, Role.TEAM_LEAD, *leading),) if complaint.overdue else ()
    told = complaint.reminded and not complaint.overdue
    reminder = (_task(complaint, Role.LEADER, name="reminder:complaint"),) if told else ()
    return Rows(tasks=(_task(complaint, Role.LEADER, *actions), *late, *reminder))


def _task(complaint: Complaint, role: Role, *actions: str, name: str = "complaint") -> TaskRow:
    return TaskRow(
        name=name,
        agency=complaint.agency,
        role=role,
        officer=complaint.answerer if role is Role.LEADER else None,
        acting_for=complaint.acting_for if role is Role.LEADER else None,
        actions=actions,
        due_at=complaint.due,
        overdue=complaint.overdue,
    )


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """What the filing must have recorded: the act that is complained about, and that it has started again."""
    filing = filing_workflow(stream.filing)
    match event:
        case co.Complained(act=act):
            return ((Entry((act,), stream=filing),),)
        case co.ComplaintSettled(reopened=True):
            return ((Entry(("reopened",), {"complaint": stream.n}, filing),),)
        case _:
            return None


def view(complaint: Complaint) -> co.ComplaintView:
    """What a complaint shows."""
    waits = complaint.state in WAITS
    return co.ComplaintView(
        filing_id=complaint.filing_id,
        n=complaint.n,
        seq=complaint.seq,
        about=complaint.about,
        act=complaint.act,
        words=complaint.words,
        state=complaint.state,
        recorded_at=known(complaint.recorded_at),
        answerer=complaint.answerer,
        acting_for=complaint.acting_for,
        due=complaint.due if waits else None,
        overdue=complaint.overdue,
        answered_at=complaint.answered_at,
        reason=complaint.reason,
        legal_basis=complaint.legal_basis,
        reopened=complaint.reopened,
    )
