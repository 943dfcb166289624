"""How a new calendar reaches what is running: the messages between the batch and its pages."""

from __future__ import annotations

from typing import Final

from ..base import Model
from ..publishing.calendar import CalendarName

REPROJECTION: Final = "Reprojection"
"""The type of the batch."""


def workflow_id(calendar: CalendarName) -> str:
    """The workflow that brings this calendar to what is running."""
    return f"calendar:{calendar}"


def command_id(calendar: CalendarName) -> str:
    """The command by which a stream goes over to this calendar, once."""
    return f"calendar:{calendar.replace('@', ':')}"


class Reproject(Model):
    """What the batch is started with, and how many streams it has `turned` so far.

    Nothing else is handed on: a run begins with the first stream, and those that have turned are not asked again.
    """

    calendar: CalendarName
    turned: int = 0


class Page(Model):
    """The streams of a kind that come after this one and go by another calendar."""

    calendar: CalendarName
    kind: str
    after: str


class Turned(Model):
    """What became of a page: how many were `asked`, and how many `turned` to the calendar.

    `last` is where the next page begins, None after the last. `superseded`: a later calendar is in force.
    """

    last: str | None = None
    asked: int = 0
    turned: int = 0
    superseded: bool = False
