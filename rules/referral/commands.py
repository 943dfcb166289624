"""The rule of each command on a referral: only officers of the agency that decides the part may act."""

from datetime import datetime
from typing import Final

from rules.officers import claimable, claimed_by, other_hands, releasable, ungivable
from rules.referral.fold import is_open, next_moment
from rules.require import require
from rules.rule import SYSTEM, Rule, Rules, always, refuse, unexplained
from rules.time import working_time
from rules.time.working_time import due_on
from schemas.backoffice import PartDecision
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing.events import Claimed, Reassigned, Released
from schemas.people import Role
from schemas.referral import events as ev
from schemas.referral.commands import AnswerByMachine, AnswerPart, LookAtDeadline, RequestDecision
from schemas.referral.state import Referral

Events = tuple[ev.ReferralEvent, ...]


def _request(referral: Referral, command: RequestDecision, _: datetime) -> Events:
    return (ev.ReferralRequested.model_validate(dict(command.start)),) if referral.seq == 0 else ()


def _change_calendar(referral: Referral, command: cm.ChangeCalendar, _: datetime) -> Events:
    calendar = command.calendar
    if calendar.name == referral.calendar:
        return ()
    due = due_on(referral, calendar)
    since, limit = require(referral.since), require(referral.limit)
    reminded = working_time.remind_at(since, limit, due, require(referral.reminder), calendar)
    return (ev.ReferralCalendarChanged(calendar=calendar.name, due=due, remind_at=reminded),)


def _answer_by_machine(referral: Referral, command: AnswerByMachine, _: datetime) -> Events:
    decision = command.decision
    if decision is None or not is_open(referral) or _unexplained(decision):
        return ()
    return (ev.ReferralAnswered(automatic=True, **dict(decision)),)


def _look_at_deadline(referral: Referral, _: LookAtDeadline, now: datetime) -> Events:
    """The event of the timer that is due now: lateness, or before the due time a reminder; none if no timer is due."""
    if not is_open(referral):
        return ()
    due = require(referral.due)
    if not referral.overdue and now >= due:
        return (ev.ReferralOverdue(due=due),)
    moment = next_moment(referral)
    return (ev.ReferralReminded(due=due),) if moment is not None and now >= moment else ()


def _reassign(referral: Referral, command: cm.Reassign, _: datetime) -> Events:
    if (wrong := ungivable(referral, command.officer, command.acting_for)) is not None:
        raise refuse(wrong)
    return (Reassigned(officer=command.officer, role=Role.SPECIALIST, acting_for=command.acting_for),)


def _answer(referral: Referral, command: AnswerPart, _: datetime) -> Events:
    said = command.model_dump(include={"outcome", "reason", "legal_basis", "result"})
    decision = PartDecision(officer=command.actor.subject, **said)
    if wrong := _unexplained(decision):
        raise refuse(*wrong)
    return (ev.ReferralAnswered(acting_for=referral.acting_for, **dict(decision)),)


def _unexplained(decision: PartDecision) -> list[Problem]:
    return unexplained(decision.outcome, reason=decision.reason, legal_basis=decision.legal_basis)


RULES: Final[Rules[Referral]] = Rules(
    {
        "request_decision": Rule(SYSTEM, always, _request),
        "change_calendar": Rule(SYSTEM, always, _change_calendar),
        "answer_by_machine": Rule(SYSTEM, always, _answer_by_machine),
        "cancel_referral": Rule(
            SYSTEM, always, lambda referral, *_: (ev.ReferralCancelled(),) if is_open(referral) else ()
        ),
        "look_at_deadline": Rule(SYSTEM, always, _look_at_deadline),
        "claim": Rule(
            (Role.SPECIALIST,),
            lambda referral, actor, _: claimable(referral, actor),
            lambda _, command, __: (Claimed(officer=command.actor.subject),),
        ),
        "release": Rule(
            (Role.SPECIALIST, Role.TEAM_LEAD),
            lambda referral, actor, _: releasable(referral, actor),
            lambda *_: (Released(),),
        ),
        "reassign": Rule((Role.TEAM_LEAD,), always, _reassign),
        "answer_part": Rule((Role.SPECIALIST,), lambda referral, actor, _: claimed_by(referral, actor), _answer),
    },
    not_now=problem("", "wrong_state", says="referral_has_ended"),
    over=lambda referral: None if is_open(referral) else problem("", "referral_ended"),
    stranger=lambda referral, actor, _: other_hands(referral, actor, referral.agency),
)
