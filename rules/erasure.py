"""Erasing as every kind of stream knows it: one event more, after which nothing can be asked of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeAlias

from rules.evidence import Evidence
from schemas.erasure import ERASED, Erased
from schemas.errors import Problem, RefusalError
from schemas.ids import StreamId
from schemas.papers import PaperKind
from schemas.people import Actor
from schemas.stream.ledger import Recorded

Evolve: TypeAlias = Callable[[Any, Recorded], Any]
Decide: TypeAlias = Callable[[Any, Any, datetime], tuple[Any, ...]]
Guard: TypeAlias = Callable[[Any, str, Actor, datetime], Problem | None]
Prove: TypeAlias = Callable[[StreamId, Any], Evidence | None]
Cause: TypeAlias = Callable[[Any], tuple[PaperKind, ...]]


def evolving(before: Evolve) -> Evolve:
    """The fold of a kind, with `erased`."""

    def evolve(state: Any, recorded: Recorded) -> Any:
        if isinstance(recorded.event, Erased):
            return state.model_copy(update={"seq": recorded.seq, "erased_at": recorded.at})
        return before(state, recorded)

    return evolve


def deciding(before: Decide) -> Decide:
    """What a kind decides, which is nothing any more once it was erased."""

    def decide(state: Any, command: Any, now: datetime) -> tuple[Any, ...]:
        if state.erased_at is not None:
            raise RefusalError(ERASED)
        return before(state, command, now)

    return decide


def guarding(before: Guard) -> Guard:
    """Who may do what in a kind: nobody anything once it was erased."""

    def guard(state: Any, command: str, actor: Actor, now: datetime) -> Problem | None:
        return before(state, command, actor, now) if state.erased_at is None else _ERASED

    return guard


def proving(before: Prove) -> Prove:
    """The evidence that events of a kind need: `erased` needs none, since it speaks of no other stream."""

    def evidence(stream: StreamId, event: Any) -> Evidence | None:
        return None if isinstance(event, Erased) else before(stream, event)

    return evidence


def causing(before: Cause) -> Cause:
    """The papers that events of a kind cause: `erased` causes none."""

    def papers(event: Any) -> tuple[PaperKind, ...]:
        return () if isinstance(event, Erased) else before(event)

    return papers


_ERASED: Final = ERASED.problems[0]
