"""The acts that are open to a complaint, the people who may complain, and the deadline."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple

from rules.complaint.fold import WAITS
from rules.filing.reopening import places
from rules.filing.submission.representation import represented_until
from rules.officers import on_the_applicants_side
from rules.time import working_time
from schemas.base import Text
from schemas.complaint.state import Complaint, Grounds
from schemas.filing import events as ev
from schemas.filing.events import Clock
from schemas.filing.state import Filing
from schemas.people import OFFICERS, Actor, Role
from schemas.stream.ledger import Recorded
from schemas.translate import said


class Act(NamedTuple):
    """An act that is open to a complaint: its name for people, and its legal basis."""

    name: Text
    article: str


ACTS: Final[dict[str, Act]] = {
    "intake_refused": Act(said("disputed.intake_refused"), "NĐ 61/2018 Đ17 k1b"),
    "supplement_expired": Act(said("disputed.supplement_expired"), "theo luật chuyên ngành"),
    "suspended": Act(said("disputed.suspended"), "mẫu 05 TT 03/2025"),
    "stopped": Act(said("disputed.stopped"), "mẫu 05 TT 03/2025"),
    "decided": Act(said("disputed.decided"), "NĐ 61/2018 Đ19 k8"),
    "overdue": Act(said("disputed.overdue"), "NĐ 61/2018 Đ19 k9"),
}
"""Administrative decisions and acts (Law on Complaints 02/2011/QH13 art. 2 k8, k9), with the legal basis of each. Which
of them are open to a complaint is unconfirmed."""


class _Turn(NamedTuple):
    """An event of a filing, with the states before and after it."""

    before: Filing
    recorded: Recorded
    after: Filing


def grounds(
    begun: Filing, events: Iterable[Recorded], states: Iterable[Filing], complaints: Sequence[Complaint], about: int
) -> Grounds:
    """The grounds of a complaint about the event whose seq is `about`; `begun` is the state before all `events`."""
    changes = zip(events, pairwise((begun, *states)), strict=True)
    turns = [_Turn(before, recorded, after) for recorded, (before, after) in changes]
    known = _of_any_event(turns[-1].after, complaints, about)
    found = next((turn for turn in turns if turn.recorded.seq == about and _can_be_complained_about(turn)), None)
    if found is None:
        return known
    steps = tuple(step for step in places(found.before) if step is not None)
    return known.model_copy(
        update={
            "act": found.recorded.event.kind,
            "officer": _officer(found),
            "step": (found.before.step or steps[0]) if steps else None,
            "steps": steps,
            "until": _until(found, turns),
        }
    )


def _of_any_event(filing: Filing, complaints: Sequence[Complaint], about: int) -> Grounds:
    """The part of the grounds that exists for every event, even for an event that is not open to a complaint."""
    applicant, filed_by, limits = filing.applicant, filing.filed_by, filing.procedure.limits
    own = () if applicant is None else (Actor(subject=applicant.subject, role=Role.APPLICANT),)
    filer = (filed_by,) if filed_by is not None and filed_by.role is Role.REPRESENTATIVE else ()
    return Grounds(
        agency=filing.agency,
        complainants=(*own, *filer),
        side=tuple(sorted(on_the_applicants_side(filing))),
        represented_until=represented_until(filing),
        earlier=len(complaints),
        disputed=any(one.about == about and one.state in WAITS for one in complaints),
        take_up=limits.take_up,
        answer=limits.complaint,
        reminder=limits.reminder,
        calendar=filing.calendar,
    )


def _can_be_complained_about(turn: _Turn) -> bool:
    event = turn.recorded.event
    return event.kind in ACTS and (not isinstance(event, ev.Overdue) or event.clock is Clock.PROCESSING)


def _until(found: _Turn, turns: Sequence[_Turn]) -> datetime | None:
    """The deadline, counted from the act. For a decision, from its result's hand-over; None if there was none yet."""
    notice, filing = found.recorded, turns[-1].after
    if isinstance(notice.event, ev.Decided):
        later = (turn.recorded for turn in turns if turn.recorded.seq > notice.seq)
        told = next((one for one in later if one.event.kind in {"handed_over", "reopened"}), None)
        if told is None or isinstance(told.event, ev.Reopened):
            return None
        notice = told
    return working_time.due(notice.at, filing.procedure.limits.appeal, filing.calendar)


def _officer(found: _Turn) -> str | None:
    """The officer accountable for the act: its author, or the requester of the supplement that was not supplied."""
    event, actor = found.recorded.event, found.recorded.actor
    if isinstance(event, ev.SupplementExpired) and found.before.supplement is not None:
        return found.before.supplement.officer
    named: str | None = getattr(event, "officer", None)
    return named or (actor.subject if actor.role in OFFICERS else None)
