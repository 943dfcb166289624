"""Who may do what with a refund: officers of its agency, never one alone, and none on the applicant's side."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rules.officers import role_is
from rules.refund.fold import in_state, left
from schemas.errors import Problem, problem
from schemas.people import Actor, Role
from schemas.refund import MOST_CASES, CaseState, Refund

_WHO: Final[dict[str, tuple[Role, ...]]] = {
    "request_refund": (Role.CASHIER, Role.SPECIALIST, Role.LEADER),
    "decide_refund": (Role.LEADER,),
    "approve_refund": (Role.LEADER,),
    "decline_refund": (Role.LEADER,),
    "give_back_by_hand": (Role.CASHIER,),
}
WRITERS: Final = frozenset({Role.SYSTEM, *(role for roles in _WHO.values() for role in roles)})


def guard(refund: Refund, kind: str, actor: Actor, _: datetime) -> Problem | None:
    """Why `actor` can't give this command now, or None."""
    return role_is(actor, *_WHO[kind]) or _other_hands(refund, actor) or _not_now(refund, kind)


def _other_hands(refund: Refund, actor: Actor) -> Problem | None:
    if actor.agency != refund.agency:
        return problem("actor.agency", "other_agency")
    return problem("actor.subject", "own_filing") if actor.subject in refund.apart else None


def _not_now(refund: Refund, kind: str) -> Problem | None:
    match kind:
        case "request_refund":
            return _nothing_left(refund) or _too_many(refund)
        case "decide_refund":
            return problem("", "nothing_to_decide") if refund.undecided is None else None
        case "give_back_by_hand":
            return None if in_state(refund, CaseState.LEFT_TO_HAND) else problem("", "nothing_left_to_hand")
        case _:
            return None if in_state(refund, CaseState.OPEN) else problem("", "no_open_refund")


def _nothing_left(refund: Refund) -> Problem | None:
    return None if left(refund) else problem("amount", "more_than_captured", most=0)


def _too_many(refund: Refund) -> Problem | None:
    return problem("", "too_many_refunds", most=MOST_CASES) if len(refund.entries) >= MOST_CASES else None


def in_whose_place(actor: Actor, acting_for: str | None) -> Problem | None:
    """Why they can't act in the place of that one."""
    return _NOT_FOR_ONESELF if acting_for == actor.subject else None


_NOT_FOR_ONESELF: Final = problem("acting_for", "not_for_oneself", says="not_given.not_for_oneself")


def not_alone(refund: Refund, hands: tuple[str, ...], others: tuple[str, ...]) -> Problem | None:
    """Why these hands may not do what needs another's than those."""
    if set(hands) & set(others):
        return problem("actor.subject", "needs_another")
    return problem("acting_for", "own_filing") if set(hands) & set(refund.apart) else None
