"""The matrix of role, status and command, computed from the rules; and its page docs/law.md."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from docs.tools.law.articles import ARTICLES, KNOWN, REASONS
from docs.tools.law.scenarios import SCENARIOS, Scenario
from docs.tools.law.situations import Situation, situations
from docs.tools.law.stories import Story, ways
from rules.filing import lifecycle
from rules.filing.queues import PUBLIC_KINDS, check
from schemas.errors import RefusalError
from schemas.filing.events import Moment
from schemas.filing.state import STATUS_NAMES, Status
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


_HEAD = """\
# Who may do what, by the law

Written by `python -m docs.tools.law`, which asks the rules: who may give which command in which status, and which
status comes of it. A test writes it again and compares. As JSON (`--json`) it also says, for each role, status and
command, why something is refused.

Each table is a situation that the rules tell apart; what does not stand in it is refused to everybody. The model
procedure has every kind of step; a procedure has those that it names, and with them these rules. *Rests on* is the
legal text, as far as it is known: NĐ 61/2018 was replaced on 1/7/2025 by NĐ 118/2025, whose own text was not read;
"practice" is what running one-stop systems do, "ours" a rule of this house ([glossary.md](glossary.md)).

## Changes of status

0 is nothing. *Comes by* are commands, and clocks that run out. Where the law's table and the rules differ the last
column says why.
"""


def page(found: Matrix) -> str:
    """Returns the page as Markdown."""
    lines = [_HEAD, "| From | To | Law | Comes by | Differs, because |", "|---|---|---|---|---|"]
    lines += [_transition(change) for change in found.transitions]
    for name, rows in groupby(found.rows, key=lambda row: row.situation):
        lines += ["", *_situation(name, list(rows))]
    lines += ["", _SCENARIOS_HEAD, *(f"| {one.what} | {one.law} | {one.happens} | {_test(one)} |" for one in SCENARIOS)]
    return "\n".join(lines) + "\n"


_SCENARIOS_HEAD: Final = """\
## Scenarios

What a lawyer would ask, and the test that holds the answer; the tests stand in `tests/`.

| Scenario | Law | What happens | Test |
|---|---|---|---|"""


def _test(scenario: Scenario) -> str:
    file, name = scenario.test.split("::")
    return f"`{file}` `{name}`"


def _transition(change: Transition) -> str:
    by = ", ".join(f"`{name}`" if " " not in name else name for name in change.by)
    return f"| {change.before} | {change.after} | {change.law or '–'} | {by or '–'} | {change.reason or ''} |"


def _situation(name: str, rows: list[Row]) -> Iterator[str]:
    status = Status(rows[0].status)
    yield f"## {status} {STATUS_NAMES[status].vi}: {name}"
    yield ""
    allowed = sorted((row for row in rows if row.allowed), key=lambda row: (_order(rows, row), row.role))
    if not allowed:
        yield "Nothing, for anybody."
        return
    yield "| Command | By | Becomes | Rests on |"
    yield "|---|---|---|---|"
    for (command, becomes, article), group in groupby(allowed, key=lambda r: (r.command, r.becomes, r.article)):
        by = ", ".join(row.role for row in group)
        yield f"| `{command}` | {by} | {', '.join(map(str, becomes))} | {article} |"


def _order(rows: list[Row], row: Row) -> int:
    """Returns the position of the row's command among the different commands of `rows`."""
    return list(dict.fromkeys(one.command for one in rows)).index(row.command)
