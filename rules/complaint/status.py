"""The status of a complaint: its row, its view, and its message to the filing."""

from typing import Final

from rules.complaint.fold import WAITS, is_open, undoes
from rules.require import require
from rules.stream_kind import Telling
from schemas.complaint.state import Complaint, ComplaintFact, ComplaintView
from schemas.filing.commands import SettleComplaint
from schemas.people import Role
from schemas.stream.rows import Rows, Standing, TaskRow


def standing(complaint: Complaint) -> Standing:
    """The status of a complaint. An upheld complaint is open until its filing has restarted."""
    name = complaint.days.name if complaint.days else None
    return Standing(n=complaint.n, calendar=name, open=is_open(complaint))


def rows(complaint: Complaint) -> Rows:
    """The tasks of a complaint, in the queues of their roles."""
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


def view(complaint: Complaint) -> ComplaintView:
    """The visible fields of a complaint."""
    return ComplaintView(
        filing_id=complaint.filing_id,
        n=complaint.n,
        seq=complaint.seq,
        about=complaint.about,
        act=complaint.act,
        words=complaint.words,
        state=complaint.state,
        recorded_at=require(complaint.recorded_at),
        answerer=complaint.answerer,
        acting_for=complaint.acting_for,
        due=complaint.due if complaint.state in WAITS else None,
        overdue=complaint.overdue,
        answered_at=complaint.answered_at,
        reason=complaint.reason,
        legal_basis=complaint.legal_basis,
        reopened=complaint.reopened,
    )


TELLS: Final = (
    Telling(
        "complaint_upheld",
        ComplaintFact,
        lambda fact: SettleComplaint(command_id=f"complaint:{fact.n}", **fact.model_dump()),
        {"complaint_answered": lambda n, body: {"n": n} | body if body.get("outcome") == "upheld" else None},
    ),
)
