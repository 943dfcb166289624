"""How the tests are laid out: what several of them need lies in modules that are no tests themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT


def imported(file: Path) -> Iterator[tuple[int, str]]:
    """Every name that a file imports, with all that it lies in, and the line on which it does."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module or ''}.{alias.name}") for alias in node.names)


def test_no_test_module_is_imported() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for file in sorted((ROOT / "tests").rglob("*.py"))
        for line, name in imported(file)
        if any(part.startswith("test_") for part in name.split("."))
    ]
    assert not found, "\n".join(["what tests share lies in a module beside them, named by its subject", *found])
