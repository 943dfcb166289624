"""The switch of running streams to a new calendar, page by page: the messages of the workflow and its activities."""

from typing import Final

from ..base import Model
from ..publishing.calendar import CalendarName

REPROJECTION: Final = "Reprojection"
"""The type of the workflow that switches streams to a new calendar."""


def workflow_id(calendar: CalendarName) -> str:
    """The id of the workflow that switches running streams to this calendar."""
    return f"calendar:{calendar}"


def command_id(calendar: CalendarName) -> str:
    """The id of the command that switches a stream to this calendar, once."""
    return f"calendar:{calendar.replace('@', ':')}"


class Reproject(Model):
    """The start input of the switch to a calendar; `turned` is the number of streams switched so far.

    Each run begins with the first stream again and skips streams that have switched.
    """

    calendar: CalendarName
    turned: int = 0


class Page(Model):
    """A request for the next page of streams of a kind, after the stream `after`, that use another calendar."""

    calendar: CalendarName
    kind: str
    after: str


class Turned(Model):
    """The outcome of a page: `asked` streams were requested to switch to the calendar, and `turned` of them did.

    `last` is the `after` of the next page; None on the last page. `superseded`: a later calendar is in force.
    """

    last: str | None = None
    asked: int = 0
    turned: int = 0
    superseded: bool = False
