"""The page docs/facts.md: each figure of each procedure with its source and its trust, and what is unconfirmed."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import reduce
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from publishing.checks.facts import is_unconfirmed, sourced

PROCEDURES: Final = Path(__file__).parents[3] / "procedures"
_SECONDARY: Final = re.compile(r"thứ cấp|báo chí|chưa đọc")
_FIGURES: Final = ("amount", "percent", "processing", "limit", "rounds", "times", "by", "years")
_STEPS: Final = re.compile(r"[^.\[\]]+")

WHY: Final = {
    "information": "the ministry's decision that publishes the procedure was not read",
    "legal_basis": "codes stand in the national database, which could not be read; some acts were not read",
    "limits_source": "limits of intake, issue and pick-up: the text of NĐ 118/2025 was found nowhere",
    "cases": "the special law says when a case is longer; not read for these",
    "figures": "the special law was not read",
    "papers": "the ministry's decision that publishes the procedure was not read",
    "form": "the circular's form was not read",
    "review": "inner steps are each agency's own process; the law limits the whole alone",
    "fee": "the amount, its limit or its return stands in a resolution of a province or a circular that was not read",
    "result": "the special law was not read",
    "supplement": "rounds and time of a supplement: the text of NĐ 118/2025 was found nowhere",
    "extension": "the special law was not read",
    "decided_by": "the division of tasks after 1/7/2025 was not read",
    "partial": "which paper of a special law keeps the procedure from being whole online was not read",
    "representation": "the paper that proves the representation stands in the ministry's decision, which was not read",
    "silent_approval": "the special law was not read",
    "succession": "that the right passes on, and for how long it waits, no special law was read for",
    "signature": "which filings need a signature: the circular on levels was not read",
    "automatic": "an example: each agency has its own order",
}
"""The reason for the unconfirmed facts of a part of a procedure."""


class Row(NamedTuple):
    """A fact: its procedure, its place in the file, its figure if it has one, its source and its trust."""

    procedure: str
    place: str
    figure: str
    source: str
    trust: str

    @property
    def part(self) -> str:
        """The part of the procedure to which the fact belongs."""
        return re.split(r"[.\[]", self.place, maxsplit=1)[0]


def rows() -> list[Row]:
    """Returns the facts of all procedures, in the order of their files."""
    return [row for file in sorted(PROCEDURES.glob("*.yaml")) for row in _of(file)]


def _of(file: Path) -> Iterator[Row]:
    raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    name = f"{raw['code']}@{raw['version']} {raw['name']['vi']}"
    for place, source, _ in sourced(raw, "", None):
        yield Row(name, place or "procedure", _figure(raw, place), source, _trust(source))


def _figure(raw: Any, place: str) -> str:
    """Returns the figures of the fact at this place, as the file has them; empty if it has none."""
    if place.startswith("limits_source."):
        return str(raw["limits"].get(place.partition(".")[2], ""))
    found: Any = reduce(lambda part, step: part[int(step) if step.isdigit() else step], _STEPS.findall(place), raw)
    if not isinstance(found, dict):
        return ""
    return ", ".join(str(found[name]) for name in _FIGURES if isinstance(found.get(name), int | float | str))


def _trust(source: str) -> str:
    if is_unconfirmed(source):
        return "unconfirmed"
    return "secondary" if _SECONDARY.search(source) else "cited"


def page() -> str:
    """Returns the page as Markdown. Raises `KeyError` if a part has unconfirmed facts and no reason in `WHY`."""
    found = rows()
    trusts = Counter(row.trust for row in found)
    lines = [_HEAD.format(**trusts, all=len(found)), *_summary(found)]
    for name, of_procedure in groupby(found, key=lambda row: row.procedure):
        lines += _table(name, list(of_procedure))
    return "\n".join(lines) + "\n"


_HEAD: Final = """\
# The facts of the procedures

Written by `python -m docs.tools.facts` from the files of `procedures/`; a test compares. Facts: {all}.
Those that cite the act they rest on: {cited}. From a secondary source, or an act that was not read: {secondary}.
Unconfirmed: {unconfirmed}; these are settings, which an agency holds against its own law before it publishes the
procedure. A procedure's tables have the facts with a figure.

## What is unconfirmed, and why

| Part | Facts | Unconfirmed | Why |
|---|---|---|---|"""


def _summary(found: list[Row]) -> Iterator[str]:
    facts, doubtful = (
        Counter(row.part for row in found),
        Counter(row.part for row in found if row.trust == "unconfirmed"),
    )
    for part, count in facts.items():
        if doubtful[part]:
            yield f"| `{part}` | {count} | {doubtful[part]} | {WHY[part]} |"


def _table(name: str, found: list[Row]) -> Iterator[str]:
    """Yields the lines about one procedure: the number of its facts without a figure, then a table of its figures."""
    other = Counter(row.trust for row in found if not row.figure)
    said = ", ".join(f"{count} {trust}" for trust, count in sorted(other.items()))
    yield from ("", f"## {name}", "", f"Facts without a figure: {said}.", "")
    yield from ("| Fact | Figure | Source | Trust |", "|---|---|---|---|")
    for row in found:
        if row.figure:
            yield f"| `{row.place}` | {row.figure} | {row.source} | {row.trust} |"
