"""Checks of an officer who acts on a stream of any kind: their role, their task, and the applicant's side."""

from functools import cache
from typing import TypeAlias

from schemas.errors import Problem, problem
from schemas.filing.state import Filing
from schemas.names import ROLE_NAMES, listed
from schemas.people import Actor, Role
from schemas.referral.state import Referral
from schemas.result.state import Result

Handled: TypeAlias = Filing | Referral
"""A stream whose task an officer claims."""


def role_is(actor: Actor, *roles: Role) -> Problem | None:
    """Refuses an actor whose role is none of `roles`; None if the role fits."""
    return None if actor.role in roles else _not_for(roles)


@cache
def _not_for(roles: tuple[Role, ...]) -> Problem:
    return problem("actor.role", "role_not_allowed", names=listed(ROLE_NAMES, roles))


def unclaimed(handled: Handled, actor: Actor) -> Problem | None:
    """Refuses an actor while another officer has claimed the task; None otherwise."""
    return None if handled.officer in {None, actor.subject} else problem("", "claimed_by_other")


def claimed_by(handled: Handled, actor: Actor) -> Problem | None:
    """Refuses an actor who has not claimed the task; None otherwise."""
    return problem("", "not_claimed") if handled.officer is None else unclaimed(handled, actor)


def claimable(handled: Handled, actor: Actor) -> Problem | None:
    """Refuses a claim of a task that the actor or another officer has already claimed; None if it is unclaimed."""
    claimed = handled.officer == actor.subject
    return problem("", "claimed_already") if claimed else unclaimed(handled, actor)


def releasable(handled: Handled, actor: Actor) -> Problem | None:
    """Why the actor can't return the task to its queue; None if they can. A team lead may return any officer's task."""
    if handled.officer is None:
        return problem("", "not_claimed", says="nobody_has_claimed")
    return None if actor.role is Role.TEAM_LEAD else claimed_by(handled, actor)


def ungivable(handled: Handled, officer: str, acting_for: str | None) -> Problem | None:
    """Why the task can't be given to this officer, or to them as another officer's substitute; None if it can."""
    if handled.officer == officer:
        return problem("officer", "claimed_already", says="not_given.claimed_already")
    if officer in on_the_applicants_side(handled):
        return problem("officer", "own_filing", says="not_given.own_filing")
    return not_in_whose_place(handled.whose_task, officer, acting_for)


def not_in_whose_place(whose_task: str | None, officer: str, acting_for: str | None) -> Problem | None:
    """Why this officer can't have the task as the substitute of the officer `acting_for`; None if they can."""
    if acting_for is not None and officer == acting_for:
        return problem("acting_for", "not_for_oneself", says="not_given.not_for_oneself")
    theirs = acting_for in {None, whose_task}
    return None if theirs else problem("acting_for", "not_their_task", says="not_given.not_their_task")


def other_agency(actor: Actor, *agencies: str) -> Problem | None:
    """Refuses an actor who belongs to none of these agencies; None otherwise."""
    return None if actor.agency in agencies else problem("actor.agency", "other_agency")


def other_hands(handled: Handled | Result, actor: Actor, *agencies: str) -> Problem | None:
    """Refuses an officer who belongs to none of these agencies, or is on the applicant's side; None otherwise."""
    if (other := other_agency(actor, *agencies)) is not None:
        return other
    return problem("actor.subject", "own_filing") if actor.subject in on_the_applicants_side(handled) else None


def on_the_applicants_side(handled: Handled | Result) -> frozenset[str]:
    """The people who never handle this filing as officers: the applicant, their legal representative, and the filer."""
    applicant, filed_by = handled.applicant, handled.filed_by
    own = () if applicant is None else (applicant.subject, applicant.stands_for_it)
    filer = (filed_by.subject,) if filed_by is not None and filed_by.role is Role.REPRESENTATIVE else ()
    later = (handled.representative,) if isinstance(handled, Filing) else ()
    return frozenset(subject for subject in (*own, *filer, *later) if subject is not None)
