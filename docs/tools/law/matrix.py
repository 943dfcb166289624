"""The matrix of role, status and command, computed from the rules; and its page docs/law.md."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from docs.tools.law.articles import ARTICLES, KNOWN, REASONS, cited
from docs.tools.law.scenarios import SCENARIOS, Scenario
from docs.tools.law.situations import Situation, situations
from docs.tools.law.stories import due, ways
from docs.tools.law.streams import StreamRow, in_words, stream_rows, stream_tables
from rules.filing import lifecycle
from rules.filing.commands import RULES
from rules.filing.queues import PUBLIC_KINDS, check
from schemas.errors import RefusalError
from schemas.filing.events import Clock
from schemas.filing.state import STATUS_NAMES, Status
from schemas.people import Actor, Role

SYSTEM_KINDS: Final = tuple(kind for kind, rule in RULES.items() if rule.who == (Role.SYSTEM,))

Change = tuple[int, int]
"""A status, and the next one; 0 means no status."""


@dataclass(frozen=True)
class Row:
    """A command of a role in a situation: the rule that refuses it, or the statuses that may follow."""

    status: int
    stage: str
    situation: str
    command: str
    role: str
    allowed: bool
    rule: str | None
    becomes: tuple[int, ...]
    article: str
    repealed: str


@dataclass(frozen=True)
class Transition:
    """A change of status: the commands and clocks that cause it, its legal basis, and the reason for a difference."""

    before: int
    after: int
    by: tuple[str, ...]
    law: str | None
    reason: str | None


@dataclass(frozen=True)
class Matrix:
    """Every command to a filing in every situation, every change of status, and every command to another stream."""

    rows: tuple[Row, ...]
    transitions: tuple[Transition, ...]
    streams: tuple[StreamRow, ...]


class Cell(NamedTuple):
    """One line of the matrix as data: the roles that may give a command to a stream in a state; the next states."""

    stream: str
    state: str
    command: str
    by: tuple[str, ...]
    becomes: tuple[str, ...]
    in_force: str
    repealed: str


def cells(found: Matrix) -> Iterator[Cell]:
    """Yields everything that is allowed. The state of a filing is its status and its situation."""
    led, by = defaultdict[tuple[str, ...], set[str]](set), defaultdict[tuple[tuple[str, ...], ...], list[str]](list)
    for row in (row for row in found.rows if row.allowed):
        place = "filing", f"{row.status}: {row.situation}", row.command
        led[*place, row.article, row.repealed, row.role].update(map(str, row.becomes))
    for way in found.streams:
        led[way.stream, way.before, way.command, way.article, way.repealed, way.role].add(way.after)
    for (*cell, role), after in led.items():
        by[tuple(cell), tuple(sorted(after, key=lambda state: state.rjust(2)))].append(role)
    for ((stream, state, command, *acts), becomes), roles in by.items():
        yield Cell(stream, state, command, tuple(sorted(roles)), becomes, *acts)


def matrix() -> Matrix:
    """Computes the matrix from the rules. Raises `KeyError` if a difference from the law has no reason."""
    found: dict[Change, set[str]] = {}
    rows: list[Row] = []
    for situation in situations():
        _note(found, situation.story.statuses[:2], "submit")
        rows += [row for role in Role for row in _rows_of(situation, role, found)]
    return Matrix(tuple(rows), tuple(_transitions(found)), stream_rows())


def _rows_of(situation: Situation, role: Role, found: dict[Change, set[str]]) -> Iterator[Row]:
    filing, actor = situation.story.filing, situation.actor(role)
    for kind in (*PUBLIC_KINDS, *SYSTEM_KINDS) if role is Role.SYSTEM else PUBLIC_KINDS:
        rule, ends = _outcome(situation, kind, actor, found)
        article, repealed = cited(ARTICLES[kind])
        yield Row(
            status=int(lifecycle.status(filing)),
            stage=str(lifecycle.stage(filing)),
            situation=situation.name,
            command=kind,
            role=str(role),
            allowed=rule is None,
            rule=rule,
            becomes=tuple(sorted(ends)),
            article=article,
            repealed=repealed,
        )


def _outcome(
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
    """Gives the command to a copy of the story; returns the next status. Adds the changes of status to `found`."""
    story, before = situation.story.copy(), len(situation.story.statuses)
    clock = said["clock"] if kind == "timer_fired" else None
    if clock is not None:
        story.now = max(story.now, due(story.filing).get(Clock(clock), story.now))
    story.do(kind, actor, **said)
    _note(found, story.statuses[before - 1 :], kind if clock is None else f"{clock} runs out")
    return story.statuses[-1]


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


_HEAD = """\
# Who may do what, by the law

Written by `python -m docs.tools.law`, which asks the rules: who may give which command in which status, and which
status comes of it. A test writes it again and compares. As JSON (`--json`) it also says, for each role, status and
command, why something is refused. `motcua law matrix` shows what is allowed, by stream, role and command.

Each table of people's commands is a situation that the rules tell apart; what does not stand in it is refused to
everybody. The model procedure has every kind of step; a procedure has those that it names, and with them these rules.
*In force* is the act that the command rests on; "unread" stands beside an act whose articles nobody has read here, and
*Repealed* is then the article of the act before it, which was read: NĐ 61/2018 until 1/7/2025, TT 22/2019 until TT
21/2023. "Practice" is what running one-stop systems do, "ours" a rule of this house ([glossary.md](glossary.md)).

No command is allowed to an officer's account of the applicant's own person. A parcel and the papers name no applicant:
there the append refuses, by the record of the filing.

## Changes of status

0 is nothing. *Comes by* are commands, and clocks that run out. Where the law's table and the rules differ the last
column says why.
"""


def page(found: Matrix) -> str:
    """Returns the page as Markdown."""
    lines = [_HEAD, "| From | To | In force | Repealed | Comes by | Differs, because |", "|---|---|---|---|---|---|"]
    lines += [_transition(change) for change in found.transitions]
    for_people = [cell for cell in cells(found) if cell.stream == "filing" and cell.command not in SYSTEM_KINDS]
    for status, name in dict.fromkeys((row.status, row.situation) for row in found.rows):
        here = [cell for cell in for_people if cell.state == f"{status}: {name}"]
        lines += ["", *_situation(Status(status), name, here)]
    lines += ["", _SYSTEM_HEAD, *_by_the_system(found.rows)]
    lines += ["", _STREAMS_HEAD, *stream_tables(found.streams)]
    lines += ["", _SCENARIOS_HEAD, *map(_scenario, SCENARIOS)]
    return "\n".join(lines) + "\n"


_SCENARIOS_HEAD: Final = """\
## Scenarios

What a lawyer would ask, and the test that holds the answer; the tests stand in `tests/`.

| Scenario | In force | Repealed | What happens | Test |
|---|---|---|---|---|"""

_SYSTEM_HEAD: Final = """\
## The system's own commands to a filing

| Command | In, and then | In force | Repealed |
|---|---|---|---|"""

_STREAMS_HEAD: Final = """\
## The other streams

What each role may do in each state that a stream of the kind reaches, and the states that may follow, (same) if none
does. A refund's state is that of the case which a command names, else the open question, else that of the last case;
a result's is that of its last number, "again" if an earlier one is in force."""


def _scenario(scenario: Scenario) -> str:
    law, repealed = cited(scenario.law)
    file, name = scenario.test.split("::")
    return f"| {scenario.what} | {law} | {repealed or '–'} | {scenario.happens} | `{file}` `{name}` |"


def _by_the_system(rows: Iterable[Row]) -> Iterator[str]:
    """Yields a line for each of the system's commands, with the statuses before and after in all situations."""
    for kind in SYSTEM_KINDS:
        mine = [row for row in rows if row.command == kind and row.allowed]
        led = in_words((str(row.status), str(after)) for row in mine for after in row.becomes)
        yield f"| `{kind}` | {led} | {mine[0].article} | {mine[0].repealed or '–'} |"


def _transition(change: Transition) -> str:
    by = ", ".join(f"`{name}`" if " " not in name else name for name in change.by)
    what, _, basis = (change.law or "").partition(": ")
    law, repealed = cited(basis)
    in_force = f"{what}: {law}" if what else "–"
    return (
        f"| {change.before} | {change.after} | {in_force} | {repealed or '–'} | {by or '–'} | {change.reason or ''} |"
    )


def _situation(status: Status, name: str, allowed: list[Cell]) -> Iterator[str]:
    yield f"## {status} {STATUS_NAMES[status].vi}: {name}"
    yield ""
    if not allowed:
        yield "Nothing, for anybody."
        return
    yield "| Command | By | Becomes | In force | Repealed |"
    yield "|---|---|---|---|---|"
    for cell in sorted(allowed, key=lambda one: (PUBLIC_KINDS.index(one.command), one.by)):
        law = f"{cell.in_force} | {cell.repealed or '–'}"
        yield f"| `{cell.command}` | {', '.join(cell.by)} | {', '.join(cell.becomes)} | {law} |"
