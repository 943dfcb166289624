"""Counts trials by cell, over all runs; a cell is a command, a moment of the kill, and a fault."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import Any, Final

from rules.streams import KINDS
from schemas.identity.statement import COMPLAIN, SUBMIT


class Kill(StrEnum):
    """The moment at which the worker is killed."""

    BEFORE = "before it is taken"
    TAKEN = "taken, not appended"
    APPENDING = "in the append"
    COMMITTED = "committed, not answered"
    ANSWERED = "answered"


class Fault(StrEnum):
    """The reason for which the command is forbidden when it is repeated."""

    LIMIT = "limit passed"
    OVER = "statement over"
    REVOKED = "key revoked"
    NARROWED = "grant narrowed"
    ROLE = "role taken"
    RULES = "rules changed"


class Way(StrEnum):
    """The worker that gets the repeat of the command."""

    NEW = "a new worker"
    CACHED = "a worker that was cut off, and knows the run from before"
    TWO = "another worker that was there all the time"
    TWICE = "a new worker, and one more after it"
    BUILD = "a worker of another build, to which everything is handed"


COMMANDS: Final = frozenset(
    {f"filing.{SUBMIT}", f"complaint.{COMPLAIN}"}
    | {f"{kind.name}.{model.model_fields['kind'].default}" for kind in KINDS.values() for model in kind.commands}
)
"""Each command that people give, as `<kind of stream>.<command>`."""


@dataclass
class Figures:
    """The counts of trials. `faults`: the faults that are possible for each command that was given."""

    cells: Counter[tuple[str, Kill, Fault]] = field(default_factory=Counter)
    faults: dict[str, set[Fault]] = field(default_factory=lambda: defaultdict(set))
    ways: Counter[tuple[Kill, Way]] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    replayed: int = 0

    def resume(self, file: Path) -> None:
        """Adds the figures of earlier runs, without their violations."""
        told = json.loads(file.read_text(encoding="utf-8"))
        for command, kills in told["seen"].items():
            for kill, faults in kills.items():
                self.cells.update({(command, Kill(kill), Fault(fault)): n for fault, n in faults.items()})
        for command, faults in told["faults"].items():
            self.faults[command] |= set(map(Fault, faults))
        self.ways.update({(Kill(kill), Way(way)): n for kill, ways in told["ways"].items() for way, n in ways.items()})
        self.outcomes.update(told["outcomes"])
        self.replayed += told["replayed"]

    def as_json(self) -> str:
        """Returns the figures as JSON, in the form that `resume` reads."""
        told = {
            "commands": sorted(self.faults),
            "cells": len(self.cells),
            "tries": self.cells.total(),
            "pairs": dict(self._pairs()),
            "not_given": sorted(COMMANDS - self.faults.keys()),
            "seen": _nested((command, kill, fault, n) for (command, kill, fault), n in sorted(self.cells.items())),
            "faults": {command: sorted(faults) for command, faults in sorted(self.faults.items())},
            "ways": _nested((kill, way, n) for (kill, way), n in sorted(self.ways.items())),
            "outcomes": dict(sorted(self.outcomes.items())),
            "replayed": self.replayed,
            "violations": self.violations,
        }
        return json.dumps(told, indent=1, ensure_ascii=False)

    def summary(self) -> str:
        """Returns the numbers of seen and of possible cells and pairs, and lists the pairs that were not seen."""
        possible = sum(len(Kill) * len(faults) for faults in self.faults.values())
        lines = [f"cells: {len(self.cells)} of {possible}, {self.cells.total()} tries"]
        for pair, told in self._pairs():
            lines += [
                f"{pair}: {told['seen']} of {told['possible']}",
                *(f"  missing: {one}" for one in told["missing"]),
            ]
        return "\n".join([*lines, f"not given: {', '.join(sorted(COMMANDS - self.faults.keys())) or '-'}"])

    def _pairs(self) -> Iterator[tuple[str, dict[str, Any]]]:
        every = {(command, fault) for command, faults in self.faults.items() for fault in faults}
        of: dict[str, tuple[set[tuple[str, str]], set[tuple[str, str]]]] = {
            "command x kill": (set(product(self.faults, Kill)), {(command, kill) for command, kill, _ in self.cells}),
            "command x fault": (set(every), {(command, fault) for command, _, fault in self.cells}),
            "kill x fault": (
                set(product(Kill, {fault for _, fault in every})),
                {(kill, fault) for _, kill, fault in self.cells},
            ),
        }
        for name, (possible, seen) in of.items():
            missing = sorted(f"{one}: {other}" for one, other in possible - seen)
            yield name, {"seen": len(possible & seen), "possible": len(possible), "missing": missing}


def _nested(rows: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """Returns the rows as nested objects, a level for each column; the last column is the value."""
    told: dict[str, Any] = {}
    for *place, last, value in rows:
        at = told
        for name in place:
            at = at.setdefault(name, {})
        at[last] = value
    return told
