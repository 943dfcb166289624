"""The facts in the log for a complaint: the disputed act, the people who may complain, the deadline."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple

from rules.complaint.fold import ANSWERED, WAITS
from rules.filing.reopening import places
from rules.filing.submission.representation import represented_until
from rules.officers import on_the_applicants_side
from rules.time import working_time
from schemas.base import AgencyCode
from schemas.complaint.state import SILENCE, Claim, Complaint, ComplaintState, Grounds
from schemas.filing import events as ev
from schemas.filing.state import Filing
from schemas.limit import Limit
from schemas.people import OFFICERS, Actor, Role
from schemas.publishing.calendar import Calendar
from schemas.publishing.time_limits import COMPLAINT, LONGER, SECOND, SECOND_REMOTE
from schemas.stream.ledger import Recorded


class _Turn(NamedTuple):
    """An event of a filing, with the filing's states before and after the event."""

    before: Filing
    recorded: Recorded
    after: Filing


class Above(NamedTuple):
    """The authorities `second` and `third`, one and two levels above the agency of the disputed act; None if missing.

    `first` is the agency of the disputed act, or if that is closed, its successor; None means the filing's agency now.
    """

    second: AgencyCode | None = None
    third: AgencyCode | None = None
    first: AgencyCode | None = None


NOTHING_ABOVE: Final = Above()


def grounds(
    begun: Filing,
    events: Iterable[Recorded],
    states: Iterable[Filing],
    complaints: Sequence[Complaint],
    claim: Claim,
    above: Above = NOTHING_ABOVE,
) -> Grounds:
    """The grounds of a complaint; `begun` is the filing's state before all `events`."""
    changes = zip(events, pairwise((begun, *states)), strict=True)
    turns = [_Turn(before, recorded, after) for recorded, (before, after) in changes]
    known = _of_any_event(turns[-1].after, complaints, claim, above)
    found = next((turn for turn in turns if turn.recorded.seq == claim.about), None)
    if found is None:
        return known
    which = _of_second if claim.against else _of_first
    return known.model_copy(update=_of_the_act(found, turns) | which(complaints, claim, above, known.calendar))


def _of_the_act(found: _Turn, turns: Sequence[_Turn]) -> dict[str, object]:
    """The grounds that follow from the disputed event, including the time limit for the complaint."""
    steps = tuple(step for step in places(found.before) if step is not None)
    where: dict[str, object] = {"steps": steps, "step": (found.before.step or steps[0]) if steps else None}
    if not _is_the_agencys(found.recorded):
        return where | {"act": SILENCE}
    filing = found.after
    time = _within(_known_at(found, turns), filing.procedure.limits.appeal, turns[-1].after.calendar)
    return where | time | {"act": found.recorded.event.kind, "officer": _officer(found)}


_THEIRS: Final = frozenset({"submitted", "supplemented", "answered", "withdrawn"})
"""Acts of the applicant's side, also if the desk records them. A complaint that names such an act is about the silence
of the agency after it."""


def _is_the_agencys(recorded: Recorded) -> bool:
    return recorded.actor.role in {*OFFICERS, Role.SYSTEM} and recorded.event.kind not in _THEIRS


def whose_act(begun: Filing, events: Iterable[Recorded], about: int) -> AgencyCode:
    """The agency that had the filing just before the event `about`; if there is no such event, the present agency."""
    agency = begun.agency
    for recorded in events:
        if recorded.seq == about:
            return agency
        agency = recorded.event.to if isinstance(recorded.event, ev.PassedOn) else agency
    return agency


def _of_any_event(filing: Filing, complaints: Sequence[Complaint], claim: Claim, above: Above) -> Grounds:
    """The grounds that do not depend on the disputed event."""
    limits = filing.procedure.limits
    return Grounds(
        agency=above.first or filing.agency,
        complainants=() if claim.touched else _applicants_side(filing),
        side=tuple(sorted(on_the_applicants_side(filing))),
        represented_until=None if claim.touched else represented_until(filing),
        earlier=len(complaints),
        take_up=limits.take_up,
        answer=limits.complaint,
        longer=LONGER if limits.complaint == COMPLAINT else (),
        dialogue=limits.dialogue,
        reminder=limits.reminder,
        calendar=filing.calendar,
    )


def _applicants_side(filing: Filing) -> tuple[Actor, ...]:
    applicant, by = filing.applicant, filing.represented_by
    own = () if applicant is None else (Actor(subject=applicant.subject, role=Role.APPLICANT),)
    return own if by is None else (*own, Actor(subject=by, role=Role.REPRESENTATIVE))


def _known_at(found: _Turn, turns: Sequence[_Turn]) -> datetime | None:
    """The time at which the applicant received the act; None for a decision whose result was not handed over yet."""
    if not isinstance(found.recorded.event, ev.Decided):
        return found.recorded.at
    later = (turn.recorded for turn in turns if turn.recorded.seq > found.recorded.seq)
    told = next((one for one in later if one.event.kind in {"handed_over", "reopened"}), None)
    return None if told is None or isinstance(told.event, ev.Reopened) else told.at


def _within(known_at: datetime | None, limit: Limit, days: Calendar) -> dict[str, object]:
    """The time limit for a complaint as fields: start, length and end. Empty if the limit has not started."""
    if known_at is None:
        return {}
    return {"known_at": known_at, "within": limit, "until": working_time.applicant_due(known_at, limit, days)}


def _same(one: Complaint, claim: Claim) -> bool:
    """Whether a complaint has this claim's act and side: the applicant's side, or all other complainants together."""
    return one.about == claim.about and (one.touched is not None) is claim.touched


def _of_first(complaints: Iterable[Complaint], claim: Claim, above: Above, _: Calendar) -> dict[str, object]:
    """The grounds of a first complaint; `barred` if the applicant's side has an earlier one, open or answered."""
    states = {one.state for one in complaints if _same(one, claim) and not claim.touched}
    answered = "answered_already" if states & {*ANSWERED, ComplaintState.SUED} else None
    return {"higher": above.second, "barred": "disputed_already" if states & WAITS else answered}


def _of_second(complaints: Sequence[Complaint], claim: Claim, above: Above, days: Calendar) -> dict[str, object]:
    """The grounds of a second complaint: it goes to the next authority, after an answer or a missed limit (art. 33)."""
    first = _first(complaints, claim)
    if first is None:
        return {"barred": "no_first_complaint"}
    since = first.due if first.state in WAITS else first.sent_at
    said = {"known_at": None, "until": None} | _within(since, SECOND_REMOTE if first.remote else SECOND, days)
    barred = _hinders_second(first, {one.state for one in complaints if one.against == first.n}, above)
    if barred is not None:
        return {"barred": barred}
    return said | {"agency": above.second, "higher": above.third, "first": first.state}


def _first(complaints: Iterable[Complaint], claim: Claim) -> Complaint | None:
    """The first complaint that `claim` names; None unless it has the claim's act and side, and is open or answered."""
    named = (one for one in complaints if one.n == claim.against and one.against is None and _same(one, claim))
    return next((one for one in named if one.state in {*WAITS, *ANSWERED}), None)


def _hinders_second(first: Complaint, again: Collection[ComplaintState], above: Above) -> str | None:
    """The rule that prevents a second complaint now, if any. `again`: the states of earlier second complaints."""
    if above.second is None:
        return "no_higher_authority"
    if {*again} - {ComplaintState.NOT_TAKEN_UP, ComplaintState.WITHDRAWN}:
        return "second_already"
    return "not_answered_yet" if first.state in WAITS and not first.overdue else None


def _officer(found: _Turn) -> str | None:
    """The officer accountable for the act: its author, or the requester of the supplement that was not supplied."""
    event, actor = found.recorded.event, found.recorded.actor
    if isinstance(event, ev.SupplementExpired) and found.before.supplement is not None:
        return found.before.supplement.officer
    named: str | None = getattr(event, "officer", None)
    return named or (actor.subject if actor.role in OFFICERS else None)
