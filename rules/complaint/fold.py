"""What each event makes of a complaint, and what its clock then tells."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from rules.filing.reopening import UNDONE
from rules.known import known
from rules.time import working_time
from schemas import complaint as co
from schemas.complaint import Complaint, ComplaintState
from schemas.filing import events as ev
from schemas.filing.events import Moment
from schemas.limit import Limit
from schemas.stream.ledger import Recorded

WAITS: Final = frozenset({ComplaintState.RECORDED, ComplaintState.TAKEN_UP})
"""The states in which it has yet to be answered."""


def evolve(complaint: Complaint, recorded: Recorded) -> Complaint:
    """The complaint after one event."""
    return complaint.model_copy(update=_change(complaint, recorded) | {"seq": recorded.seq})


def _change(complaint: Complaint, recorded: Recorded) -> dict[str, Any]:  # noqa: C901, PLR0911 -- one line for each event
    match recorded.event:
        case co.Complained() as event:
            return _recorded(complaint, event, recorded)
        case ev.Claimed(officer=officer):
            return {"answerer": officer, "acting_for": None} | _taken_up(complaint, recorded.at)
        case ev.Reassigned(officer=officer, acting_for=acting_for):
            return {"answerer": officer, "acting_for": acting_for} | _taken_up(complaint, recorded.at)
        case ev.Released():
            return {"answerer": None, "acting_for": None}
        case co.ComplaintReminded():
            return {"reminded": True, "remind_at": None}
        case co.ComplaintOverdue():
            return {"overdue": True, "remind_at": None}
        case co.ComplaintAnswered() as event:
            said = {"start_at": event.step, "reason": event.reason, "legal_basis": event.legal_basis}
            return said | {
                "state": ComplaintState(event.outcome),
                "answerer": event.officer,
                "answered_at": recorded.at,
            }
        case co.ComplaintWithdrawn():
            return {"state": ComplaintState.WITHDRAWN, "answered_at": recorded.at}
        case co.ComplaintSettled(reopened=reopened):
            return {"reopened": reopened}
        case co.ComplaintCalendarChanged(days=days):
            return _on_another_calendar(complaint.model_copy(update={"days": days}), recorded.at) | {"days": days}
        case _:
            msg = f"{recorded.event.kind} is no event of a complaint"
            raise TypeError(msg)


_DESCRIBED: Final = ("about", "act", "officer", "step", "steps", "words", "side", "represented_until")
_KEPT: Final = (*_DESCRIBED, "take_up", "answer", "reminder", "days")


def _recorded(complaint: Complaint, event: co.Complained, recorded: Recorded) -> dict[str, Any]:
    kept = {name: getattr(event, name) for name in _KEPT}
    return kept | {"recorded_at": recorded.at} | _clock(complaint.model_copy(update=kept), recorded.at, event.take_up)


def _taken_up(complaint: Complaint, at: datetime) -> dict[str, Any]:
    """The first who takes it takes it up: from then on the answer is due."""
    if complaint.state is ComplaintState.TAKEN_UP:
        return {}
    return {"state": ComplaintState.TAKEN_UP} | _clock(complaint, at, known(complaint.answer))


def _clock(complaint: Complaint, since: datetime, limit: Limit) -> dict[str, Any]:
    """A limit that runs from its beginning."""
    days = known(complaint.days)
    due = working_time.due(since, limit, days)
    remind_at = working_time.remind_at(since, limit, due, known(complaint.reminder), days)
    return {"since": since, "limit": limit, "due": due, "remind_at": remind_at, "reminded": False, "overdue": False}


def _on_another_calendar(complaint: Complaint, at: datetime) -> dict[str, Any]:
    """The limit projected again. What it told of another due instant it tells of the new one, if there is time."""
    again = _clock(complaint, known(complaint.since), known(complaint.limit))
    late = complaint.overdue and again["due"] <= at
    told = complaint.reminded and (again["due"] == complaint.due or again["remind_at"] <= at)
    return again | {"overdue": late, "reminded": told} | ({"remind_at": None} if told or late else {})


def undoes(complaint: Complaint) -> bool:
    """Whether it was upheld, and the filing has yet to start again."""
    return complaint.state is ComplaintState.UPHELD and complaint.act in UNDONE and complaint.reopened is None


def next_timer(complaint: Complaint) -> co.ComplaintTimer | None:
    """What its clock tells next."""
    if complaint.state not in WAITS or complaint.overdue or complaint.due is None:
        return None
    clock = "take_up" if complaint.state is ComplaintState.RECORDED else "complaint"
    if complaint.remind_at is not None:
        return co.ComplaintTimer(clock=clock, due=complaint.remind_at, moment=Moment.REMINDER)
    return co.ComplaintTimer(clock=clock, due=complaint.due, moment=Moment.DUE)


def is_open(complaint: Complaint) -> bool:
    """Whether somebody has yet to act: an officer, or the system where the filing must start again."""
    return complaint.state in WAITS or undoes(complaint)
