"""The matrix of role, status and command: computed from the rules, never written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from docs.tools.law.articles import ARTICLES, KNOWN, REASONS
from docs.tools.law.situations import Situation, situations
from docs.tools.law.stories import Story, ways
from rules.filing import lifecycle
from rules.filing.guards import PUBLIC_KINDS, check
from schemas.errors import RefusalError
from schemas.filing.events import Moment
from schemas.people import SYSTEM, Actor, Role

SYSTEM_KINDS: Final = (
    "issue",
    "settle_result",
    "settle_fee",
    "settle_parcel",
    "report_overdue_part",
    "settle_part",
    "settle_complaint",
    "record_scan",
)

Change = tuple[int, int]
"""A status, and the next one; 0 means no status."""


@dataclass(frozen=True)
class Row:
    """A command of a role in a situation: the rule that refuses it, or the statuses to which it may lead."""

    status: int
    stage: str
    situation: str
    command: str
    role: str
    allowed: bool
    rule: str | None
    becomes: tuple[int, ...]
    article: str


@dataclass(frozen=True)
class Transition:
    """A change of status: the commands and clocks that cause it in our rules, and its legal basis.

    `reason` is set if the rules and the law differ.
    """

    before: int
    after: int
    by: tuple[str, ...]
    law: str | None
    reason: str | None


@dataclass(frozen=True)
class Matrix:
    """Every command in every situation, and every change of status."""

    rows: tuple[Row, ...]
    transitions: tuple[Transition, ...]


def matrix() -> Matrix:
    """Computes the matrix from the rules. Raises `KeyError` if a difference from the law has no reason."""
    found: dict[Change, set[str]] = {}
    rows: list[Row] = []
    for situation in situations():
        _note(found, situation.story.statuses[:2], "submit")
        rows += [row for role in Role for row in _rows_of(situation, role, found)]
        _let_clocks_run_out(situation.story, found)
    return Matrix(tuple(rows), tuple(_transitions(found)))


def _rows_of(situation: Situation, role: Role, found: dict[Change, set[str]]) -> Iterator[Row]:
    filing, actor = situation.story.filing, situation.actor(role)
    for kind in (*PUBLIC_KINDS, *SYSTEM_KINDS) if role is Role.SYSTEM else PUBLIC_KINDS:
        rule, ends = _asked(situation, kind, actor, found)
        yield Row(
            status=int(lifecycle.status(filing)),
            stage=str(lifecycle.stage(filing)),
            situation=situation.name,
            command=kind,
            role=str(role),
            allowed=rule is None,
            rule=rule,
            becomes=tuple(sorted(ends)),
            article=ARTICLES[kind],
        )


def _asked(
    situation: Situation, kind: str, actor: Actor, found: dict[Change, set[str]]
) -> tuple[str | None, frozenset[int]]:
    """Returns the rule that refuses the command, or the statuses to which it may lead."""
    filing = situation.story.filing
    why = check(filing, kind, actor, situation.story.now)
    if why is not None:
        return why.rule, frozenset()
    try:
        return None, frozenset(_led(situation, kind, actor, said, found) for said in ways(filing, kind))
    except RefusalError as no:
        return no.refusal.problems[0].rule, frozenset()


def _led(situation: Situation, kind: str, actor: Actor, said: dict[str, str], found: dict[Change, set[str]]) -> int:
    """Returns the status after the command."""
    story, before = situation.story.copy(), len(situation.story.statuses)
    story.do(kind, actor, **said)
    _note(found, story.statuses[before - 1 :], kind)
    return story.statuses[-1]


def _let_clocks_run_out(story: Story, found: dict[Change, set[str]]) -> None:
    for timer in lifecycle.timers(story.filing):
        if timer.moment is Moment.DUE:
            rung = story.copy()
            rung.now = max(rung.now, timer.due)
            rung.do("timer_fired", SYSTEM, clock=timer.clock)
            _note(found, rung.statuses[len(story.statuses) - 1 :], f"{timer.clock} runs out")


def _note(found: dict[Change, set[str]], statuses: list[int], by: str) -> None:
    for change in pairwise(statuses):
        if change[0] != change[1]:
            found.setdefault(change, set()).add(by)


def _transitions(found: dict[Change, set[str]]) -> Iterable[Transition]:
    for change in sorted({*found, *KNOWN}):
        differs = (change in found) is not (change in KNOWN)
        yield Transition(
            before=change[0],
            after=change[1],
            by=tuple(sorted(found.get(change, ()))),
            law=KNOWN.get(change),
            reason=REASONS[change] if differs else None,
        )
