"""Who reads the read models: the views, and the rooms that write, rebuild and check them; else no SQL names one."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from operations.rebuilding.shadow import read_models
from rules.streams import KINDS
from tests.conftest import ROOT

MAY: Final = (
    *("views", "activities/ledger", "recovery", "publishing", "operations", "verifier", "deploy/migrations"),
    *("tests", "benchmarks"),
)
READ_MODELS: Final = frozenset(read_models(KINDS))
NAMED: Final = re.compile(
    rf'\b(?:from|join|into|update|table|only)\s+(?:only\s+|if\s+exists\s+)*(?:public\.)?"?({"|".join(READ_MODELS)})\b',
    re.IGNORECASE,
)


def sources(under: Path = ROOT) -> list[Path]:
    """The programs in this folder, without what is installed beside them."""
    return [
        file for file in sorted(under.rglob("*.py")) if not any(part[0] == "." for part in file.relative_to(ROOT).parts)
    ]


def may_name(file: Path) -> bool:
    return any(file.is_relative_to(ROOT / room) for room in MAY)


def texts(tree: ast.AST) -> Iterator[str]:
    """Every string of a program; what an f-string takes in stands as `{}`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)


def named_in(program: str) -> set[str]:
    """The read models that the SQL of a program names."""
    return {name.lower() for text in texts(ast.parse(program)) for name in NAMED.findall(text)}


def test_nobody_else_names_a_read_model_in_sql() -> None:
    others = [file for file in sources() if not may_name(file)]
    assert {file.relative_to(ROOT).parts[0] for file in others} >= {"motcua", "workflows", "rules", "schemas", "deploy"}
    found = {str(file.relative_to(ROOT)): named_in(file.read_text(encoding="utf-8")) for file in others}
    assert {file: names for file, names in found.items() if names} == {}


def test_every_read_model_is_found_where_it_may_be_named() -> None:
    assert {"filing", "task", "payment", "parcel", "standing", "result", "money_receipt"} == READ_MODELS
    by_room = {
        room: set[str]().union(*(named_in(file.read_text(encoding="utf-8")) for file in sources(ROOT / room)))
        for room in ("views", "activities/ledger")
    }
    assert by_room["views"] == READ_MODELS
    assert "standing" in by_room["activities/ledger"]


@pytest.mark.parametrize(
    ("program", "names"),
    [
        ("q = 'select *\\nFROM\\n  filing f'", {"filing"}),
        ("q = f'select {x} from public.task where {y}'", {"task"}),
        ("q = 'select 1 from event ' 'join payment using (stream)'", {"payment"}),
        ("q = 'delete from only parcel'", {"parcel"}),
        ("q = 'Insert Into standing values (1)'", {"standing"}),
        ("q = 'update filing set seq = 1; drop table if exists \"task\"'", {"filing", "task"}),
        ("q = 'select * from filing_key, event where stream = 1 or filing = 2'", set()),
        ("x = filing  # select * from filing", set()),
    ],
)
def test_sql_is_seen_in_every_form(program: str, names: set[str]) -> None:
    assert named_in(program) == names


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield str(node.module)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_views_import_nothing_that_could_open_what_is_sealed() -> None:
    files = sources(ROOT / "views")
    modules = {name for file in files for name in imported(ast.parse(file.read_text(encoding="utf-8")))}
    rooms = {name.partition(".")[0] for name in modules}
    assert rooms - sys.stdlib_module_names == {"asyncpg", "pydantic_core", "rules", "schemas", "views"}
