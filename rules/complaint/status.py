"""The status of a complaint, and its tasks."""

from rules.complaint.fold import WAITS, is_open, undoes
from schemas.complaint.state import Complaint
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
