"""The lines of a register for people: the columns of its form, cell by cell."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from rules.papers.custody.words import outcome_name
from rules.time.working_time import VIETNAM
from schemas.base import Text
from schemas.names import CHANNEL_NAMES
from schemas.papers.custody import Effort
from schemas.papers.register import RegisterEntry
from schemas.translate import said

Cell = str | int | datetime | None


class Column(NamedTuple):
    """A column: its title, its share of the width, and its cell for a filing."""

    title: Text
    share: int
    cell: Callable[[RegisterEntry], Cell]


def shown(cell: Cell) -> str:
    """A cell as text: instants in Vietnamese time; empty if unknown."""
    if isinstance(cell, datetime):
        return f"{cell.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
    return "" if cell is None else str(cell)


def _person(entry: RegisterEntry) -> str:
    return said("register.erased").vi if entry.applicant is None else entry.applicant


def _note(entry: RegisterEntry) -> str:
    parts = (
        entry.status_name.vi,
        None if entry.outcome is None else outcome_name(entry.outcome).vi,
        None if entry.desk is None else said("register.at_desk", desk=entry.desk).vi,
    )
    return "; ".join(part for part in parts if part)


COLUMNS: Final = (
    Column(said("paper.number"), 2, lambda entry: entry.n),
    Column(said("sheet.code"), 6, lambda entry: entry.code),
    Column(said("register.procedure"), 9, lambda entry: f"{entry.procedure_name.vi} ({entry.procedure})"),
    Column(said("register.sets"), 2, lambda entry: entry.sets),
    Column(said("register.applicant"), 7, _person),
    Column(said("register.contact"), 7, lambda entry: entry.contact),
    Column(said("register.agency"), 4, lambda entry: entry.agency),
    Column(said("register.received"), 4, lambda entry: entry.received_at),
    Column(said("register.appointment"), 4, lambda entry: entry.appointment),
    Column(said("register.returned"), 4, lambda entry: entry.returned_at),
    Column(said("register.way"), 5, lambda entry: CHANNEL_NAMES[entry.result_channel].vi),
    Column(said("register.recipient"), 5, lambda entry: entry.recipient),
    Column(said("paper.note"), 6, _note),
)
"""The columns of form 06 of Circular 01/2018/TT-VPCP, form 07 of Circular 03/2025, whose own text was not read."""


def _of_effort(cell: Callable[[Effort], Cell]) -> Callable[[RegisterEntry], Cell]:
    return lambda entry: None if entry.effort is None else cell(entry.effort)


EFFORT: Final = (
    Column(said("register.working_days"), 3, _of_effort(lambda effort: effort.working_days)),
    Column(said("register.visits"), 3, _of_effort(lambda effort: effort.visits)),
    Column(
        said("register.working_days_before"),
        3,
        _of_effort(lambda effort: None if effort.baseline is None else effort.baseline.working_days),
    ),
    Column(
        said("register.visits_before"),
        3,
        _of_effort(lambda effort: None if effort.baseline is None else effort.baseline.visits),
    ),
)
"""Columns that no form requires: the applicant's effort, beside the effort at level 1."""
