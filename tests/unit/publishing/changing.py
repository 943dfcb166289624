"""Changes of a procedure file's content, and the mistakes that result."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

Raw: TypeAlias = dict[str, Any]


def parent(raw: Raw, path: str) -> tuple[Any, Any]:
    """Returns the container at the end of a path, and the key or index in it."""
    *outer, last = [int(key) if key.isdigit() else key for key in re.findall(r"[^.\[\]]+", path)]
    part: Any = raw
    for key in outer:
        part = part[key]
    return part, last


class Change(NamedTuple):
    """A change of a procedure, and the path to the changed place."""

    path: str
    make: Callable[[Raw], None]

    def __call__(self, raw: Raw) -> None:
        """Applies the change to `raw`."""
        self.make(raw)


def put(path: str, value: Any) -> Change:
    """Returns a change that writes `value` at `path`; an index one past the end of a list appends."""

    def change(raw: Raw) -> None:
        part, key = parent(raw, path)
        if isinstance(part, list) and key == len(part):
            part.append(value)
        else:
            part[key] = value

    return Change(path, change)


def drop(path: str) -> Change:
    def change(raw: Raw) -> None:
        part, key = parent(raw, path)
        del part[key]

    return Change(path, change)


def insert(path: str, value: Any) -> Change:
    def change(raw: Raw) -> None:
        part, key = parent(raw, path)
        part.insert(key, value)

    return Change(path, change)


def many(*changes: Change) -> Change:
    """Returns these changes combined into one, in order."""

    def change(raw: Raw) -> None:
        for one in changes:
            one(raw)

    return Change(changes[-1].path, change)


class Broken(NamedTuple):
    """A mistake: its name, the change of the valid procedure, and the one mistake that must be found."""

    name: str
    change: Change
    path: str
    rule: str


def wrong(name: str, rule: str, *changes: Change, at: str | None = None, below: str = "") -> Broken:
    """Returns a mistake at the place of the last change; `below` is added to this place, `at` replaces it."""
    change = many(*changes)
    return Broken(name, change, change.path + below if at is None else at, rule)
