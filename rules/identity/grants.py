"""The claims that a principal may make."""

from collections.abc import Callable

from schemas.errors import Problem, problem
from schemas.identity.statement import ALL_AGENCIES, CLAIMED, Claim, Grant, Message, Proved
from schemas.names import ROLE_NAMES
from schemas.people import Actor


def not_granted(proved: Proved, message: Message) -> Problem | None:
    """Why a principal may not make this claim, or None. A single grant must allow all of it.

    A fact about the filing that is unknown here counts as allowed: the record checks it before any write.
    """
    actor = proved.statement.actor
    if actor is None:
        return problem("statement", "statement_of_another_actor")
    grants = [one for one in proved.principal.grants if actor.role in CLAIMED[one.claim]]
    if not grants:
        return problem("statement", "role_not_granted", role_name=ROLE_NAMES[actor.role])
    conditions: dict[str, Callable[[Grant], bool]] = {
        "agency_not_granted": lambda one: names_agency(one.agencies, actor),
        "applicant_of_another": lambda one: _of_filing(one, proved.principal.id, message.filed_by),
        "procedure_not_granted": lambda one: names_procedure(one, message.procedure),
    }
    for rule, holds in conditions.items():
        grants = [*filter(holds, grants)]
        if not grants:
            return problem("statement", rule)
    least = min(one.assurance for one in grants)
    given = proved.statement.assurance
    return None if given >= least else problem("statement", "assurance_too_low", least=int(least), given=int(given))


def _of_filing(grant: Grant, principal: str, filed_by: str | None) -> bool:
    return grant.claim is not Claim.OWN or filed_by in {None, principal, *grant.predecessors}


def names_procedure(grant: Grant, procedure: str | None) -> bool:
    """Whether a grant covers this procedure. An unknown procedure (None) counts as covered."""
    return not grant.procedures or procedure is None or procedure in grant.procedures


def names_agency(agencies: tuple[str, ...], actor: Actor) -> bool:
    """Whether an actor belongs to one of these agencies; an empty tuple stands for applicants, who belong to none."""
    if not agencies:
        return actor.agency is None
    return actor.agency is not None and (actor.agency in agencies or ALL_AGENCIES in agencies)
