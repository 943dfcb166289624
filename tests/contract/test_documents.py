"""The tests, links and code that the documents name exist, and the glossary has each word of the contract."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from schemas.filing.commands import PUBLIC_COMMANDS
from schemas.filing.events import Clock
from schemas.filing.state import Closing, Stage
from schemas.people import Role
from tests.conftest import ROOT
from tests.walking import walked

PAGES: Final = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")])


def heading_ids(page: Path) -> set[str]:
    """Returns the anchors of a page, made from its headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@walked("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)), at_least=50)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        if "://" in name or "NNNN" in name:
            continue
        target = page if not name else (page.parent / name)
        if not target.exists() or (anchor and anchor not in heading_ids(target)):
            broken.append(link)
    assert broken == []


@walked("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)), at_least=50)
def test_every_test_that_is_named_as_a_proof_is_there(page: Path) -> None:
    named = re.findall(r"(tests/[\w/]+\.py)::(\w+)", page.read_text(encoding="utf-8"))
    assert [
        f"{file}::{test}"
        for file, test in named
        if not (ROOT / file).exists() or f"def {test}(" not in (ROOT / file).read_text(encoding="utf-8")
    ] == []


@walked("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)), at_least=50)
def test_every_file_of_ours_that_is_named_is_there(page: Path) -> None:
    named = re.findall(r"`([a-z]\w*(?:/\w+)+\.(?:py|po|sql|yaml|typ))`", page.read_text(encoding="utf-8"))
    ours = [file for file in named if (ROOT / file.partition("/")[0] / "__init__.py").exists()]
    assert [file for file in ours if not (ROOT / file).exists()] == []


def quotations(page: Path) -> Iterator[tuple[str, str]]:
    """Yields pairs for a page's code blocks: the file that the first line names, and each piece between lines `# …`."""
    for block in re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        first, _, rest = block.partition("\n")
        if re.fullmatch(r"# [\w/]+\.py", first) and (ROOT / first[2:]).exists():
            for piece in rest.split("# …\n"):
                yield first[2:], piece


@walked("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)), at_least=50)
def test_quoted_code_is_what_stands_in_the_file(page: Path) -> None:
    assert [(file, piece) for file, piece in quotations(page) if piece not in (ROOT / file).read_text()] == []


def test_the_step_that_is_worked_through_is_quoted() -> None:
    assert {
        "schemas/filing/events.py",
        "rules/filing/changes.py",
        "schemas/filing/commands.py",
        "rules/filing/commands/with_applicant.py",
    } < {file for file, _ in quotations(ROOT / "CONTRIBUTING.md")}


# The glossary names what there is: every word of the contract once, and every place it points to.

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


def test_the_glossary_has_every_term_once_and_points_to_what_is_there() -> None:
    terms = [term for row in ROWS for term in row[0].split(", ")]
    assert sorted(terms) == sorted(set(terms))
    assert [row for row in ROWS if len(row) != 5 or not all(row)] == []
    assert [place for place in named(3) if not (ROOT / place).exists()] == []
