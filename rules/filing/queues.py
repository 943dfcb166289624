"""The guards of commands, which pages and the append both use; the agencies that may act; tasks and timers."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from rules.filing.clocks import moments, more_time_open, silence_has_approved
from rules.filing.commands import RULES
from rules.filing.commands.reports import ASKED_AT
from rules.filing.fees.assessment import approvers
from rules.filing.fold import current_step, stage, task_role
from rules.filing.permission import who_requests
from rules.filing.submission.representation import not_represented
from rules.officers import other_hands
from rules.require import require
from schemas.base import AgencyCode
from schemas.errors import Problem, problem
from schemas.filing.commands import PUBLIC_COMMANDS
from schemas.filing.events import Clock
from schemas.filing.state import ClockState, Filing, Stage, Task, Timer
from schemas.people import OFFICERS, SYSTEM, Actor, Role
from schemas.translate import deadline

PUBLIC_KINDS: Final[tuple[str, ...]] = tuple(command.model_fields["kind"].default for command in PUBLIC_COMMANDS)
_AFTER_THE_END: Final = frozenset({"settle_complaint", "revoke_refusal"})
"""The commands that are possible after a filing has ended: they open the filing again."""
_OF_NO_TASK: Final = frozenset(
    {
        *("recuse", "pass_on", "correct_applicant", "revoke_mandate", "name_representative"),
        *("record_cessation", "revoke_cessation"),
    }
)
_OFFERED: Final = tuple(kind for kind in PUBLIC_KINDS if kind not in _OF_NO_TASK)


def check(filing: Filing, kind: str, actor: Actor, now: datetime) -> Problem | None:
    """Why `actor` can't give this command now; None if `actor` can."""
    if filing.closed and kind not in _AFTER_THE_END:
        return problem("", "filing_closed")
    stranger = None if kind == "submit" else access_problem(filing, actor, now)
    late = stranger or _too_late(filing, actor, now)
    return late or _waits(filing, kind, actor) or RULES[kind].forbids(filing, actor, now)


def allowed(filing: Filing, actor: Actor, now: datetime, kinds: Iterable[str] = PUBLIC_KINDS) -> tuple[str, ...]:
    """The commands of these kinds that `actor` can give now."""
    if access_problem(filing, actor, now) is not None or _too_late(filing, actor, now) is not None:
        return ()
    kinds = (kind for kind in kinds if kind in _AFTER_THE_END) if filing.closed else kinds
    open_now = (kind for kind in kinds if _waits(filing, kind, actor) is None)
    return tuple(kind for kind in open_now if RULES[kind].forbids(filing, actor, now) is None)


_WHILE_STAYED: Final = frozenset(
    {"withdraw", "revoke_mandate", "name_representative", "record_cessation", "revoke_cessation", "succeed"}
    | {"correct_applicant", "answer", "recuse", "pass_on", "transfer_dossier", "receive_dossier"}
)
"""The commands that people may give while a complaint stops the disputed act."""

_WHILE_WAITING: Final = frozenset(
    {
        *("record_cessation", "revoke_cessation", "succeed"),
        *("recuse", "pass_on", "transfer_dossier", "receive_dossier"),
    }
)
"""The commands that people may give while a successor is awaited; `record_cessation` has its own refusal then."""


def _waits(filing: Filing, kind: str, actor: Actor) -> Problem | None:
    """Refuses people's commands that may not be given during a stay, or during the wait for a successor."""
    if actor.role is Role.SYSTEM:
        return None
    if filing.stays and kind not in _WHILE_STAYED:
        by, until = filing.stays[-1].complaint, deadline(filing.clocks[Clock.STAY].due)
        return problem("", "stayed", says="stayed_by_complaint", n=by, until=until)
    waits = filing.ceased and kind not in _WHILE_WAITING
    return problem("", "applicant_ceased") if waits else None


def _too_late(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    """Refuses an officer's command once silence has approved the filing."""
    late = actor.role in OFFICERS and silence_has_approved(filing, now)
    return problem("", "silence_has_approved") if late else None


def access_problem(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    """Refuses an actor who is neither applicant, nor representative, nor officer of the filing; None otherwise."""
    if actor.role in OFFICERS:
        recused = f"{actor.agency} {actor.subject}" in filing.recused
        own = problem("actor.subject", "own_filing") if recused else None
        return other_hands(filing, actor, *agencies(filing, actor.role)) or own
    if actor.role is Role.APPLICANT and (filing.applicant is None or actor.subject != filing.applicant.subject):
        return problem("actor.subject", "not_the_applicant")
    return not_represented(filing, actor, now)


def agencies(filing: Filing, role: Role) -> tuple[AgencyCode, ...]:
    """The agencies whose officers in this role may act on the filing now; the first agency has it in its queue.

    The receiving desk accepts the filing, and may act on the applicant's behalf afterwards.
    """
    taken_in = filing.accepted_at is not None
    match role:
        case Role.RECEPTION:
            return (filing.receiving, filing.agency) if taken_in else (filing.receiving,)
        case Role.CASHIER:
            return (filing.receiving, filing.agency)
        case Role.HANDOVER:
            return (filing.returning,)
        case Role.TEAM_LEAD:
            return (filing.agency,) if taken_in else (filing.receiving,)
        case _:
            return (filing.agency,)


def timers(filing: Filing) -> list[Timer]:
    """The timers of all clocks, in order."""
    if filing.closed:
        return []
    found = (timer for state in filing.clocks.values() for timer in moments(filing, state))
    return sorted(found, key=lambda timer: (timer.due, timer.clock))


def next_timer(filing: Filing) -> Timer | None:
    """The first timer of all clocks; None if no clock has one."""
    return next(iter(timers(filing)), None)


def tasks(filing: Filing, now: datetime) -> list[Task]:
    """The tasks of the filing, each in its queue with its possible commands. An open filing always has a task."""
    if filing.seq == 0 or filing.closed:
        return []
    found = [_task(filing, role, now) for role in _queues(filing)]
    doable = [task for task in found if task.actions or task.role is Role.TEAM_LEAD]
    return (doable or found) + _dossier(filing, now) + _notices(filing, now)


def _notices(filing: Filing, now: datetime) -> list[Task]:
    """The tasks that are only notices: of running clocks, early results, a failing back office, late referred parts."""
    told = [
        notice for state in filing.clocks.values() if not state.paused for notice in _clock_notices(filing, state, now)
    ]
    early = [_notice(filing, "finished_early", Role.HANDOVER)] if filing.early else []
    work = filing.machine_failing
    awaited = work is not None and stage(filing) is ASKED_AT[work]
    failing = [_notice(filing, f"machine_work:{work}", Role.TEAM_LEAD)] if awaited else []
    lead: dict[str, Any] = {"agency": filing.agency, "role": Role.TEAM_LEAD, "actions": (), "overdue": True}
    late = [part for part in filing.parts_under_way if part.overdue]
    return (
        told
        + early
        + failing
        + _late_intake(filing, now)
        + [Task(name=f"part_overdue:{part.code}", due=part.due, **lead) for part in late]
    )


def _late_intake(filing: Filing, now: datetime) -> list[Task]:
    """The leader's task to apologise for a late intake; none if that can't be done now, or was done."""
    owed = Clock.INTAKE in filing.overdue and not filing.intake_apologised
    can = owed and check(filing, "apologise", _someone(filing, Role.LEADER), now) is None
    return [_notice(filing, "apology:intake", Role.LEADER, "apologise", overdue=True)] if can else []


def _notice(filing: Filing, name: str, role: Role, *actions: str, **more: Any) -> Task:
    return Task(name=name, agency=agencies(filing, role)[0], role=role, actions=actions, **more)


def _dossier(filing: Filing, now: datetime) -> list[Task]:
    """The tasks to send papers from another agency's desk, and to receive them at the deciding agency."""
    clock = filing.clocks.get(Clock.TRANSFER)
    if clock is None:
        return []
    where = {
        "transfer_dossier": (filing.receiving, filing.at_desk),
        "receive_dossier": (filing.agency, filing.under_way),
    }
    return [
        Task(
            name="dossier",
            agency=agency,
            role=Role.RECEPTION,
            actions=allowed(filing, Actor(subject=_ANYONE, role=Role.RECEPTION, agency=agency), now, (kind,)),
            due=clock.due,
            overdue=clock.overdue,
        )
        for kind, (agency, papers) in where.items()
        if papers
    ]


def _clock_notices(filing: Filing, state: ClockState, now: datetime) -> list[Task]:
    told: list[Task] = []
    limit = {"due": state.due, "overdue": state.overdue}
    if state.reminded_at and not state.overdue:
        name = f"reminder:{state.clock}"
        told += [_notice(filing, name, role, **limit, **_claim(filing, role)) for role in _reminded(filing, state)]
    if state.apologised_at and state.clock is Clock.PROCESSING:
        leader = _someone(filing, Role.LEADER)
        actions = (kind for kind in ("reappoint", "apologise") if check(filing, kind, leader, now) is None)
        told.append(_notice(filing, "apology:processing", Role.LEADER, *actions, **limit))
    return told


def _reminded(filing: Filing, state: ClockState) -> Iterable[Role]:
    if state.clock in {Clock.PAYMENT, Clock.PICKUP}:
        return (Role.APPLICANT,)
    officers = [task_role(filing)] if stage(filing) in _CLAIMABLE else []
    return dict.fromkeys((*officers, Role.LEADER))


def _queues(filing: Filing) -> list[Role]:
    late = [Role.TEAM_LEAD] if any(state.overdue for state in filing.clocks.values()) else []
    step = current_step(filing)
    at_step = [] if step is None else [step.role]
    reading = filing.clocks.get(Clock.READING)
    unread = reading is not None and reading.overdue
    by_stage: dict[Stage, list[Role]] = {
        Stage.INTAKE: [Role.RECEPTION],
        Stage.SUPPLEMENT: [Role.APPLICANT, Role.RECEPTION, *(who_requests(filing) if more_time_open(filing) else ())],
        Stage.FEE: [Role.CASHIER, *approvers(filing, require(filing.changed_at))],
        Stage.SUSPENDED: [Role.LEADER],
        Stage.OBLIGATION: [*at_step, Role.CASHIER],
        Stage.CONFIRMATION: [Role.APPLICANT, Role.RECEPTION],
        Stage.REVIEW: at_step,
        Stage.ISSUE: [Role.SYSTEM],
        Stage.DELIVERY: [Role.SYSTEM],
        Stage.READING: [Role.APPLICANT, *([Role.HANDOVER] if unread else [])],
        Stage.PICKUP: [Role.HANDOVER],
        Stage.SUCCESSION: [Role.SYSTEM if filing.procedure.succession is None else Role.RECEPTION],
        Stage.STAYED: [Role.LEADER],
    }
    return list(dict.fromkeys([*by_stage[stage(filing)], *_question_roles(filing), *late]))


def _question_roles(filing: Filing) -> list[Role]:
    """The applicant's role, if a question to the applicant is open and nothing stops the filing; else no role."""
    stands = stage(filing) in {Stage.SUCCESSION, Stage.STAYED}
    return [] if stands or all(one.answer is not None for one in filing.questions) else [Role.APPLICANT]


def _task(filing: Filing, role: Role, now: datetime) -> Task:
    step = current_step(filing)
    clock = filing.clocks.get(STAGE_CLOCK[stage(filing)])
    limit = {"due": clock.due, "overdue": clock.overdue} if clock else {}
    actions = possible(filing, _someone(filing, role), now)
    return _notice(filing, step.code if step else stage(filing), role, *actions, **limit, **_claim(filing, role))


STAGE_CLOCK: Final = {
    Stage.INTAKE: Clock.INTAKE,
    Stage.SUPPLEMENT: Clock.SUPPLEMENT,
    Stage.FEE: Clock.PAYMENT,
    Stage.SUSPENDED: Clock.SUSPENSION,
    Stage.OBLIGATION: Clock.OBLIGATION,
    Stage.CONFIRMATION: Clock.CONFIRMATION,
    Stage.REVIEW: Clock.STEP,
    Stage.ISSUE: Clock.ISSUE,
    Stage.DELIVERY: Clock.DELIVERY,
    Stage.READING: Clock.READING,
    Stage.PICKUP: Clock.PICKUP,
    Stage.SUCCESSION: Clock.SUCCESSION,
    Stage.STAYED: Clock.STAY,
}

_CLAIMABLE: Final = frozenset({Stage.INTAKE, Stage.REVIEW, Stage.OBLIGATION})

_ANYONE: Final = " "


def _someone(filing: Filing, role: Role) -> Actor:
    """An actor in this role: the system, the applicant, the officer who claimed the task, or a placeholder."""
    if role is Role.SYSTEM:
        return SYSTEM
    if role is Role.APPLICANT and filing.applicant is not None:
        return Actor(subject=filing.applicant.subject, role=role)
    return Actor(subject=_claimer(filing, role) or _ANYONE, role=role, agency=agencies(filing, role)[0])


def _claimer(filing: Filing, role: Role) -> str | None:
    """The officer who claimed the filing's current task; None if it is unclaimed or a task of another role."""
    return filing.officer if stage(filing) in _CLAIMABLE and role is task_role(filing) else None


def _claim(filing: Filing, role: Role) -> dict[str, str | None]:
    """The officer who claimed the current task of this role, and the absent officer they act for."""
    officer = _claimer(filing, role)
    return {"officer": officer, "acting_for": filing.acting_for if officer else None}


def possible(filing: Filing, actor: Actor, now: datetime) -> tuple[str, ...]:
    """The commands that a task offers the actor now; a team lead is offered `release` and `reassign` alone.

    The commands in `_OF_NO_TASK` belong to no task, and are not offered.
    """
    if actor.role is Role.SYSTEM:
        return {Stage.ISSUE: ("issue",), Stage.DELIVERY: ("settle_parcel",)}.get(stage(filing), ())
    return allowed(filing, actor, now, ("release", "reassign") if actor.role is Role.TEAM_LEAD else _OFFERED)
