"""What a principal may claim, and what it may not."""

from __future__ import annotations

from schemas.errors import Problem, problem
from schemas.identity import ALL_AGENCIES, CLAIMED, Claim, Grant, Message, Proved
from schemas.names import ROLE_NAMES
from schemas.people import Actor


def not_granted(proved: Proved, message: Message) -> Problem | None:
    """Why a principal may not claim this, or None. One grant has to allow all of it.

    What only the record knows of the filing is taken for right here: the record is asked before anything is written.
    """
    actor = proved.statement.actor
    if actor is None:
        return problem("statement", "statement_of_another_actor")
    of_role = [one for one in proved.principal.grants if actor.role in CLAIMED[one.claim]]
    if not of_role:
        return problem("statement", "role_not_granted", role_name=ROLE_NAMES[actor.role])
    of_agency = [one for one in of_role if names_agency(one.agencies, actor)]
    if not of_agency:
        return problem("statement", "agency_not_granted")
    of_filing = [one for one in of_agency if _of_filing(one, proved.principal.id, message.filed_by)]
    if not of_filing:
        return problem("statement", "applicant_of_another")
    of_procedure = [one for one in of_filing if names_procedure(one, message.procedure)]
    if not of_procedure:
        return problem("statement", "procedure_not_granted")
    least = min(one.assurance for one in of_procedure)
    given = proved.statement.assurance
    return None if given >= least else problem("statement", "assurance_too_low", least=int(least), given=int(given))


def _of_filing(grant: Grant, principal: str, filed_by: str | None) -> bool:
    return grant.claim is not Claim.OWN or filed_by in {None, principal, *grant.predecessors}


def names_procedure(grant: Grant, procedure: str | None) -> bool:
    """Whether a grant is for this procedure; what is not known is taken for right."""
    return not grant.procedures or procedure is None or procedure in grant.procedures


def names_agency(agencies: tuple[str, ...], actor: Actor) -> bool:
    """Whether an actor is of these; none stands for applicants, who are of no agency."""
    if not agencies:
        return actor.agency is None
    return actor.agency is not None and (actor.agency in agencies or ALL_AGENCIES in agencies)
