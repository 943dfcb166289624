"""Who may do what with a result: officers of its agency, and none who is on the applicant's side."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rules.officers import other_hands, role_is
from rules.result.fold import declined, in_the_making
from schemas.errors import Problem, problem
from schemas.people import OFFICERS, Actor, Role
from schemas.result import MOST_ENTRIES, Result

_WHO: Final[dict[str, tuple[Role, ...]]] = {
    "decline_signature": tuple(role for role in Role if role in OFFICERS),
    "sign_again": (Role.LEADER,),
    "revoke_result": (Role.LEADER, Role.CLERK),
    "correct_result": (Role.LEADER, Role.CLERK),
    "renew_result": (Role.OPERATOR,),
}


def guard(result: Result, kind: str, actor: Actor, _: datetime) -> Problem | None:
    """Why `actor` can't give this command now, or None."""
    wrong = role_is(actor, *_WHO[kind]) or other_hands(result, actor, result.agency)
    return wrong or _not_now(result, kind, actor)


def _not_now(result: Result, kind: str, actor: Actor) -> Problem | None:
    match kind:
        case "decline_signature":
            awaited = result.awaited
            asked = awaited is not None and (awaited.officer, awaited.role) == (actor.subject, actor.role)
            return None if asked else problem("actor.subject", "not_asked_to_sign")
        case "sign_again":
            return _one_more(result) if declined(result) else problem("", "nobody_declined")
        case "revoke_result":
            return None if result.in_force else _NOT_IN_FORCE
        case "correct_result":
            return _not_correctable(result)
        case _:
            return None


def _not_correctable(result: Result) -> Problem | None:
    if result.in_force is None:
        return _NOT_IN_FORCE
    return problem("", "corrected_already") if in_the_making(result) or declined(result) else _one_more(result)


def _one_more(result: Result) -> Problem | None:
    return problem("", "too_many_numbers", most=MOST_ENTRIES) if len(result.entries) >= MOST_ENTRIES else None


_NOT_IN_FORCE: Final = problem("", "result_not_in_force")
