"""The switch of running streams to a new calendar: the messages between the batch and its pages."""

from typing import Final

from ..base import Model
from ..publishing.calendar import CalendarName

REPROJECTION: Final = "Reprojection"
"""The workflow type of the batch."""


def workflow_id(calendar: CalendarName) -> str:
    """The id of the workflow that switches running streams to this calendar."""
    return f"calendar:{calendar}"


def command_id(calendar: CalendarName) -> str:
    """The id of the command that switches a stream to this calendar, once."""
    return f"calendar:{calendar.replace('@', ':')}"


class Reproject(Model):
    """The start input of the batch, with the number of streams `turned` so far.

    A run begins with the first stream again; streams that have switched are skipped.
    """

    calendar: CalendarName
    turned: int = 0


class Page(Model):
    """The next streams of a kind, after this one, that use another calendar."""

    calendar: CalendarName
    kind: str
    after: str


class Turned(Model):
    """The outcome of a page: the number of streams `asked`, and of those `turned` to the calendar.

    `last` is the start of the next page, None after the last. `superseded`: a later calendar is in force.
    """

    last: str | None = None
    asked: int = 0
    turned: int = 0
    superseded: bool = False
