"""The rule of each command on a complaint; the admission of a complaint. Nobody decides about their own act."""

from datetime import datetime
from typing import Final

from rules.complaint.fold import WAITS, next_timer, undoes
from rules.complaint.grounds import ACTS
from rules.filing.reopening import UNDONE
from rules.filing.submission.representation import over
from rules.officers import not_in_whose_place
from rules.require import require
from rules.rule import ANYBODY, SYSTEM, Rule, Rules, always, refuse
from rules.time.working_time import VIETNAM
from schemas.complaint import events as ev
from schemas.complaint.commands import AnswerComplaint, Complain, RingComplaint, SettleUpheld
from schemas.complaint.state import INTAKE, OPENING, Complaint, ComplaintOutcome, Grounds
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing.events import Claimed, Moment, Reassigned, Released
from schemas.people import OFFICERS, Actor, Role
from schemas.translate import joined, said

Events = tuple[ev.ComplaintEvent, ...]

_UNSIGNED: Final = problem("document", "signed_complaint_required")
_ENDED: Final = problem("", "complaint_ended")


def _admit(complaint: Complaint, command: Complain, now: datetime) -> Events:
    """The event that records the complaint. Raises `RefusalError` with every reason."""
    start, found = command.start, command.grounds
    follows = found.earlier + 1
    not_next = None if complaint.n == follows else problem("n", "not_the_next", follows=follows)
    wrong = [why for why in (_not_theirs(command, now), _inadmissible(found, now), not_next) if why]
    if wrong or found.act is None:
        raise refuse(*wrong)
    recorded = ev.Complained(
        n=start.n,
        about=start.about,
        words=start.words,
        document=start.document,
        act=found.act,
        officer=found.officer,
        step=found.step,
        steps=found.steps,
        take_up=found.take_up,
        answer=found.answer,
        reminder=found.reminder,
        days=found.calendar,
        side=found.side,
        represented_until=found.represented_until,
    )
    return (recorded,)


def _not_theirs(command: Complain, now: datetime) -> Problem | None:
    """Refuses everybody except the applicant, their representative, and the agency's desk with a signed complaint."""
    actor, found = command.start.actor, command.grounds
    if actor.role is Role.RECEPTION and actor.agency == found.agency and actor.subject not in found.side:
        return None if command.start.document else _UNSIGNED
    if (actor.role, actor.subject) in {(one.role, one.subject) for one in found.complainants}:
        return over(actor, found.represented_until, now)
    return problem("actor", "not_the_complainant", says="only_the_applicants_side_complains")


def _inadmissible(found: Grounds, now: datetime) -> Problem | None:
    if found.act is None:
        acts = joined(said("act_and_its_article", act=act.name, article=act.article) for act in ACTS.values())
        return problem("about", "nothing_to_complain_about", acts=acts)
    if found.until is None:
        return problem("about", "no_notice_yet")
    if now > found.until:
        return problem("about", "too_late", says="too_late_to_complain", day=found.until.astimezone(VIETNAM))
    return problem("about", "disputed_already") if found.disputed else None


# By the system.


def _ring(complaint: Complaint, command: RingComplaint, now: datetime) -> Events:
    timer = next_timer(complaint)
    if timer is None or timer.moment is not command.moment or now < timer.due:
        raise refuse(problem("moment", "not_due"))
    due = require(complaint.due)
    reminder = command.moment is Moment.REMINDER
    return (ev.ComplaintReminded(due=due) if reminder else ev.ComplaintOverdue(due=due),)


def _settle_upheld(complaint: Complaint, command: SettleUpheld, _: datetime) -> Events:
    return (ev.ComplaintSettled(reopened=command.reopened),) if undoes(complaint) else ()


def _change_calendar(complaint: Complaint, command: cm.ChangeCalendar, _: datetime) -> Events:
    if complaint.state not in WAITS:
        return ()
    if command.calendar == complaint.days:
        raise refuse(problem("calendar", "in_force"))
    return (ev.ComplaintCalendarChanged(days=command.calendar),)


# By people.


def _stranger(complaint: Complaint, actor: Actor, now: datetime) -> Problem | None:
    if actor.role in OFFICERS:
        wrong = problem("actor.agency", "other_agency", says="other_agencys_complaint")
        return None if actor.agency == complaint.agency else wrong
    if actor.subject in complaint.side:
        return over(actor, complaint.represented_until, now)
    return problem("actor.subject", "not_the_complainant")


def _claimable(complaint: Complaint, actor: Actor, now: datetime) -> Problem | None:
    claimed = problem("", "claimed_already") if complaint.answerer == actor.subject else None
    return _not_for_this_leader(complaint, actor, now) or claimed


def _claimed(complaint: Complaint, actor: Actor, now: datetime) -> Problem | None:
    if complaint.answerer is None:
        return problem("", "not_claimed", says="complaint_not_taken")
    return _not_for_this_leader(complaint, actor, now)


def _not_for_this_leader(complaint: Complaint, actor: Actor, _: datetime) -> Problem | None:
    if actor.role is not Role.LEADER:
        return None
    if partial(complaint, actor.subject):
        return problem("actor.subject", "four_eyes", says="complaint_four_eyes")
    other = complaint.answerer not in {None, actor.subject}
    return problem("", "claimed_by_other") if other else None


def partial(complaint: Complaint, subject: str) -> bool:
    """Whether this person did the disputed act, or is on the complainant's side."""
    return subject == complaint.officer or subject in complaint.side


def _reassign(complaint: Complaint, command: cm.Reassign, _: datetime) -> Events:
    if command.officer == complaint.answerer or partial(complaint, command.officer):
        raise refuse(problem("officer", "four_eyes", says="complaint_not_given"))
    if (wrong := not_in_whose_place(complaint.whose_task, command.officer, command.acting_for)) is not None:
        raise refuse(wrong)
    return (Reassigned(officer=command.officer, role=Role.LEADER, acting_for=command.acting_for),)


def _answer(complaint: Complaint, command: AnswerComplaint, _: datetime) -> Events:
    upheld = command.outcome is ComplaintOutcome.UPHELD and complaint.act in UNDONE
    open_to_it = (INTAKE, *complaint.steps) if upheld else ()
    if command.start_at is not None and command.start_at not in open_to_it:
        raise refuse(problem("start_at", "no_such_place", names=", ".join(open_to_it) or "–"))
    place = command.start_at or complaint.step or INTAKE
    return (
        ev.ComplaintAnswered(
            about=complaint.about,
            outcome=command.outcome,
            officer=command.actor.subject,
            acting_for=complaint.acting_for,
            step=place if upheld and place in complaint.steps else None,
            reason=command.reason,
            legal_basis=command.legal_basis,
        ),
    )


def _withdraw(_: Complaint, command: cm.Withdraw, __: datetime) -> Events:
    if command.actor.role is Role.RECEPTION and command.request is None:
        raise refuse(_UNSIGNED.model_copy(update={"field": "request"}))
    return (ev.ComplaintWithdrawn(reason=command.reason, request=command.request),)


RULES: Final[Rules[Complaint]] = Rules(
    {
        OPENING: Rule(ANYBODY, always, _admit),
        "ring_complaint": Rule(SYSTEM, always, _ring),
        "settle_upheld": Rule(SYSTEM, always, _settle_upheld),
        "change_calendar": Rule(SYSTEM, always, _change_calendar),
        "claim": Rule((Role.LEADER,), _claimable, lambda _, command, __: (Claimed(officer=command.actor.subject),)),
        "release": Rule((Role.LEADER, Role.TEAM_LEAD), _claimed, lambda *_: (Released(),)),
        "reassign": Rule((Role.TEAM_LEAD,), always, _reassign),
        "answer_complaint": Rule((Role.LEADER,), _claimed, _answer),
        "withdraw": Rule((Role.APPLICANT, Role.REPRESENTATIVE, Role.RECEPTION), always, _withdraw),
    },
    not_now=_ENDED,
    over=lambda complaint: None if complaint.state in WAITS else _ENDED,
    stranger=_stranger,
)
