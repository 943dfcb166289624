"""The mutants of a file: one small change each, made by the mutators of mutmut."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

_NEVER_RUN: Final = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom)
"""Nodes that are not mutated: annotations are not evaluated; a changed import or decorator would fail at once."""
_NOT_CALLED: Final = frozenset({"len", "isinstance", "TypeVar"})
_LOGGERS: Final = frozenset({"debug", "info", "warning", "error"})
_WORDS: Final = slice(2, 4)
"""The arguments of `problem` that are text for people: no test checks wording."""


@dataclass(frozen=True)
class Mutant:
    """One change. `scope`: its function, or empty; `line` counts from 1."""

    path: str
    line: int
    scope: str
    before: str
    after: str
    ordinal: int

    @property
    def key(self) -> str:
        """The mutant's name, which is stable as long as its function is unchanged."""
        told = "\n".join((self.path, self.scope, self.before, self.after, str(self.ordinal)))
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def place(self) -> tuple[str, str]:
        return self.path, self.scope


def sampled(paths: Iterable[Path], root: Path, seed: int, most: int) -> list[Mutant]:
    """Returns at most `most` mutants, in an order that depends on the seed alone: the first ones are a sample, too."""
    found = [mutant for path in paths for mutant in mutants(path, root)]
    return sorted(found, key=lambda mutant: hashlib.sha256(f"{seed}:{mutant.key}".encode()).digest())[:most]


def mutants(path: Path, root: Path) -> Iterator[Mutant]:
    return (mutant for mutant, _, _ in _Changes.of(path, root).found)


def mutated(mutant: Mutant, root: Path) -> str:
    changes = _Changes.of(root / mutant.path, root)
    [(old, new)] = [(old, new) for found, old, new in changes.found if found == mutant]
    tree = changes.module.deep_replace(old, new)
    if not isinstance(tree, cst.Module):
        raise TypeError(f"no module any more: {mutant}")
    return tree.code


class _Changes(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, module: cst.Module, path: str) -> None:
        super().__init__()
        self.module = module
        self.found: list[tuple[Mutant, cst.CSTNode, cst.CSTNode]] = []
        self._path = path
        self._scope: list[str] = []
        self._words: set[cst.CSTNode] = set()
        self._alike: Counter[tuple[str, str, str]] = Counter()

    @classmethod
    def of(cls, path: Path, root: Path) -> _Changes:
        wrapper = MetadataWrapper(cst.parse_module(path.read_text()))
        changes = cls(wrapper.module, path.relative_to(root).as_posix())
        wrapper.visit(changes)
        return changes

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, _NEVER_RUN) or node in self._words or _is_left_out(node):
            return False
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "problem":
            self._words.update(node.args[_WORDS])
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._scope.append(node.name.value)
        for type_, operator in mutation_operators:
            if isinstance(node, type_):
                for new in operator(node):
                    self._keep(node, new)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._scope.pop()

    def _keep(self, old: cst.CSTNode, new: cst.CSTNode) -> None:
        said = (".".join(self._scope), self.module.code_for_node(old), self.module.code_for_node(new))
        line = self.get_metadata(PositionProvider, old).start.line
        self.found.append((Mutant(self._path, line, *said, self._alike[said]), old, new))
        self._alike[said] += 1


def _is_left_out(node: cst.CSTNode) -> bool:
    """Returns True for a call whose change affects only types or logs."""
    if isinstance(node, cst.Assign):
        return _is_left_out(node.value)
    if not isinstance(node, cst.Call):
        return False
    called = node.func
    if isinstance(called, cst.Attribute):
        return called.attr.value in _LOGGERS and isinstance(called.value, cst.Attribute)
    return isinstance(called, cst.Name) and called.value in _NOT_CALLED
