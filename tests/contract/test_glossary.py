"""The glossary names what there is: every word of the contract once, and every place it points to."""

from __future__ import annotations

import re
from typing import Final

import pytest

from schemas.filing.commands import PUBLIC_COMMANDS
from schemas.filing.events import Clock
from schemas.filing.state import Closing, Stage
from schemas.people import Role
from tests.conftest import ROOT

ROWS: Final = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| Tiếng Việt")
]


def named(column: int) -> list[str]:
    return [name for row in ROWS for name in re.findall(r"`([^`]+)`", row[column])]


@pytest.mark.parametrize(
    "words",
    [
        [model.model_fields["kind"].default for model in PUBLIC_COMMANDS],
        list(Role),
        list(Clock),
        list(Stage),
        list(Closing),
    ],
    ids=["commands", "roles", "clocks", "stages", "endings"],
)
def test_it_has_every_word_of(words: list[str]) -> None:
    assert [word for word in words if word not in {*named(1), *named(2)}] == []


def test_it_has_every_term_once() -> None:
    terms = [term for row in ROWS for term in row[0].split(", ")]
    assert sorted(terms) == sorted(set(terms))


def test_every_row_is_whole_and_points_to_something_that_is_there() -> None:
    assert [row for row in ROWS if len(row) != 5 or not all(row)] == []
    assert [place for place in named(3) if not (ROOT / place).exists()] == []
