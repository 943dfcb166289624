"""Checks whether a principal's grants allow the claim in its statement, and whether a change extends the grants."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, Final

from schemas.errors import Problem, RefusalCode, RefusalError, problem, refused
from schemas.identity.statement import (
    ALL_AGENCIES,
    ALL_CLIENTS,
    ALL_PROGRAMS,
    CLAIMED,
    Assurance,
    Claim,
    Grant,
    Message,
    Principal,
    PrincipalKey,
    PrincipalKind,
    Proved,
)
from schemas.names import ROLE_NAMES
from schemas.people import Actor, Role


def not_granted(proved: Proved, message: Message) -> Problem | None:
    """Why the principal's grants do not allow the statement's claim; None if one grant allows the whole claim.

    A condition on an unknown fact of the filing counts as met: the append checks the fact before any write.
    """
    actor = proved.statement.actor
    if actor is None:
        return problem("statement", "statement_of_another_actor")
    grants = [one for one in proved.principal.grants if actor.role in CLAIMED[one.claim]]
    if not grants:
        return problem("statement", "role_not_granted", role_name=ROLE_NAMES[actor.role])
    conditions: dict[str, Callable[[Grant], bool]] = {
        "subject_not_granted": lambda _: proved.principal.subject in {None, actor.subject},
        "agency_not_granted": lambda one: names_agency(one.agencies, actor),
        "applicant_of_another": lambda one: (
            one.claim is not Claim.OWN or message.filed_by in {None, proved.principal.id, *one.predecessors}
        ),
        "client_not_granted": lambda one: names_client(one, message.client_id),
        "procedure_not_granted": lambda one: names_procedure(one, message.procedure),
    }
    for rule, holds in conditions.items():
        grants = [*filter(holds, grants)]
        if not grants:
            return problem("statement", rule)
    least = min(one.assurance for one in grants)
    given = proved.statement.assurance
    return None if given >= least else problem("statement", "assurance_too_low", least=int(least), given=int(given))


SERVING: Final = frozenset({PrincipalKind.PORTAL, PrincipalKind.DESK, PrincipalKind.SOFTWARE})
"""The kinds of programs that a grant of `*` for programs can cover: those that serve people."""


def speaks_for(signer: Principal, client: Principal, given: Assurance) -> bool:
    """Whether a grant lets the signer speak for this client, for people of the `given` assurance.

    A grant of `*` covers only programs that serve people: no program that may speak for operators, no officer's key.
    A client needs no key; but if all of its keys are revoked, nobody speaks for it.
    """
    if client.keys and all(key.revoked_at is not None for key in client.keys):
        return False
    names = {client.id, ALL_PROGRAMS} if _serves(client) else {client.id}
    able = [one for one in signer.grants if one.assurance <= given]
    return any(not names.isdisjoint(one.programs) for one in able)


def _serves(program: Principal) -> bool:
    operates = any(one.claim is Claim.OPERATOR for one in program.grants)
    return program.kind in SERVING and program.subject is None and not operates


def names_procedure(grant: Grant, procedure: str | None) -> bool:
    """Whether a grant covers this procedure. An unknown procedure (None) counts as covered."""
    return not grant.procedures or procedure is None or procedure in grant.procedures


def names_client(grant: Grant, client_id: str | None) -> bool:
    """Whether the grant lets a filing be submitted under this `client_id`. True for None, if no filing is submitted."""
    return client_id is None or client_id in grant.client_ids or ALL_CLIENTS in grant.client_ids


def names_agency(agencies: tuple[str, ...], actor: Actor) -> bool:
    """Whether the actor's agency is in `agencies`; if that is empty, whether the actor has no agency (an applicant)."""
    if not agencies:
        return actor.agency is None
    return actor.agency is not None and (actor.agency in agencies or ALL_AGENCIES in agencies)


def widens(before: Principal | None, after: Principal) -> bool:
    """Whether a change lets a principal act for more people or with more keys, or changes its kind or its agency."""
    if before is None or (before.kind, before.agency) != (after.kind, after.agency):
        return True
    if before.subject not in {None, after.subject}:
        return True
    keys = {key.key_id: key for key in before.keys}
    if not all(key.key_id in keys and _within(key, keys[key.key_id]) for key in after.keys):
        return True
    return not all(_covered(one, before.grants, after.id) for one in after.grants)


def _within(key: PrincipalKey, before: PrincipalKey) -> bool:
    """Whether the changed `key` is valid only at times at which the key `before` the change was valid, too."""
    earlier, later = key.valid_from < before.valid_from, key.valid_until > before.valid_until
    return not (earlier or later) and (before.revoked_at is None or key.revoked_at is not None)


def _covered(grant: Grant, before: Sequence[Grant], principal: str) -> bool:
    """Whether the grants `before` together allow all that `grant` allows. Only a grant of `*` covers `*`.

    A program's name is covered only by a grant of this name: `*` does not cover every program.
    """
    able = [one for one in before if one.assurance <= grant.assurance]
    if grant.claim is Claim.PROGRAMS:
        return {program for one in able for program in one.programs}.issuperset(grant.programs)
    filers = (principal, *grant.predecessors) if grant.claim is Claim.OWN else (None,)
    claims = product(CLAIMED[grant.claim], grant.agencies or (None,), filers, grant.client_ids or (None,))
    return all(_procedures_covered(grant, [one for one in able if _allows(one, principal, *each)]) for each in claims)


def _allows(
    grant: Grant, principal: str, role: Role, agency: str | None, filer: str | None, client_id: str | None
) -> bool:
    """Whether a grant of `principal` allows this role, agency, filer and client id; each but the role may be None."""
    return (
        role in CLAIMED[grant.claim]
        and (agency is None or agency in grant.agencies or ALL_AGENCIES in grant.agencies)
        and (filer is None or filer in {principal, *grant.predecessors})
        and names_client(grant, client_id)
    )


def _procedures_covered(grant: Grant, allowing: Sequence[Grant]) -> bool:
    if any(not one.procedures for one in allowing):
        return True
    named = {procedure for one in allowing for procedure in one.procedures}
    return bool(grant.procedures) and named.issuperset(grant.procedures)


def not_authorised(rule: str, **values: Any) -> RefusalError:
    """The refusal of a message that has no valid statement; `rule` names the rule that it breaks."""
    return refused(RefusalCode.NOT_AUTHORISED, problem("statement", rule, **values))
