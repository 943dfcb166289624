"""The rule of each command on a complaint. The agency's head answers all complaints, even about the head's own act."""

from datetime import datetime
from functools import partial
from typing import Any, Final

from rules.complaint.admission import UNSIGNED, admit
from rules.complaint.fold import WAITS, next_timer, undoes, unsent
from rules.filing.reopening import UNDONE
from rules.filing.submission.representation import over
from rules.officers import not_in_whose_place
from rules.require import require
from rules.rule import ANYBODY, SYSTEM, Rule, Rules, When, always, refuse
from rules.time.working_time import due, local_day
from schemas.complaint import events as ev
from schemas.complaint.commands import (
    AnswerComplaint,
    InviteToDialogue,
    LiftStay,
    NotTakeUp,
    RecordDialogue,
    ReportSuit,
    RingComplaint,
    SendAnswer,
    SettleUpheld,
    StayAct,
    TakeUp,
    VerifyComplaint,
)
from schemas.complaint.state import INTAKE, OPENING, Complaint, ComplaintOutcome, ComplaintState
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing.events import Claimed, Moment, Reassigned, Released
from schemas.people import OFFICERS, Actor, Role

Events = tuple[ev.ComplaintEvent, ...]

_ENDED: Final = problem("", "complaint_ended")


# By the system.


def _ring(complaint: Complaint, command: RingComplaint, now: datetime) -> Events:
    timer = next_timer(complaint)
    if timer is None or timer.moment is not command.moment or now < timer.due:
        raise refuse(problem("moment", "not_due"))
    if command.moment is Moment.REMINDER:
        return (ev.ComplaintReminded(due=require(complaint.due)),)
    return (*_stay_ends(complaint), ev.ComplaintOverdue(due=require(complaint.due)))


def _stay_ends(complaint: Complaint) -> Events:
    """The event that ends a stay of the act when the complaint, or the time to answer it, ends; none without a stay."""
    return (ev.StayEnded(stay=complaint.stays),) if complaint.stayed else ()


def _settle_upheld(complaint: Complaint, command: SettleUpheld, _: datetime) -> Events:
    return (ev.ComplaintSettled(reopened=command.reopened),) if undoes(complaint) else ()


def _change_calendar(complaint: Complaint, command: cm.ChangeCalendar, _: datetime) -> Events:
    if complaint.due is None:
        return ()
    if command.calendar == complaint.days:
        raise refuse(problem("calendar", "in_force"))
    return (ev.ComplaintCalendarChanged(days=command.calendar),)


# By people.


def _stranger(complaint: Complaint, actor: Actor, now: datetime) -> Problem | None:
    if actor.role in OFFICERS:
        if actor.agency != complaint.agency:
            return problem("actor.agency", "other_agency", says="other_agencys_complaint")
        beside = actor.subject in complaint.side
        return problem("actor.subject", "own_filing", says="complaint_on_the_side") if beside else None
    if complaint.touched is None and actor.subject in complaint.side:
        return over(actor, complaint.represented_until, now)
    return problem("actor.subject", "not_the_complainant")


def _in(state: ComplaintState, *checks: When[Complaint]) -> When[Complaint]:
    """The condition that the complaint is in this state, and that each of `checks` holds, in this order."""

    def when(complaint: Complaint, actor: Actor, now: datetime) -> Problem | None:
        if complaint.state is not state:
            return problem("", "wrong_state", says=f"complaint_is.{state}")
        return next(filter(None, (check(complaint, actor, now) for check in checks)), None)

    return when


def _unanswered(complaint: Complaint, _: Actor, __: datetime) -> Problem | None:
    return None if complaint.state in WAITS else _ENDED


def _claimable(complaint: Complaint, actor: Actor, now: datetime) -> Problem | None:
    if complaint.answerer == actor.subject:
        return problem("", "claimed_already")
    return _unanswered(complaint, actor, now) or _another_has_it(complaint, actor)


def _claimed(complaint: Complaint, actor: Actor, now: datetime) -> Problem | None:
    if complaint.answerer is None:
        return problem("", "not_claimed", says="complaint_not_taken")
    return _unanswered(complaint, actor, now) or _another_has_it(complaint, actor)


def _another_has_it(complaint: Complaint, actor: Actor) -> Problem | None:
    mine = actor.role is not Role.LEADER or complaint.answerer in {None, actor.subject}
    return None if mine else problem("", "claimed_by_other")


def _verifiable(complaint: Complaint, actor: Actor, _: datetime) -> Problem | None:
    """Refuses the author of the disputed act, since another officer verifies the complaint (art. 29)."""
    author = actor.subject == complaint.officer
    return problem("actor.subject", "four_eyes", says="complaint_verified_by_another") if author else None


def _dialogue_is_now(complaint: Complaint, _: Actor, now: datetime) -> Problem | None:
    if complaint.dialogue_at is None or complaint.dialogue is not None:
        return problem("", "not_invited")
    return None if complaint.dialogue_at <= now else problem("", "not_due", says="dialogue_to_come")


def _staying(*, stayed: bool) -> When[Complaint]:
    """The condition that the act is stopped now; if `stayed` is false, that it is not stopped."""
    wrong = problem("", "wrong_state", says="act_not_stayed" if stayed else "act_stayed_already")
    return lambda complaint, _, __: None if complaint.stayed is stayed else wrong


def _in_time(complaint: Complaint, _: Actor, now: datetime) -> Problem | None:
    return problem("", "limit_over") if require(complaint.due) <= now else None


def decidable_by(complaint: Complaint, leader: str | None) -> Problem | None:
    """Why this leader can't decide the complaint, although they have taken it up; None if they can.

    A leader may decide about an own act only after another officer has verified the complaint, and about a second
    complaint only after a dialogue (Decree 155/2026 art. 11).
    """
    if leader == complaint.officer and complaint.verified is None:
        return problem("", "not_verified")
    if complaint.against is not None and complaint.dialogue is None:
        return problem("", "dialogue_required")
    return None


def _sendable(complaint: Complaint, _: Actor, __: datetime) -> Problem | None:
    return None if unsent(complaint) else problem("", "wrong_state", says="no_answer_to_send")


def _by(complaint: Complaint, command: cm.Command) -> dict[str, Any]:
    return {"officer": command.actor.subject, "acting_for": complaint.acting_for}


def _reassign(complaint: Complaint, command: cm.Reassign, _: datetime) -> Events:
    if command.officer == complaint.answerer or command.officer in complaint.side:
        raise refuse(problem("officer", "four_eyes", says="complaint_not_given"))
    if (wrong := not_in_whose_place(complaint.whose_task, command.officer, command.acting_for)) is not None:
        raise refuse(wrong)
    return (Reassigned(officer=command.officer, role=Role.LEADER, acting_for=command.acting_for),)


def _verify(_: Complaint, command: VerifyComplaint, __: datetime) -> Events:
    return (ev.ComplaintVerified(officer=command.actor.subject, findings=command.findings),)


def _take_up(complaint: Complaint, command: TakeUp, _: datetime) -> Events:
    steps = sum((complaint.against is not None, command.complex is not None, command.remote))
    limits = (require(complaint.answer), *complaint.longer)
    limit = limits[min(steps, len(limits) - 1)]
    said = {"remote": command.remote, "complex": command.complex}
    return (ev.ComplaintTakenUp(limit=limit, **said, **_by(complaint, command)),)


def _not_take_up(complaint: Complaint, command: NotTakeUp, _: datetime) -> Events:
    return (ev.ComplaintNotTakenUp(ground=command.ground, reason=command.reason, **_by(complaint, command)),)


def _invite(complaint: Complaint, command: InviteToDialogue, now: datetime) -> Events:
    if command.at < due(now, complaint.dialogue_notice, require(complaint.days)):
        raise refuse(problem("at", "invited_too_late", limit=complaint.dialogue_notice.words))
    said = command.model_dump(include={"at", "place", "topics"})
    return (ev.DialogueCalled(**said, **_by(complaint, command)),)


def _record_dialogue(complaint: Complaint, command: RecordDialogue, _: datetime) -> Events:
    said = command.model_dump(include={"attended", "minutes"})
    return (ev.DialogueHeld(**said, **_by(complaint, command)),)


def _stay(complaint: Complaint, command: StayAct, _: datetime) -> Events:
    limit = {"until": require(complaint.due), "since": complaint.since, "limit": complaint.limit}
    said = {"stay": complaint.stays + 1, "reason": command.reason}
    return (ev.ActStayed(**limit, **said, **_by(complaint, command)),)


def _lift(complaint: Complaint, command: LiftStay, _: datetime) -> Events:
    lifted = ev.StayLifted(reason=command.reason, **_by(complaint, command))
    return (lifted, *_stay_ends(complaint))


def _answer(complaint: Complaint, command: AnswerComplaint, _: datetime) -> Events:
    upheld = command.outcome is not ComplaintOutcome.REJECTED and complaint.act in UNDONE
    open_to_it = (INTAKE, *complaint.steps) if upheld else ()
    if command.start_at is not None and command.start_at not in open_to_it:
        raise refuse(problem("start_at", "no_such_place", names=", ".join(open_to_it) or "–"))
    place = command.start_at or complaint.step or INTAKE
    answered = ev.ComplaintAnswered(
        about=complaint.about,
        outcome=command.outcome,
        step=place if upheld and place in complaint.steps else None,
        reason=command.reason,
        legal_basis=command.legal_basis,
        **_by(complaint, command),
    )
    return (*_stay_ends(complaint), answered)


def _send(_: Complaint, command: SendAnswer, __: datetime) -> Events:
    return (ev.AnswerSent(officer=command.actor.subject, how=command.how),)


def _withdraw(complaint: Complaint, command: cm.Withdraw, __: datetime) -> Events:
    if command.actor.role is Role.RECEPTION and command.request is None:
        raise refuse(UNSIGNED.model_copy(update={"field": "request"}))
    return (*_stay_ends(complaint), ev.ComplaintWithdrawn(reason=command.reason, request=command.request))


def _sue(complaint: Complaint, command: ReportSuit, now: datetime) -> Events:
    if command.actor.role is Role.RECEPTION and command.document is None:
        raise refuse(UNSIGNED)
    if command.day > local_day(now):
        raise refuse(problem("day", "in_the_future"))
    sued = ev.SuitReported(court=command.court, day=command.day, document=command.document)
    return (*_stay_ends(complaint), sued)


_SIDE: Final = (Role.APPLICANT, Role.REPRESENTATIVE, Role.RECEPTION)
_VERIFYING: Final = (Role.SPECIALIST, Role.RECEPTION, Role.CLERK, Role.LEADER)
_RECORDED: Final = _in(ComplaintState.RECORDED, _claimed)
_TAKEN_UP: Final = partial(_in, ComplaintState.TAKEN_UP, _claimed)

RULES: Final[Rules[Complaint]] = Rules(
    {
        OPENING: Rule(ANYBODY, always, admit),
        "ring_complaint": Rule(SYSTEM, always, _ring),
        "settle_upheld": Rule(SYSTEM, always, _settle_upheld),
        "change_calendar": Rule(SYSTEM, always, _change_calendar),
        "claim": Rule((Role.LEADER,), _claimable, lambda _, command, __: (Claimed(officer=command.actor.subject),)),
        "release": Rule((Role.LEADER, Role.TEAM_LEAD), _claimed, lambda *_: (Released(),)),
        "reassign": Rule((Role.TEAM_LEAD,), _unanswered, _reassign),
        "take_up": Rule((Role.LEADER,), _RECORDED, _take_up),
        "not_take_up": Rule((Role.LEADER,), _RECORDED, _not_take_up),
        "verify_complaint": Rule(_VERIFYING, _in(ComplaintState.TAKEN_UP, _verifiable), _verify),
        "invite_to_dialogue": Rule((Role.LEADER,), _TAKEN_UP(), _invite),
        "record_dialogue": Rule((Role.LEADER,), _TAKEN_UP(_dialogue_is_now), _record_dialogue),
        "stay_act": Rule((Role.LEADER,), _TAKEN_UP(_staying(stayed=False), _in_time), _stay),
        "lift_stay": Rule((Role.LEADER,), _TAKEN_UP(_staying(stayed=True)), _lift),
        "answer_complaint": Rule(
            (Role.LEADER,), _TAKEN_UP(lambda complaint, actor, _: decidable_by(complaint, actor.subject)), _answer
        ),
        "send_answer": Rule((Role.CLERK, Role.LEADER, Role.RECEPTION, Role.TEAM_LEAD), _sendable, _send),
        "withdraw": Rule(_SIDE, _unanswered, _withdraw),
        "report_suit": Rule(_SIDE, _unanswered, _sue),
    },
    not_now=_ENDED,
    over=lambda complaint: None if complaint.state in WAITS or unsent(complaint) else _ENDED,
    stranger=_stranger,
)
