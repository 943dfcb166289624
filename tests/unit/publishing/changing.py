"""Changes of what a file says, and what is then wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

Raw: TypeAlias = dict[str, Any]


def _keys(path: str) -> list[str | int]:
    return [int(key) if key.isdigit() else key for key in re.findall(r"[^.\[\]]+", path)]


def parent(raw: Raw, path: str) -> tuple[Any, Any]:
    """The part in which the end of a path lies, and its key or place in there."""
    *outer, last = _keys(path)
    part: Any = raw
    for key in outer:
        part = part[key]
    return part, last


class Change(NamedTuple):
    """What is done to a procedure, and where."""

    path: str
    make: Callable[[Raw], None]

    def __call__(self, raw: Raw) -> None:
        """Changes `raw`."""
        self.make(raw)


def put(path: str, value: Any) -> Change:
    """Writes `value` at `path`; one behind the end of a list adds to it."""

    def change(raw: Raw) -> None:
        part, key = parent(raw, path)
        if isinstance(part, list) and key == len(part):
            part.append(value)
        else:
            part[key] = value

    return Change(path, change)


def drop(path: str) -> Change:
    """Takes what is at `path` away."""

    def change(raw: Raw) -> None:
        part, key = parent(raw, path)
        del part[key]

    return Change(path, change)


def insert(path: str, value: Any) -> Change:
    """Writes `value` into a list, before what is at `path`."""

    def change(raw: Raw) -> None:
        part, key = parent(raw, path)
        part.insert(key, value)

    return Change(path, change)


def many(*changes: Change) -> Change:
    """All of the changes, in order."""

    def change(raw: Raw) -> None:
        for one in changes:
            one(raw)

    return Change(changes[-1].path, change)


class Broken(NamedTuple):
    """What is wrong, how the good procedure is changed, and the one mistake that must be found."""

    name: str
    change: Change
    path: str
    rule: str


def wrong(name: str, rule: str, *changes: Change, at: str | None = None, below: str = "") -> Broken:
    """The mistake is where the last change is made, or `below` that, unless it is `at` another place."""
    change = many(*changes)
    return Broken(name, change, change.path + below if at is None else at, rule)
