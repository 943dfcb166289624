"""Money in suspense: the officers' steps, and the state after them. One officer requests, another approves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rules.officers import role_is
from rules.rule import refuse
from schemas.errors import Problem, problem
from schemas.money import suspense as sp
from schemas.money.suspense import ASKING, StepKind, Suspense, SuspenseState, SuspenseStep
from schemas.names import ROLE_NAMES
from schemas.people import Actor, Role
from schemas.refund.state import RefundMeans

_WHO_AND_WHEN: Final = {
    StepKind.ASSIGN: (Role.CASHIER, SuspenseState.WAITING),
    StepKind.GIVE_BACK: (Role.CASHIER, SuspenseState.WAITING),
    StepKind.APPROVE: (Role.LEADER, SuspenseState.ASKED),
    StepKind.DECLINE: (Role.LEADER, SuspenseState.ASKED),
    StepKind.GIVEN: (Role.CASHIER, SuspenseState.TO_GIVE_BACK),
}
"""The role that takes each step, and the state of the money in which the step is possible."""

_NOT_NOW: Final = {
    SuspenseState.WAITING: problem("callback", "not_in_suspense"),
    SuspenseState.ASKED: problem("asked", "nothing_asked"),
    SuspenseState.TO_GIVE_BACK: problem("callback", "nothing_left_to_hand"),
}


def state_of(kinds: Sequence[str], outcome: str) -> SuspenseState:
    """The state of the money after steps of these kinds; money whose `outcome` is `reversed` was returned already."""
    match list(kinds[-2:]):
        case [] | [*_, StepKind.DECLINE]:
            return SuspenseState.WAITING
        case [StepKind.ASSIGN, StepKind.APPROVE]:
            return SuspenseState.ASSIGNED
        case [StepKind.GIVE_BACK, StepKind.APPROVE] if outcome != "reversed":
            return SuspenseState.TO_GIVE_BACK
        case [*_, kind] if kind in ASKING:
            return SuspenseState.ASKED
        case _:
            return SuspenseState.GIVEN_BACK


def decide(money: Suspense, command: sp.AnySuspenseCommand, now: datetime) -> SuspenseStep:
    """The step that a command takes. Raises `RefusalError`; the substitute of an absent officer is not checked here."""
    kind, actor = StepKind(command.kind), command.actor
    role, state = _WHO_AND_WHEN[kind]
    why = role_is(actor, role) or _not_now(money, kind, state) or _not_theirs(money, kind, actor)
    if why is not None:
        raise refuse(why)
    about = {"command_id", "actor", "statement", "callback", "kind", "filing_id", "payment", "asked"}
    said = command.model_dump(exclude=about)
    match command:
        case sp.AssignSuspense(stream=stream):
            said["stream"] = stream
        case sp.ApproveSuspense(asked=asked) | sp.DeclineSuspense(asked=asked) if money.steps[-1].n != asked:
            raise refuse(problem("asked", "nothing_asked"))
        case sp.RecordSuspenseGiven(means=means, bank_reference=reference):
            if (means is RefundMeans.TRANSFER) is (reference is None):
                raise refuse(problem("bank_reference", "for_transfers_alone"))
    who = {"n": len(money.steps) + 1, "kind": kind, "officer": actor.subject, "agency": actor.agency, "at": now}
    return SuspenseStep.model_validate(who | said)


def _not_now(money: Suspense, kind: StepKind, state: SuspenseState) -> Problem | None:
    if money.state is state:
        return None
    return problem("callback", "asked_already") if money.pending_step and kind in ASKING else _NOT_NOW[state]


def _not_theirs(money: Suspense, kind: StepKind, actor: Actor) -> Problem | None:
    if actor.agency is None:
        return problem("actor.agency", "not_in_directory", role_name=ROLE_NAMES[actor.role])
    if kind not in ASKING and actor.agency != money.steps[-1].agency:
        return problem("actor.agency", "other_agency", says="other_agencys_money")
    return problem("actor.subject", "needs_another") if actor.subject in others(money, kind) else None


def others(money: Suspense, kind: StepKind) -> tuple[str, ...]:
    """The officers who may not take this step: the officer of the step before it; none if this step is a request."""
    return () if kind in ASKING else (money.steps[-1].officer,)
