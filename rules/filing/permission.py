"""The building blocks of guards. Each guard returns a problem, or None if the command is allowed."""

from datetime import datetime
from functools import cache

from rules.filing.fold import current_step, stage, status, task_role
from rules.officers import claimed_by, role_is, unclaimed
from rules.rule import When
from schemas.errors import Problem, problem
from schemas.filing.state import Filing, Stage, Status
from schemas.level import CAPABILITIES, Channel
from schemas.names import STAGE_NAMES, listed
from schemas.people import Actor, Role
from schemas.publishing.procedure import Act


def at_stage(filing: Filing, *stages: Stage) -> Problem | None:
    now = stage(filing)
    return None if now in stages else _not_at(now, stages)


@cache
def _not_at(now: Stage, stages: tuple[Stage, ...]) -> Problem:
    return problem("", "wrong_stage", here=STAGE_NAMES[now], wanted=listed(STAGE_NAMES, stages))


def at(*stages: Stage) -> When[Filing]:
    """Returns a guard that refuses a command unless the filing is at one of these stages."""
    return lambda filing, _, __: at_stage(filing, *stages)


def at_the_task(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    """Refuses any actor except the task's officer. At intake the task may also be unclaimed."""
    wrong = at_stage(filing, Stage.INTAKE, Stage.REVIEW) or role_is(actor, task_role(filing))
    if wrong is not None:
        return wrong
    return unclaimed(filing, actor) if stage(filing) is Stage.INTAKE else claimed_by(filing, actor)


def being_handled(filing: Filing) -> Problem | None:
    """Refuses a command unless an officer of the review has begun to handle the filing."""
    handled = status(filing) in {Status.PROCESSING, Status.FINANCIAL_OBLIGATION, Status.STOPPED}
    return None if handled else problem("", "not_handled_yet")


def same_person(filing: Filing, actor: Actor) -> Problem | None:
    return problem("actor.subject", "four_eyes") if proposed_by(filing, actor.subject) else None


def proposed_by(filing: Filing, officer: str) -> bool:
    """Whether the present step decides on a proposal or act of this officer, or one done on this officer's behalf."""
    step = current_step(filing)
    return step is not None and step.act is Act.DECIDE and officer in proposers(filing)


def proposers(filing: Filing) -> tuple[str, ...]:
    """The officers who may not decide: those of the proposal, or else of the last finished step.

    The absent officers for whom they acted are included. Empty if the procedure lets the same officer handle or
    propose, and decide.
    """
    if filing.procedure.one_officer:
        return ()
    proposal = filing.proposal
    if proposal is None:
        return filing.handled_by
    return tuple(one for one in (proposal.officer, proposal.acting_for) if one is not None)


def undecided(filing: Filing) -> Problem | None:
    return None if filing.decision is None else problem("", "decided_already")


def applicant_side_roles(filing: Filing) -> tuple[Role, ...]:
    """The roles on the applicant's side: the desk, and the applicant's own roles if the filing's level works online."""
    online = Channel.ONLINE in CAPABILITIES[filing.level].supplement
    return (Role.APPLICANT, Role.RECEPTION, Role.REPRESENTATIVE) if online else (Role.RECEPTION,)


def who_requests(filing: Filing) -> tuple[Role, ...]:
    """The roles of the officers who request supplements at this stage, and answer requests for more time."""
    step = filing.begun_step
    return (Role.RECEPTION,) if filing.accepted_at is None or step is None else (step.role, Role.LEADER)
