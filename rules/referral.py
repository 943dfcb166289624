"""The life of a part of a procedure that another agency decides (liên thông: Decree 61/2018 art. 19 k6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from rules.deadlines import due_on
from rules.evidence import Entry, Evidence
from rules.known import known
from rules.officers import claimable, claimed_by, other_hands, releasable, role_is, ungivable
from rules.time import working_time
from schemas import referral as rf
from schemas.backoffice import PartDecision
from schemas.errors import Problem, RefusalCode, RefusalError, problem, refused
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.ids import StreamId, filing_workflow
from schemas.people import Actor, Role
from schemas.publishing.calendar import Calendar
from schemas.referral import Referral, ReferralState
from schemas.stream.ledger import Recorded
from schemas.stream.rows import Rows, Standing, TaskRow

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
        case rf.AnswerByMachine(decision=decision) if _open(referral) and _complete(decision):
            return (rf.ReferralAnswered(automatic=True, **dict(decision)),)
        case rf.CancelReferral() if _open(referral):
            return (rf.ReferralCancelled(),)
        case rf.LookAtDeadline() if _open(referral) and (told := _told(referral, now)) is not None:
            return (told,)
        case _:
            raise _refused(problem("", "wrong_state", says="referral_has_ended"))


def _open(referral: Referral) -> bool:
    return referral.state is ReferralState.OPEN


def _told(referral: Referral, now: datetime) -> rf.ReferralReminded | rf.ReferralOverdue | None:
    """What the clock tells now. Once it is over, nobody is reminded any more."""
    due = known(referral.due)
    if not referral.overdue and now >= due:
        return rf.ReferralOverdue(due=due)
    rings = next_moment(referral)
    return rf.ReferralReminded(due=due) if rings is not None and now >= rings else None


def next_moment(referral: Referral) -> datetime | None:
    """When its clock tells something next."""
    if not _open(referral) or referral.overdue:
        return None
    return known(referral.due) if referral.reminded else min(known(referral.remind_at), known(referral.due))


def _on_another_calendar(referral: Referral, calendar: Calendar) -> rf.ReferralCalendarChanged:
    due = due_on(referral, calendar)
    since, limit = known(referral.since), known(referral.limit)
    reminded = working_time.remind_at(since, limit, due, known(referral.reminder), calendar)
    return rf.ReferralCalendarChanged(calendar=calendar.name, due=due, remind_at=reminded)


# What officers do.


def guard(referral: Referral, kind: str, actor: Actor, _: datetime) -> Problem | None:
    """Why `actor` can't do this now, or None: an officer of the agency that decides, and nobody else."""
    if not _open(referral):
        return problem("", "referral_ended")
    wrong = role_is(actor, *_ROLES[kind])
    return wrong or other_hands(referral, actor, referral.agency) or _not_yours(referral, kind, actor)


_ROLES: Final = {
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


# What becomes of it.


def evolve(referral: Referral, recorded: Recorded) -> Referral:
    """The referral after one event."""
    return referral.model_copy(update=_change(recorded) | {"seq": recorded.seq})


def _change(recorded: Recorded) -> dict[str, Any]:  # noqa: PLR0911 -- one line for each event
    match recorded.event:
        case rf.ReferralRequested() as event:
            kept = ("part", "lead", "dossier", "filed_by", "reminder", "remind_at", "limit", "since", "calendar", "due")
            return {name: getattr(event, name) for name in kept} | {"requested_at": recorded.at}
        case ev.Claimed(officer=officer):
            return {"officer": officer, "acting_for": None}
        case ev.Reassigned(officer=officer, acting_for=acting_for):
            return {"officer": officer, "acting_for": acting_for}
        case ev.Released():
            return {"officer": None, "acting_for": None}
        case rf.ReferralReminded():
            return {"reminded": True}
        case rf.ReferralOverdue():
            return {"overdue": True}
        case rf.ReferralAnswered() as event:
            decision = PartDecision.model_validate(event.model_dump(exclude={"kind", "automatic", "acting_for"}))
            return {"state": ReferralState.ANSWERED, "decision": decision}
        case rf.ReferralCancelled():
            return {"state": ReferralState.CANCELLED}
        case rf.ReferralCalendarChanged(calendar=calendar, due=due, remind_at=remind):
            return {"calendar": calendar, "due": due, "remind_at": remind}
        case _:
            msg = f"{recorded.event.kind} is no event of a referral"
            raise TypeError(msg)


_CLOSING: Final = ("handed_over", "withdrawn", "stopped", "intake_refused", "supplement_expired", "fee_expired")


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """What its filing must have recorded before another agency is asked, or nobody waits for it any more."""
    filing = filing_workflow(stream.filing)
    match event:
        case rf.ReferralRequested(n=n, part=part, agency=agency):
            return ((Entry(("referred",), {"n": n, "part": part, "agency": agency}, filing),),)
        case rf.ReferralCancelled():
            asked = Entry(("referred",), {"n": stream.n}, filing)
            return ((Entry(_CLOSING, stream=filing, after=asked),),)
        case _:
            return None


def standing(referral: Referral) -> Standing:
    """Where a referral stands. A filing waits to hear how it was answered."""
    answered = referral.state is ReferralState.ANSWERED
    return Standing(
        n=referral.n,
        calendar=referral.calendar,
        open=_open(referral),
        heard_as=("part_answered",) if answered else (),
    )


def rows(referral: Referral) -> Rows:
    """The tasks of a referral, in the queues of the agency that decides."""
    return Rows(tasks=tuple(_tasks(referral)) if _open(referral) else ())


def _tasks(referral: Referral) -> Iterator[TaskRow]:
    """Who decides; who was reminded, as long as it is not too late; and once it is, their team lead."""
    name = known(referral.part)
    yield _task(referral, name, Role.SPECIALIST)
    if referral.reminded and not referral.overdue:
        yield from (_task(referral, f"reminder:{name}", role) for role in (Role.SPECIALIST, Role.TEAM_LEAD))
    if referral.overdue:
        yield _task(referral, name, Role.TEAM_LEAD)


def _task(referral: Referral, name: str, role: Role) -> TaskRow:
    """What somebody in this role, or who has claimed it, can do."""
    claimer = referral.officer if role is Role.SPECIALIST else None
    actor = Actor(subject=claimer or " ", role=role, agency=referral.agency)
    actions = (kind for kind in _ROLES if guard(referral, kind, actor, known(referral.due)) is None)
    return TaskRow(
        name=name,
        agency=referral.agency,
        role=role,
        officer=claimer,
        acting_for=referral.acting_for if claimer else None,
        actions=tuple(actions),
        due_at=referral.due,
        overdue=referral.overdue,
    )


def view(referral: Referral) -> rf.ReferralView:
    """What a referral shows."""
    return rf.ReferralView(
        filing_id=referral.filing_id,
        n=referral.n,
        seq=referral.seq,
        part=known(referral.part),
        lead=known(referral.lead),
        agency=referral.agency,
        state=referral.state,
        due=known(referral.due),
        overdue=referral.overdue,
        officer=referral.officer,
        decision=referral.decision,
    )
