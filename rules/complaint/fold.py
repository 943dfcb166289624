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
from schemas.publishing.time_limits import SENDING, SENDING_SECOND

WAITS: Final = frozenset({ComplaintState.RECORDED, ComplaintState.TAKEN_UP})
"""The states in which the complaint has no answer yet."""

RIGHT: Final = frozenset({ComplaintState.UPHELD, ComplaintState.PARTLY_UPHELD})
"""The states of a complaint that is right, at least in part."""

ANSWERED: Final = frozenset({*RIGHT, ComplaintState.REJECTED})
"""The states of a complaint with a decision, which has to be sent."""


_KEPT: Final = frozenset(Complaint.model_fields) & frozenset(ev.Complained.model_fields) - {"n"}


def _recorded(complaint: Complaint, event: ev.Complained, at: datetime) -> dict[str, Any]:
    kept = {name: getattr(event, name) for name in _KEPT}
    return kept | {"recorded_at": at} | _clock(complaint.model_copy(update=kept), at, event.take_up)


def _given(_: Complaint, event: Claimed | Reassigned, __: datetime) -> dict[str, Any]:
    acting_for = event.acting_for if isinstance(event, Reassigned) else None
    return {"answerer": event.officer, "acting_for": acting_for}


def _taken_up(complaint: Complaint, event: ev.ComplaintTakenUp, at: datetime) -> dict[str, Any]:
    """The change to a complaint when it is taken up: the time limit of the answer begins."""
    return {"state": ComplaintState.TAKEN_UP, "remote": event.remote} | _clock(complaint, at, event.limit)


def _clock(complaint: Complaint, since: datetime, limit: Limit) -> dict[str, Any]:
    """The fields of a limit that begins at `since`: its due time and its reminder time, neither of them reached yet."""
    days = require(complaint.days)
    due = working_time.due(since, limit, days)
    remind_at = working_time.remind_at(since, limit, due, require(complaint.reminder), days)
    return {"since": since, "limit": limit, "due": due, "remind_at": remind_at, "reminded": False, "overdue": False}


def _ended(state: ComplaintState, at: datetime) -> dict[str, Any]:
    """The fields of a complaint that ends, with or without a decision. A stay of the act ends, too."""
    return {"state": state, "answered_at": at, "stayed": False, "due": None, "remind_at": None, "limit": None}


def _not_taken_up(_: Complaint, event: ev.ComplaintNotTakenUp, at: datetime) -> dict[str, Any]:
    said = {"ground": event.ground, "reason": event.reason, "answerer": event.officer}
    return _ended(ComplaintState.NOT_TAKEN_UP, at) | said


def _answered(complaint: Complaint, event: ev.ComplaintAnswered, at: datetime) -> dict[str, Any]:
    """The change to a complaint by its decision: the time to send the decision begins."""
    answer = {"start_at": event.step, "reason": event.reason, "legal_basis": event.legal_basis}
    sending = _clock(complaint, at, SENDING if complaint.against is None else SENDING_SECOND)
    return _ended(ComplaintState(event.outcome), at) | answer | {"answerer": event.officer} | sending


def _calendar_changed(complaint: Complaint, event: ev.ComplaintCalendarChanged, at: datetime) -> dict[str, Any]:
    """The limit's fields on the new calendar. A reminder or lateness whose time is now in the future is reset."""
    if complaint.limit is None:
        return {"days": event.days}
    on_it = complaint.model_copy(update={"days": event.days})
    again = _clock(on_it, require(complaint.since), complaint.limit)
    late = complaint.overdue and again["due"] <= at
    told = complaint.reminded and (again["due"] == complaint.due or again["remind_at"] <= at)
    changed = again | {"days": event.days, "overdue": late, "reminded": told}
    return changed | ({"remind_at": None} if told or late else {})


CHANGES: Final[Mapping[type[Any], Change[Complaint]]] = {
    ev.Complained: _recorded,
    Claimed: _given,
    Reassigned: _given,
    Released: lambda *_: {"answerer": None, "acting_for": None},
    ev.ComplaintTakenUp: _taken_up,
    ev.ComplaintNotTakenUp: _not_taken_up,
    ev.ComplaintVerified: lambda _, event, __: {"verifier": event.officer, "verified": event.findings},
    ev.DialogueCalled: lambda _, event, __: {"dialogue_at": event.at, "dialogue": None},
    ev.DialogueHeld: lambda _, event, __: {"dialogue": event.minutes},
    ev.ActStayed: lambda _, event, __: {"stayed": True, "stays": event.stay},
    ev.StayLifted: lambda *_: {"stayed": False},
    ev.StayEnded: lambda *_: {"stayed": False},
    ev.ComplaintReminded: lambda *_: {"reminded": True, "remind_at": None},
    ev.ComplaintOverdue: lambda *_: {"overdue": True, "remind_at": None, "stayed": False},
    ev.ComplaintAnswered: _answered,
    ev.AnswerSent: lambda _, __, at: {"sent_at": at, "due": None, "remind_at": None},
    ev.ComplaintWithdrawn: lambda _, __, at: _ended(ComplaintState.WITHDRAWN, at),
    ev.SuitReported: lambda _, __, at: _ended(ComplaintState.SUED, at),
    ev.ComplaintSettled: lambda _, event, __: {"reopened": event.reopened},
    ev.ComplaintCalendarChanged: _calendar_changed,
}
evolve = folding(CHANGES)


def undoes(complaint: Complaint) -> bool:
    """Whether the complaint was upheld, also in part, and its filing has not restarted yet."""
    return complaint.state in RIGHT and complaint.act in UNDONE and complaint.reopened is None


def unsent(complaint: Complaint) -> bool:
    """Whether the complaint has a decision that was not sent yet."""
    return complaint.state in ANSWERED and complaint.sent_at is None


def next_timer(complaint: Complaint) -> ComplaintTimer | None:
    """The next timer: the reminder, then the due time. None if no limit runs, or if the limit has already run out."""
    if complaint.overdue or complaint.due is None:
        return None
    clock = _CLOCKS.get(complaint.state, "sending")
    if complaint.remind_at is not None:
        return ComplaintTimer(clock=clock, due=complaint.remind_at, moment=Moment.REMINDER)
    return ComplaintTimer(clock=clock, due=complaint.due, moment=Moment.DUE)


_CLOCKS: Final = {ComplaintState.RECORDED: "take_up", ComplaintState.TAKEN_UP: "complaint"}


def is_open(complaint: Complaint) -> bool:
    """Whether work is left: an officer has yet to act, or the system has yet to restart the filing."""
    return complaint.state in WAITS or unsent(complaint) or undoes(complaint)
