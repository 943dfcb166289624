"""Whether a change extends the claims that a principal may make."""

from collections.abc import Sequence
from itertools import product

from schemas.identity.statement import ALL_AGENCIES, CLAIMED, Claim, Grant, Principal, PrincipalKey
from schemas.people import Role


def widens(before: Principal | None, after: Principal) -> bool:
    """Whether a change lets a principal act for more people or with more keys. A new name extends nothing.

    A change of its kind or agency counts as an extension, since approvers judge by them.
    """
    if before is None or (before.kind, before.agency) != (after.kind, after.agency):
        return True
    keys = {key.key_id: key for key in before.keys}
    if not all(key.key_id in keys and _within(key, keys[key.key_id]) for key in after.keys):
        return True
    return not all(_covered(one, before.grants, after.id) for one in after.grants)


def _within(key: PrincipalKey, before: PrincipalKey) -> bool:
    """Whether a changed key is valid only at times at which it was valid before."""
    earlier, later = key.valid_from < before.valid_from, key.valid_until > before.valid_until
    return not (earlier or later) and (before.revoked_at is None or key.revoked_at is not None)


def _covered(grant: Grant, before: Sequence[Grant], principal: str) -> bool:
    """Whether the former grants, together, allow all that this one does.

    New agencies and procedures can appear at any time, so only `*` covers `*`.
    """
    able = [one for one in before if one.assurance <= grant.assurance]
    filers = (principal, *grant.predecessors) if grant.claim is Claim.OWN else (None,)
    claims = product(CLAIMED[grant.claim], grant.agencies or (None,), filers)
    return all(_procedures_covered(grant, [one for one in able if _allows(one, principal, *each)]) for each in claims)


def _allows(grant: Grant, principal: str, role: Role, agency: str | None, filer: str | None) -> bool:
    """Whether a grant of a principal allows this role in this agency for this filer; None: any agency, any filer."""
    return (
        role in CLAIMED[grant.claim]
        and (agency is None or agency in grant.agencies or ALL_AGENCIES in grant.agencies)
        and (filer is None or filer in {principal, *grant.predecessors})
    )


def _procedures_covered(grant: Grant, allowing: Sequence[Grant]) -> bool:
    if any(not one.procedures for one in allowing):
        return True
    named = {procedure for one in allowing for procedure in one.procedures}
    return bool(grant.procedures) and named.issuperset(grant.procedures)
