"""The change that each event makes to a complaint, and its next timer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from rules.filing.reopening import UNDONE
from rules.require import require
from rules.rule import Change, folding
from rules.time import working_time
from schemas.complaint import events as ev
from schemas.complaint.state import Complaint, ComplaintState, ComplaintTimer
from schemas.filing.events import Claimed, Moment, Reassigned, Released
from schemas.limit import Limit

WAITS: Final = frozenset({ComplaintState.RECORDED, ComplaintState.TAKEN_UP})
"""The states in which the complaint has no answer yet."""


def _recorded(complaint: Complaint, event: ev.Complained, at: datetime) -> dict[str, Any]:
    kept = {
        "about": event.about,
        "act": event.act,
        "officer": event.officer,
        "step": event.step,
        "steps": event.steps,
        "take_up": event.take_up,
        "answer": event.answer,
        "reminder": event.reminder,
        "days": event.days,
        "words": event.words,
        "side": event.side,
        "represented_until": event.represented_until,
    }
    return kept | {"recorded_at": at} | _clock(complaint.model_copy(update=kept), at, event.take_up)


def _given(complaint: Complaint, event: Claimed | Reassigned, at: datetime) -> dict[str, Any]:
    """The change when a leader gets the complaint. If this is the first leader, the answer's time limit begins."""
    acting_for = event.acting_for if isinstance(event, Reassigned) else None
    given: dict[str, Any] = {"answerer": event.officer, "acting_for": acting_for}
    if complaint.state is ComplaintState.TAKEN_UP:
        return given
    return given | {"state": ComplaintState.TAKEN_UP} | _clock(complaint, at, require(complaint.answer))


def _clock(complaint: Complaint, since: datetime, limit: Limit) -> dict[str, Any]:
    """The fields of a limit that begins at `since`: its due time and its reminder, both marked as not reached."""
    days = require(complaint.days)
    due = working_time.due(since, limit, days)
    remind_at = working_time.remind_at(since, limit, due, require(complaint.reminder), days)
    return {"since": since, "limit": limit, "due": due, "remind_at": remind_at, "reminded": False, "overdue": False}


def _answered(_: Complaint, event: ev.ComplaintAnswered, at: datetime) -> dict[str, Any]:
    answer = {"start_at": event.step, "reason": event.reason, "legal_basis": event.legal_basis}
    return answer | {"state": ComplaintState(event.outcome), "answerer": event.officer, "answered_at": at}


def _calendar_changed(complaint: Complaint, event: ev.ComplaintCalendarChanged, at: datetime) -> dict[str, Any]:
    """The limit's fields on the new calendar. A recorded reminder or lateness that is now in the future is reset."""
    on_it = complaint.model_copy(update={"days": event.days})
    again = _clock(on_it, require(complaint.since), require(complaint.limit))
    late = complaint.overdue and again["due"] <= at
    told = complaint.reminded and (again["due"] == complaint.due or again["remind_at"] <= at)
    changed = again | {"days": event.days, "overdue": late, "reminded": told}
    return changed | ({"remind_at": None} if told or late else {})


CHANGES: Final[Mapping[type[Any], Change[Complaint]]] = {
    ev.Complained: _recorded,
    Claimed: _given,
    Reassigned: _given,
    Released: lambda *_: {"answerer": None, "acting_for": None},
    ev.ComplaintReminded: lambda *_: {"reminded": True, "remind_at": None},
    ev.ComplaintOverdue: lambda *_: {"overdue": True, "remind_at": None},
    ev.ComplaintAnswered: _answered,
    ev.ComplaintWithdrawn: lambda _, __, at: {"state": ComplaintState.WITHDRAWN, "answered_at": at},
    ev.ComplaintSettled: lambda _, event, __: {"reopened": event.reopened},
    ev.ComplaintCalendarChanged: _calendar_changed,
}
evolve = folding(CHANGES)


def undoes(complaint: Complaint) -> bool:
    """Whether the complaint was upheld, and its filing has not restarted yet."""
    return complaint.state is ComplaintState.UPHELD and complaint.act in UNDONE and complaint.reopened is None


def next_timer(complaint: Complaint) -> ComplaintTimer | None:
    """The next timer: the reminder, then the due time. None if the complaint is answered or late already."""
    if complaint.state not in WAITS or complaint.overdue or complaint.due is None:
        return None
    clock = "take_up" if complaint.state is ComplaintState.RECORDED else "complaint"
    if complaint.remind_at is not None:
        return ComplaintTimer(clock=clock, due=complaint.remind_at, moment=Moment.REMINDER)
    return ComplaintTimer(clock=clock, due=complaint.due, moment=Moment.DUE)


def is_open(complaint: Complaint) -> bool:
    """Whether an officer has yet to act, or the system has yet to restart the filing."""
    return complaint.state in WAITS or undoes(complaint)
