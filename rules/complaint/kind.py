"""The descriptor of complaints: the row of a complaint, its view, and its message to the filing."""

from collections.abc import Iterator
from typing import Any, Final

from rules.complaint.commands import RULES, decidable_by
from rules.complaint.fold import RIGHT, WAITS, evolve, is_open, undoes, unsent
from rules.evidence import Entry, Evidence
from rules.stream_kind import StreamKind, Telling, numbered
from schemas.complaint import events
from schemas.complaint.commands import COMPLAINT_COMMANDS
from schemas.complaint.state import (
    SILENCE,
    Complaint,
    ComplaintFact,
    ComplaintStart,
    ComplaintState,
    ComplaintView,
    StayEndFact,
    StayFact,
)
from schemas.filing.commands import EndStay, RecordStay, SettleComplaint
from schemas.ids import StreamId, filing_workflow
from schemas.people import Role
from schemas.stream.rows import Rows, Standing, TaskRow
from schemas.translate import said


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """The evidence that an event needs in the filing's log; None if it needs none.

    The evidence is the disputed act, or the restart of the filing.
    """
    filing = filing_workflow(stream.filing)
    match event:
        case events.Complained(act=act) if act != SILENCE:
            return ((Entry((act,), stream=filing),),)
        case events.ComplaintSettled(reopened=True):
            return ((Entry(("reopened",), {"complaint": stream.n}, filing),),)
        case _:
            return None


def standing(complaint: Complaint) -> Standing:
    """The standing of a complaint. It is open while an officer has yet to act, or the filing has yet to restart."""
    name = complaint.days.name if complaint.days else None
    return Standing(n=complaint.n, calendar=name, open=is_open(complaint))


def rows(complaint: Complaint) -> Rows:
    """The tasks of a complaint, each in the queue of the role that does it."""
    return Rows(tasks=tuple(_tasks(complaint)))


def _tasks(complaint: Complaint) -> Iterator[TaskRow]:
    if undoes(complaint):
        yield _task(complaint, Role.SYSTEM, "settle_upheld")
    if unsent(complaint):
        yield _task(complaint, Role.CLERK, "send_answer", name="complaint:answer")
        leading: tuple[str, ...] = ("send_answer",)
    elif complaint.state not in WAITS:
        return
    else:
        yield from _of_leader(complaint)
        leading = ("reassign",) if complaint.answerer is None else ("release", "reassign")
    if complaint.overdue:
        yield _task(complaint, Role.TEAM_LEAD, *leading)


def _of_leader(complaint: Complaint) -> Iterator[TaskRow]:
    """The tasks of a complaint without an answer: the leader's, a reminder, and the verification by another officer."""
    yield _task(complaint, Role.LEADER, *(("claim",) if complaint.answerer is None else _next_acts(complaint)))
    if complaint.state is ComplaintState.TAKEN_UP and complaint.verified is None:
        yield _task(complaint, Role.SPECIALIST, "verify_complaint", name="complaint:verify")
    if complaint.reminded and not complaint.overdue:
        yield _task(complaint, Role.LEADER, name="reminder:complaint")


def _next_acts(complaint: Complaint) -> Iterator[str]:
    """The acts that are possible next for the leader who has claimed the complaint."""
    yield "release"
    if complaint.state is ComplaintState.RECORDED:
        yield from ("take_up", "not_take_up")
        return
    awaited = complaint.dialogue_at is not None and complaint.dialogue is None
    yield "record_dialogue" if awaited else "invite_to_dialogue"
    if not complaint.overdue:
        yield "lift_stay" if complaint.stayed else "stay_act"
    if decidable_by(complaint, complaint.answerer) is None:
        yield "answer_complaint"


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
    """The `ComplaintView` of a complaint."""
    same = {name: getattr(complaint, name) for name in ComplaintView.model_fields}
    return ComplaintView(**same | {"due": complaint.due if complaint.state in WAITS else None})


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
            *(events.Complained, events.ComplaintTakenUp, events.ComplaintNotTakenUp, events.DialogueCalled),
            *(events.DialogueHeld, events.ActStayed, events.StayLifted, events.StayEnded, events.ComplaintOverdue),
            *(events.ComplaintAnswered, events.AnswerSent, events.ComplaintWithdrawn, events.SuitReported),
            events.ComplaintSettled,
        }
    ),
    for_officers=frozenset({"touched"}),
    tells=(
        Telling(
            "act_stayed",
            StayFact,
            lambda fact: RecordStay(command_id=f"complaint:{fact.n}:stay:{fact.stay}", **dict(fact)),
            {"act_stayed": lambda n, body: {"n": n} | body if "limit" in body else None},
        ),
        Telling(
            "stay_ended",
            StayEndFact,
            lambda fact: EndStay(command_id=f"complaint:{fact.n}:stay:{fact.stay}:ended", **dict(fact)),
            {"stay_ended": lambda n, body: {"n": n} | body},
        ),
        Telling(
            "complaint_upheld",
            ComplaintFact,
            lambda fact: SettleComplaint(command_id=f"complaint:{fact.n}", **fact.model_dump()),
            {"complaint_answered": lambda n, body: {"n": n} | body if body.get("outcome") in RIGHT else None},
        ),
    ),
    title=said("many.complaints"),
)
