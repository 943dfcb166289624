"""The form of every rule (its roles, its conditions, its effect), and of the change that an event makes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final, Generic, TypeAlias, TypeVar

from rules.officers import role_is
from schemas.errors import Problem, RefusalCode, RefusalError, problem, refused
from schemas.filing.commands import Command
from schemas.filing.events import Outcome
from schemas.people import Actor, Role
from schemas.privacy import Erased
from schemas.stream.ledger import Recorded

S = TypeVar("S")

When: TypeAlias = Callable[[S, Actor, datetime], Problem | None]
"""Returns why this actor can't give a command in this state at this instant; None if the actor can."""

Effect: TypeAlias = Callable[[S, Any, datetime], tuple[Any, ...]]
"""Returns the events that the command causes; none if it has no effect now. Raises `RefusalError`."""

Change: TypeAlias = Callable[[S, Any, datetime], dict[str, Any]]
"""Returns the fields of a state that an event, recorded at this instant, changes."""

SYSTEM: Final = (Role.SYSTEM,)
ANYBODY: Final[tuple[Role, ...]] = ()
"""Any role with write access: `when` or the effect then checks the actor against the state or the command."""


def always(_: Any, __: Actor, ___: datetime) -> None:
    """Never refuses: an actor in one of the rule's roles may give the command at any time."""


@dataclass(frozen=True)
class Rule(Generic[S]):
    """The rule of one command: its roles, the conditions under which it is refused, and its effect otherwise."""

    who: tuple[Role, ...]
    when: When[S]
    effect: Effect[S]

    def forbids(self, state: S, actor: Actor, now: datetime) -> Problem | None:
        """Why `actor` can't give the command to a stream in this state now; None if `actor` can."""
        by_role = role_is(actor, *self.who) if self.who else None
        return by_role or self.when(state, actor, now)


@dataclass(frozen=True)
class Rules(Generic[S]):
    """The rules of one kind of stream, by the kind of command.

    Attributes:
        not_now: The problem of a command that has no rule in this kind of stream, or no effect in the present state.
        over: Returns why people can no longer act on a stream; None if they can.
        stranger: Returns why an actor has no access to a stream in any role; None if the actor has access.
    """

    of: Mapping[str, Rule[S]]
    not_now: Problem
    over: Callable[[S], Problem | None] = lambda _: None
    stranger: When[S] = always

    @cached_property
    def writers(self) -> frozenset[Role]:
        """The roles that may write to a stream of this kind: the system, and the roles that a rule names."""
        return frozenset({Role.SYSTEM, *(role for rule in self.of.values() for role in rule.who)})

    def guard(self, state: S, name: str, actor: Actor, now: datetime) -> Problem | None:
        """Why `actor` can't give this command now; None if `actor` can."""
        rule = self.of[name]
        if rule.who in {SYSTEM, ANYBODY}:
            return rule.forbids(state, actor, now)
        wrong = self.over(state) or role_is(actor, *rule.who) or self.stranger(state, actor, now)
        return wrong or rule.when(state, actor, now)

    def decide(self, state: S, command: Command, now: datetime) -> tuple[Any, ...]:
        """The events that `command` causes. Raises `RefusalError`."""
        if command.kind not in self.of:
            raise refuse(self.not_now)
        if (why := self.guard(state, command.kind, command.actor, now)) is not None:
            raise refuse(why)
        events = self.of[command.kind].effect(state, command, now)
        if not events:
            raise refuse(self.not_now)
        return events


def refuse(*problems: Problem) -> RefusalError:
    """The error that an effect raises if it can't execute its command."""
    return refused(RefusalCode.NOT_ALLOWED, *problems)


def unexplained(outcome: Outcome, **words: str | None) -> list[Problem]:
    """A problem for each required text (by name) that is None in a refusal on the merits; none for an approval."""
    missing = (name for name, text in words.items() if text is None and outcome is Outcome.REFUSED)
    return [problem(name, f"{name}_required", says=f"refusal_needs.{name}") for name in missing]


def folding(changes: Mapping[type[Any], Change[Any]]) -> Callable[[Any, Recorded], Any]:
    """The fold of a kind of stream: each event makes its change and sets `seq`; `erased` also sets `erased_at`."""
    of: dict[type[Any], Change[Any]] = {Erased: lambda _, __, at: {"erased_at": at}, **changes}

    def evolve(state: Any, recorded: Recorded) -> Any:
        """The state after one event. Raises `TypeError` for an event of another kind of stream."""
        change = of.get(type(recorded.event))
        if change is None:
            raise TypeError(f"{recorded.event.kind} is no event of a {type(state).__name__.lower()}")
        return state.model_copy(update=change(state, recorded.event, recorded.at) | {"seq": recorded.seq})

    return evolve
