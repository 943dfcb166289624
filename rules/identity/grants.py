"""What a principal may claim, and what it may not."""

from __future__ import annotations

from schemas.errors import Problem, problem
from schemas.identity import ALL_AGENCIES, CLAIMED, Claim, IdentityStatement, Message, Principal
from schemas.names import ROLE_NAMES
from schemas.people import Actor


def not_granted(principal: Principal, statement: IdentityStatement, message: Message) -> Problem | None:
    """Why it may not claim this, or None. One grant has to allow all of it."""
    actor = statement.actor
    of_role = [one for one in principal.grants if actor.role in CLAIMED[one.claim]]
    if not of_role:
        return problem("statement", "role_not_granted", role_name=ROLE_NAMES[actor.role])
    of_agency = [one for one in of_role if _of_agency(one.agencies, actor)]
    if not of_agency:
        return problem("statement", "agency_not_granted")
    if actor.role in CLAIMED[Claim.OWN] and message.filed_by != principal.id:
        return problem("statement", "applicant_of_another")
    of_procedure = [one for one in of_agency if not one.procedures or message.procedure in one.procedures]
    if not of_procedure:
        return problem("statement", "procedure_not_granted")
    least = min(one.assurance for one in of_procedure)
    if statement.assurance < least:
        return problem("statement", "assurance_too_low", least=int(least), given=int(statement.assurance))
    return None


def _of_agency(agencies: tuple[str, ...], actor: Actor) -> bool:
    """Whether an actor is of these; none stands for applicants, who are of no agency."""
    if not agencies:
        return actor.agency is None
    return actor.agency is not None and (actor.agency in agencies or ALL_AGENCIES in agencies)
