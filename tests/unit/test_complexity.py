"""How many functions of the product have more branches than a reader keeps in mind at once."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeAlias

from tests.conftest import ROOT

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

MOST: Final = 10
"""McCabe's cyclomatic complexity, as radon counts it."""
CEILING: Final = 50
"""Functions above that. The number may only fall: lower it with each that is made simpler."""


BRANCHES: Final[dict[type[ast.AST], Callable[[Any], int]]] = {
    ast.If: lambda _: 1,
    ast.IfExp: lambda _: 1,
    ast.Assert: lambda _: 1,
    ast.For: lambda node: 1 + bool(node.orelse),
    ast.AsyncFor: lambda node: 1 + bool(node.orelse),
    ast.While: lambda node: 1 + bool(node.orelse),
    ast.Try: lambda node: len(node.handlers) + bool(node.orelse),
    ast.BoolOp: lambda node: len(node.values) - 1,
    ast.comprehension: lambda node: 1 + len(node.ifs),
    ast.Match: lambda node: len(node.cases) - any(map(takes_all, node.cases)),
}


def takes_all(case: ast.match_case) -> bool:
    """Whether a case is the rest, which is no way of its own."""
    return isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None


def complexity(function: Function) -> int:
    """The number of ways through a function, without functions and classes that stand in it."""
    return 1 + sum(BRANCHES[type(node)](node) for node in within(function.body) if type(node) in BRANCHES)


def within(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes and all that they hold, but for functions and classes."""
    for node in nodes:
        if not isinstance(node, Function | ast.ClassDef):
            yield node
            yield from within(ast.iter_child_nodes(node))


def test_no_more_functions_are_complex_than_were() -> None:
    rooms = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name}: {complexity(node)}"
        for room in rooms
        for file in sorted((ROOT / room).rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, Function) and complexity(node) > MOST
    ]
    assert len(found) <= CEILING, "\n".join([f"{len(found)} functions are complex, {CEILING} were", *found])
