"""What a command makes happen to a complaint."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from rules.complaint.admission import UNSIGNED, admit
from rules.complaint.fold import WAITS, next_timer, undoes
from rules.complaint.guards import ENDED, guard, partial
from rules.filing.reopening import UNDONE
from rules.known import known
from rules.officers import not_in_whose_place
from schemas import complaint as co
from schemas.complaint import Complaint, ComplaintOutcome
from schemas.errors import Problem, RefusalCode, RefusalError, problem, refused
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Moment
from schemas.people import Role
from schemas.publishing.calendar import Calendar

Events = tuple[co.ComplaintEvent, ...]


def decide(complaint: Complaint, command: cm.Command, now: datetime) -> Events:
    """What `command` makes happen to a complaint. Raises `RefusalError`."""
    why = None if command.kind in _SYSTEM else guard(complaint, command.kind, command.actor, now)
    if why is not None:
        raise _refuse(why)
    match command:
        case co.Complain():
            return admit(complaint, command, now)
        case co.RingComplaint(moment=moment):
            return _ring(complaint, moment, now)
        case co.SettleUpheld(reopened=reopened) if undoes(complaint):
            return (co.ComplaintSettled(reopened=reopened),)
        case cm.ChangeCalendar(calendar=calendar) if complaint.state in WAITS:
            return _change_calendar(complaint, calendar)
        case _ if command.kind in _EFFECTS:
            return _EFFECTS[command.kind](complaint, command)
        case _:
            raise _refuse(ENDED)


_SYSTEM: Final = frozenset({co.OPENING, "ring_complaint", "settle_upheld", "change_calendar"})


def _refuse(*problems: Problem) -> RefusalError:
    return refused(RefusalCode.NOT_ALLOWED, *problems)


def _ring(complaint: Complaint, moment: Moment, now: datetime) -> Events:
    timer = next_timer(complaint)
    if timer is None or timer.moment is not moment or now < timer.due:
        raise _refuse(problem("moment", "not_due"))
    due = known(complaint.due)
    return (co.ComplaintReminded(due=due) if moment is Moment.REMINDER else co.ComplaintOverdue(due=due),)


def _change_calendar(complaint: Complaint, calendar: Calendar) -> Events:
    if calendar == complaint.days:
        raise _refuse(problem("calendar", "in_force"))
    return (co.ComplaintCalendarChanged(days=calendar),)


def _reassign(complaint: Complaint, command: cm.Reassign) -> Events:
    if command.officer == complaint.answerer or partial(complaint, command.officer):
        raise _refuse(problem("officer", "four_eyes", says="complaint_not_given"))
    if (wrong := not_in_whose_place(complaint.whose_task, command.officer, command.acting_for)) is not None:
        raise _refuse(wrong)
    return (ev.Reassigned(officer=command.officer, role=Role.LEADER, acting_for=command.acting_for),)


def _answer(complaint: Complaint, command: co.AnswerComplaint) -> Events:
    upheld = command.outcome is ComplaintOutcome.UPHELD and complaint.act in UNDONE
    open_to_it = (co.INTAKE, *complaint.steps) if upheld else ()
    if command.start_at is not None and command.start_at not in open_to_it:
        names = ", ".join(open_to_it) or "–"
        why = problem("start_at", "no_such_place", names=names)
        raise _refuse(why)
    place = command.start_at or complaint.step or co.INTAKE
    return (
        co.ComplaintAnswered(
            about=complaint.about,
            outcome=command.outcome,
            officer=command.actor.subject,
            acting_for=complaint.acting_for,
            step=place if upheld and place in complaint.steps else None,
            reason=command.reason,
            legal_basis=command.legal_basis,
        ),
    )


def _withdraw(_: Complaint, command: cm.Withdraw) -> Events:
    if command.actor.role is Role.RECEPTION and command.request is None:
        raise _refuse(UNSIGNED.model_copy(update={"field": "request"}))
    return (co.ComplaintWithdrawn(reason=command.reason, request=command.request),)


_EFFECTS: Final[dict[str, Callable[[Complaint, Any], Events]]] = {
    "claim": lambda _, command: (ev.Claimed(officer=command.actor.subject),),
    "release": lambda *_: (ev.Released(),),
    "reassign": _reassign,
    "answer_complaint": _answer,
    "withdraw": _withdraw,
}
