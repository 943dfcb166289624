"""The effect of each command on a referral."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rules.known import known
from rules.officers import claimable, claimed_by, other_hands, releasable, role_is, ungivable
from rules.referral.fold import is_open, next_moment
from rules.time import working_time
from rules.time.part import due_on
from schemas import referral as rf
from schemas.backoffice import PartDecision
from schemas.errors import Problem, RefusalCode, RefusalError, problem, refused
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.people import Actor, Role
from schemas.publishing.calendar import Calendar
from schemas.referral import Referral

Events = tuple[rf.ReferralEvent, ...]


def decide(referral: Referral, command: cm.Command, now: datetime) -> Events:
    """What `command` makes happen to a referral. Raises `RefusalError`."""
    if not isinstance(command, cm.SystemCommand):
        return _asked_by_an_officer(referral, command, now)
    match command:
        case rf.RequestDecision(start=start) if referral.seq == 0:
            return (rf.ReferralRequested.model_validate(dict(start)),)
        case cm.ChangeCalendar(calendar=calendar) if calendar.name != referral.calendar:
            return (_on_another_calendar(referral, calendar),)
        case rf.AnswerByMachine(decision=decision) if is_open(referral) and _complete(decision):
            return (rf.ReferralAnswered(automatic=True, **dict(decision)),)
        case rf.CancelReferral() if is_open(referral):
            return (rf.ReferralCancelled(),)
        case rf.LookAtDeadline() if is_open(referral) and (told := _told(referral, now)) is not None:
            return (told,)
        case _:
            raise _refused(problem("", "wrong_state", says="referral_has_ended"))


def _told(referral: Referral, now: datetime) -> rf.ReferralReminded | rf.ReferralOverdue | None:
    """What the clock tells now. Once it is over, nobody is reminded any more."""
    due = known(referral.due)
    if not referral.overdue and now >= due:
        return rf.ReferralOverdue(due=due)
    rings = next_moment(referral)
    return rf.ReferralReminded(due=due) if rings is not None and now >= rings else None


def _on_another_calendar(referral: Referral, calendar: Calendar) -> rf.ReferralCalendarChanged:
    due = due_on(referral, calendar)
    since, limit = known(referral.since), known(referral.limit)
    reminded = working_time.remind_at(since, limit, due, known(referral.reminder), calendar)
    return rf.ReferralCalendarChanged(calendar=calendar.name, due=due, remind_at=reminded)


def guard(referral: Referral, kind: str, actor: Actor, _: datetime) -> Problem | None:
    """Why `actor` can't do this now, or None: an officer of the agency that decides, and nobody else."""
    if not is_open(referral):
        return problem("", "referral_ended")
    wrong = role_is(actor, *ROLES[kind])
    return wrong or other_hands(referral, actor, referral.agency) or _not_yours(referral, kind, actor)


ROLES: Final = {
    "claim": (Role.SPECIALIST,),
    "release": (Role.SPECIALIST, Role.TEAM_LEAD),
    "reassign": (Role.TEAM_LEAD,),
    "answer_part": (Role.SPECIALIST,),
}


def _not_yours(referral: Referral, kind: str, actor: Actor) -> Problem | None:
    match kind:
        case "claim":
            return claimable(referral, actor)
        case "release":
            return releasable(referral, actor)
        case "answer_part":
            return claimed_by(referral, actor)
    return None


def _asked_by_an_officer(referral: Referral, command: cm.Command, now: datetime) -> Events:
    if (why := guard(referral, command.kind, command.actor, now)) is not None:
        raise _refused(why)
    match command:
        case cm.Claim():
            return (ev.Claimed(officer=command.actor.subject),)
        case cm.Release():
            return (ev.Released(),)
        case cm.Reassign():
            return (_reassigned(referral, command),)
        case rf.AnswerPart():
            return (_answered(referral, command),)
    raise TypeError(command.kind)


def _reassigned(referral: Referral, command: cm.Reassign) -> ev.Reassigned:
    wrong = ungivable(referral, command.officer, command.acting_for)
    if wrong is not None:
        raise _refused(wrong)
    return ev.Reassigned(officer=command.officer, role=Role.SPECIALIST, acting_for=command.acting_for)


def _answered(referral: Referral, command: rf.AnswerPart) -> rf.ReferralAnswered:
    said = command.model_dump(include={"outcome", "reason", "legal_basis", "result"})
    decision = PartDecision(officer=command.actor.subject, **said)
    if not _complete(decision):
        missing = [name for name in _NEEDED if getattr(decision, name) is None]
        raise _refused(*(problem(name, f"{name}_required", says=f"refusal_needs.{name}") for name in missing))
    return rf.ReferralAnswered(acting_for=referral.acting_for, **dict(decision))


def _complete(decision: PartDecision) -> bool:
    """A refusal says why, and by what law."""
    return decision.outcome is ev.Outcome.APPROVED or None not in {decision.reason, decision.legal_basis}


_NEEDED: Final = ("reason", "legal_basis")


def _refused(*problems: Problem) -> RefusalError:
    return refused(RefusalCode.NOT_ALLOWED, *problems)
