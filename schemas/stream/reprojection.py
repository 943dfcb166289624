"""The switch of running streams to a new calendar, page by page: the messages of the workflow and its activities."""

from typing import Final

from ..base import Model
from ..publishing.calendar import CalendarName

REPROJECTION: Final = "Reprojection"
"""The type of the workflow that switches streams to a new calendar."""


def workflow_id(calendar: CalendarName) -> str:
    """Returns the id of the workflow that switches running streams to this calendar."""
    return f"calendar:{calendar}"


def command_id(calendar: CalendarName) -> str:
    """Returns the id of the command that switches a stream to this calendar. The id lets a stream switch only once."""
    return f"calendar:{calendar.replace('@', ':')}"


class Reproject(Model):
    """The start input of the switch to a calendar; `turned` is the number of streams switched so far.

    Each run begins with the first stream again and skips streams that have switched.
    """

    calendar: CalendarName
    turned: int = 0


class Page(Model):
    """A request for a page of streams of one kind that still use another calendar, from the stream after `after` on."""

    calendar: CalendarName
    kind: str
    after: str


class Turned(Model):
    """The outcome of a page: `asked` streams were requested to switch to the calendar, and `turned` of these did.

    `last` is the value of `after` for the next page; None on the last page. `superseded`: whether a later calendar is
    in force.
    """

    last: str | None = None
    asked: int = 0
    turned: int = 0
    superseded: bool = False
