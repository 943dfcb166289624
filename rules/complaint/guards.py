"""Who may do what with a complaint: nobody answers what they have done themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rules.complaint.fold import WAITS
from rules.filing.representation import over
from rules.officers import role_is
from schemas.complaint import Complaint
from schemas.errors import Problem, problem
from schemas.people import OFFICERS, Actor, Role

ENDED: Final = problem("", "complaint_ended")


def guard(complaint: Complaint, kind: str, actor: Actor, now: datetime) -> Problem | None:
    """Why `actor` can't give this command now, or None."""
    if complaint.state not in WAITS:
        return ENDED
    wrong = role_is(actor, *_WHO[kind]) or _stranger(complaint, actor) or over(actor, complaint.represented_until, now)
    if wrong is None and kind in _CLAIMED and complaint.answerer is None:
        return problem("", "not_claimed", says="complaint_not_taken")
    if wrong is None and actor.role is Role.LEADER:
        return _not_for_this_leader(complaint, kind, actor)
    return wrong


_WHO: Final[dict[str, tuple[Role, ...]]] = {
    "claim": (Role.LEADER,),
    "release": (Role.LEADER, Role.TEAM_LEAD),
    "reassign": (Role.TEAM_LEAD,),
    "answer_complaint": (Role.LEADER,),
    "withdraw": (Role.APPLICANT, Role.REPRESENTATIVE, Role.RECEPTION),
}
_CLAIMED: Final = frozenset({"release", "answer_complaint"})


def _stranger(complaint: Complaint, actor: Actor) -> Problem | None:
    if actor.role in OFFICERS:
        if actor.agency == complaint.agency:
            return None
        return problem("actor.agency", "other_agency", says="other_agencys_complaint")
    if actor.subject in complaint.side:
        return None
    return problem("actor.subject", "not_the_complainant")


def _not_for_this_leader(complaint: Complaint, kind: str, actor: Actor) -> Problem | None:
    if partial(complaint, actor.subject):
        return problem("actor.subject", "four_eyes", says="complaint_four_eyes")
    own = complaint.answerer == actor.subject
    if kind == "claim" and own:
        return problem("", "claimed_already")
    if complaint.answerer is None or own:
        return None
    return problem("", "claimed_by_other")


def partial(complaint: Complaint, subject: str) -> bool:
    """Whether this person did what is complained about, or stands on the complainant's side."""
    return subject == complaint.officer or subject in complaint.side
