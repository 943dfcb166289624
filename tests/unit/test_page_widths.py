"""How wide the pages are: a line of prose is at most 130 characters, a cell of a table 160."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.conftest import ROOT
from tests.walking import walked

PAGES: Final = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])
PROSE: Final = 130
CELL: Final = 160
CODE: Final = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
UNREAD: Final = re.compile(r"\]\([^)]*\)|`tests/[^`]*`")
"""The parts of a cell that can't be broken and are no words: the address of a link, the name of a test."""


def too_wide(page: Path) -> Iterator[str]:
    """The place and width of every line of prose, and of every cell, that is too wide; code may be as wide as it is."""
    text = CODE.sub(lambda code: "\n" * code[0].count("\n"), page.read_text("utf-8"))
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("|"):
            cells = (UNREAD.sub("", cell.strip()) for cell in re.split(r"(?<!\\)\|", line.strip().strip("|")))
            yield from (f"{number}: a cell of {len(cell)}" for cell in cells if len(cell) > CELL)
        elif len(line) > PROSE and " " in line.strip():
            yield f"{number}: a line of {len(line)}"


@walked("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)), at_least=50)
def test_no_line_and_no_cell_is_too_wide(page: Path) -> None:
    assert list(too_wide(page)) == []
