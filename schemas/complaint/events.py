"""The events of complaints."""

from __future__ import annotations

from typing import Annotated, Literal

from ..base import Code, Instant, Model, Personal
from ..files import FileRef
from ..filing.events import Claimed, Reassigned, Released
from ..limit import Limit
from ..publishing.calendar import Calendar, Day
from .state import ComplaintOutcome


class Complained(Model):
    """The complaint was recorded, about an `act`: the filing's event with the seq `about`, done in this `step`.

    It goes by the limits and the calendar of the filing: so long to `take_up`, then so long to `answer`.
    A representative may speak for the complainant up to the day `represented_until`.
    """

    kind: Literal["complained"] = "complained"
    n: int
    about: int
    act: str
    """kind of the event that is complained about"""
    officer: str | None = None
    """identity of the officer whose act it was; not there where nobody has acted"""
    step: Code | None = None
    """code of the review step in which the act was done; not there for the intake"""
    steps: tuple[Code, ...] = ()
    """codes of the review steps that the filing had reached"""
    take_up: Limit
    """how long a complaint may wait to be taken up (thụ lý)"""
    answer: Limit
    """how long there is to answer it once it was taken up"""
    reminder: Limit
    """how long before its end a limit reminds the officer"""
    days: Calendar
    """the calendar that it goes by"""
    represented_until: Day | None = None
    """last day in Vietnam on which somebody may act for the complainant; not there: without end"""
    words: Annotated[str, Personal]
    document: Annotated[FileRef | None, Personal] = None
    side: Annotated[tuple[str, ...], Personal]


class ComplaintReminded(Model):
    """Who must act was told that it soon is `due`."""

    kind: Literal["complaint_reminded"] = "complaint_reminded"
    due: Instant


class ComplaintOverdue(Model):
    """It was not taken up, or not answered, by `due`: the team lead has it in their queue."""

    kind: Literal["complaint_overdue"] = "complaint_overdue"
    due: Instant


class ComplaintAnswered(Model):
    """The answer (quyết định giải quyết khiếu nại). Upheld, the filing starts again at `step`, without it at intake."""

    kind: Literal["complaint_answered"] = "complaint_answered"
    about: int
    outcome: ComplaintOutcome
    """upheld: the complainant is right; rejected: not"""
    officer: str
    acting_for: str | None = None
    step: Code | None = None
    """code of the review step where the filing starts again; not there for the intake"""
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


class ComplaintWithdrawn(Model):
    """The complainant withdrew it (rút khiếu nại); `request` is what they signed, where the desk recorded it."""

    kind: Literal["complaint_withdrawn"] = "complaint_withdrawn"
    reason: Annotated[str, Personal]
    request: Annotated[FileRef | None, Personal] = None


class ComplaintSettled(Model):
    """The filing was `reopened`, or no longer stood where the act had put it: there was nothing to undo."""

    kind: Literal["complaint_settled"] = "complaint_settled"
    reopened: bool
    """whether the filing has started again; false: there was nothing to undo any more"""


class ComplaintCalendarChanged(Model):
    """Another calendar is in force: the limit that runs ends as it says."""

    kind: Literal["complaint_calendar_changed"] = "complaint_calendar_changed"
    days: Calendar
    """the calendar that it goes by from then on"""


ComplaintEvent = (
    Complained
    | Claimed
    | Released
    | Reassigned
    | ComplaintReminded
    | ComplaintOverdue
    | ComplaintAnswered
    | ComplaintWithdrawn
    | ComplaintSettled
    | ComplaintCalendarChanged
)
