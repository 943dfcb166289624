"""The descriptor of complaints: the row of a complaint, its view, and its message to the filing."""

from typing import Any, Final

from rules.complaint.commands import RULES
from rules.complaint.fold import WAITS, evolve, is_open, undoes
from rules.evidence import Entry, Evidence
from rules.require import require
from rules.stream_kind import StreamKind, Telling, numbered
from schemas.complaint import events
from schemas.complaint.commands import COMPLAINT_COMMANDS
from schemas.complaint.state import Complaint, ComplaintFact, ComplaintStart, ComplaintView
from schemas.filing.commands import SettleComplaint
from schemas.ids import StreamId, filing_workflow
from schemas.people import Role
from schemas.stream.rows import Rows, Standing, TaskRow
from schemas.translate import said


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """The evidence in the filing's log that an event needs: the disputed act, or the filing's restart; else None."""
    filing = filing_workflow(stream.filing)
    match event:
        case events.Complained(act=act):
            return ((Entry((act,), stream=filing),),)
        case events.ComplaintSettled(reopened=True):
            return ((Entry(("reopened",), {"complaint": stream.n}, filing),),)
        case _:
            return None


def standing(complaint: Complaint) -> Standing:
    """The standing of a complaint. An upheld complaint is open until its filing has restarted."""
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


COMPLAINT: Final = StreamKind(
    name="complaint",
    workflow="Complaint",
    state=Complaint,
    events=events.ComplaintEvent,
    first="complained",
    initial=lambda origin: Complaint(**numbered(origin)),
    rules=RULES,
    evolve=evolve,
    standing=standing,
    rows=rows,
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
    tells=(
        Telling(
            "complaint_upheld",
            ComplaintFact,
            lambda fact: SettleComplaint(command_id=f"complaint:{fact.n}", **fact.model_dump()),
            {"complaint_answered": lambda n, body: {"n": n} | body if body.get("outcome") == "upheld" else None},
        ),
    ),
    title=said("many.complaints"),
)
