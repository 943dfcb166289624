"""Rows as they are and as they should be: every one that differs, by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

Row = dict[str, Any]


class Why(StrEnum):
    """How a row is not what it should be."""

    MISSING = "missing"
    EXTRA = "extra"
    DIFFERS = "differs"
    UNREADABLE = "unreadable"
    UNAPPROVED = "unapproved"


class Difference(NamedTuple):
    """A row that is wrong. Names the columns, never what stands in them."""

    table: str
    row: str
    why: Why
    columns: tuple[str, ...] = ()


MOST: Final = 5
"""So many rows are named; `motcua ledger verify` names all."""


def listed(differences: Sequence[Difference]) -> str:
    """The names of the first of these rows, and how each is not what it should be."""
    return ", ".join(f"{one.table} {one.row} ({one.why})" for one in differences[:MOST])


def compared(table: str, wanted: Mapping[str, Row], there: Mapping[str, Any]) -> list[Difference]:
    """The rows by their names that are missing, too many, or other in a column that is told."""
    missing = [Difference(table, name, Why.MISSING) for name in wanted.keys() - there.keys()]
    extra = [Difference(table, name, Why.EXTRA) for name in there.keys() - wanted.keys()]
    both = {name: wrong(wanted[name], there[name]) for name in wanted.keys() & there.keys()}
    differing = [Difference(table, name, Why.DIFFERS, columns) for name, columns in both.items() if columns]
    return sorted(missing + extra + differing)


def wrong(expected: Row, stored: Any) -> tuple[str, ...]:
    """The columns in which a row is not what is expected of it."""
    return tuple(column for column, value in expected.items() if stored[column] != value)
