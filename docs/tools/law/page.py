"""Writes the matrix as the page docs/law.md."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from docs.tools.law.matrix import Matrix, Row, Transition
from schemas.filing.state import STATUS_NAMES, Status

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
    return "\n".join(lines) + "\n"


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
    """Returns the position of a row's command in the order of the list."""
    return list(dict.fromkeys(one.command for one in rows)).index(row.command)
