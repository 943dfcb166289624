"""Compares stored rows with expected rows, and lists the name of each row that is missing, extra or different."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

Row = dict[str, Any]


class Why(StrEnum):
    """The way in which a row is wrong."""

    MISSING = "missing"
    EXTRA = "extra"
    DIFFERS = "differs"
    UNREADABLE = "unreadable"
    UNAPPROVED = "unapproved"


class Difference(NamedTuple):
    """A wrong row: its table, its name and its fault, with the names of the differing columns but never the values."""

    table: str
    row: str
    why: Why
    columns: tuple[str, ...] = ()


MOST: Final = 5
"""Maximum number of rows that `listed` names; `motcua ledger verify` names all."""


def listed(differences: Sequence[Difference]) -> str:
    """Returns a text with the first `MOST` wrong rows: the table, the name and the fault of each."""
    return ", ".join(f"{one.table} {one.row} ({one.why})" for one in differences[:MOST])


def compared(table: str, wanted: Mapping[str, Row], there: Mapping[str, Any]) -> list[Difference]:
    """Returns the rows of `table` that are missing, extra, or different in an expected column."""
    missing = [Difference(table, name, Why.MISSING) for name in wanted.keys() - there.keys()]
    extra = [Difference(table, name, Why.EXTRA) for name in there.keys() - wanted.keys()]
    both = {name: wrong(wanted[name], there[name]) for name in wanted.keys() & there.keys()}
    differing = [Difference(table, name, Why.DIFFERS, columns) for name, columns in both.items() if columns]
    return sorted(missing + extra + differing)


def wrong(expected: Row, stored: Any) -> tuple[str, ...]:
    """Returns the columns in which a stored row differs from the expected one."""
    return tuple(column for column, value in expected.items() if stored[column] != value)
