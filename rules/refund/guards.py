"""Who may do what with a refund: officers of its agency, never one alone, and none on the applicant's side."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from rules.known import known
from rules.officers import role_is
from rules.refund.fold import in_dispute, in_state, left
from schemas.errors import Problem, problem
from schemas.people import Actor, Role
from schemas.refund import MOST_CASES, CaseState, Refund

_WHO: Final[dict[str, tuple[Role, ...]]] = {
    "request_refund": (Role.CASHIER, Role.SPECIALIST, Role.LEADER),
    "decide_refund": (Role.LEADER,),
    "approve_refund": (Role.LEADER,),
    "decline_refund": (Role.LEADER,),
    "give_back_by_hand": (Role.CASHIER,),
    "accept_short_payment": (Role.CASHIER, Role.LEADER),
    "approve_short_payment": (Role.LEADER,),
    "answer_charge_back": (Role.LEADER,),
}
WRITERS: Final = frozenset({Role.SYSTEM, *(role for roles in _WHO.values() for role in roles)})


def guard(refund: Refund, kind: str, actor: Actor, _: datetime) -> Problem | None:
    """Why `actor` can't give this command now, or None."""
    return role_is(actor, *_WHO[kind]) or _other_hands(refund, actor) or _WHEN[kind](refund)


def _other_hands(refund: Refund, actor: Actor) -> Problem | None:
    if actor.agency != refund.agency:
        return problem("actor.agency", "other_agency")
    return problem("actor.subject", "own_filing") if actor.subject in refund.apart else None


def _there_is(found: Callable[[Refund], object], rule: str) -> Callable[[Refund], Problem | None]:
    """Why not, unless there is something of the kind."""
    return lambda refund: None if found(refund) else problem("", rule)


def _can_ask(refund: Refund) -> Problem | None:
    if not left(refund):
        return problem("amount", "more_than_captured", most=0)
    return problem("", "too_many_refunds", most=MOST_CASES) if len(refund.entries) >= MOST_CASES else None


def _can_be_taken(refund: Refund) -> Problem | None:
    """Why it can't be taken for the whole fee: nobody disputes it, or something of it goes back."""
    whole = left(refund) == known(refund.capture).amount
    return None if in_dispute(refund) and whole else problem("", "no_short_payment")


_OPEN: Final = _there_is(lambda refund: in_state(refund, CaseState.OPEN), "no_open_refund")
_TO_HAND: Final = _there_is(lambda refund: in_state(refund, CaseState.LEFT_TO_HAND), "nothing_left_to_hand")
_PROPOSED: Final = _there_is(lambda refund: refund.accepted_by, "nobody_accepts_it")
_WHEN: Final[dict[str, Callable[[Refund], Problem | None]]] = {
    "request_refund": _can_ask,
    "decide_refund": _there_is(lambda refund: refund.undecided, "nothing_to_decide"),
    "approve_refund": _OPEN,
    "decline_refund": _OPEN,
    "give_back_by_hand": _TO_HAND,
    "accept_short_payment": _can_be_taken,
    "approve_short_payment": lambda refund: _can_be_taken(refund) or _PROPOSED(refund),
    "answer_charge_back": _there_is(lambda refund: refund.unanswered, "no_charge_back"),
}


def in_whose_place(actor: Actor, acting_for: str | None) -> Problem | None:
    """Why they can't act in the place of that one."""
    return _NOT_FOR_ONESELF if acting_for == actor.subject else None


_NOT_FOR_ONESELF: Final = problem("acting_for", "not_for_oneself", says="not_given.not_for_oneself")


def not_alone(refund: Refund, hands: tuple[str, ...], others: tuple[str, ...]) -> Problem | None:
    """Why these hands may not do what needs another's than those."""
    if set(hands) & set(others):
        return problem("actor.subject", "needs_another")
    return problem("acting_for", "own_filing") if set(hands) & set(refund.apart) else None
