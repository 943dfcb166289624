"""The events of complaints."""

from typing import Annotated, Literal

from ..base import Code, Instant, Model, Personal
from ..files import FileRef
from ..filing.events import Claimed, Reassigned, Released
from ..limit import Limit
from ..publishing.calendar import Calendar, Day
from .state import ComplaintOutcome


class Complained(Model):
    """The complaint was recorded. It is about one event of the filing, an act of the agency.

    `act` is the kind of that event, `about` its seq, and `step` its review step. `take_up` is the time limit to take
    the complaint up, and `answer` the limit from then to the answer. `days` is the filing's calendar.
    `represented_until` is the last day on which a representative may act for the complainant.
    """

    kind: Literal["complained"] = "complained"
    n: int
    about: int
    act: str
    """kind of the event that the complaint is about"""
    officer: str | None = None
    """identity of the officer who did the act; not set if no officer did"""
    step: Code | None = None
    """code of the review step in which the act was done; not set for the intake"""
    steps: tuple[Code, ...] = ()
    """codes of the review steps that the filing had reached"""
    take_up: Limit
    """time limit to take the complaint up (thụ lý)"""
    answer: Limit
    """time limit for the answer, once the complaint was taken up"""
    reminder: Limit
    days: Calendar
    """calendar for the limits of the complaint"""
    represented_until: Day | None = None
    """last day in Vietnam on which a representative may act for the complainant; not set: without end"""
    words: Annotated[str, Personal]
    document: Annotated[FileRef | None, Personal] = None
    side: Annotated[tuple[str, ...], Personal]


class ComplaintReminded(Model):
    """The people who must act were reminded that the limit of the complaint ends at `due`."""

    kind: Literal["complaint_reminded"] = "complaint_reminded"
    due: Instant


class ComplaintOverdue(Model):
    """The complaint was not taken up, or not answered, by `due`: it is in the team lead's queue."""

    kind: Literal["complaint_overdue"] = "complaint_overdue"
    due: Instant


class ComplaintAnswered(Model):
    """The complaint was answered (quyết định giải quyết khiếu nại).

    If it was upheld, the filing restarts at the review step `step`, or at the intake if `step` is not set.
    """

    kind: Literal["complaint_answered"] = "complaint_answered"
    about: int
    outcome: ComplaintOutcome
    """upheld: the complainant is right; rejected: the complainant is not right"""
    officer: str
    acting_for: str | None = None
    step: Code | None = None
    """code of the review step where the filing starts again; not set for the intake"""
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


class ComplaintWithdrawn(Model):
    """The complaint was withdrawn (rút khiếu nại). `request` is the signed request, set if the desk recorded it."""

    kind: Literal["complaint_withdrawn"] = "complaint_withdrawn"
    reason: Annotated[str, Personal]
    request: Annotated[FileRef | None, Personal] = None


class ComplaintSettled(Model):
    """An upheld complaint was settled. `reopened` is false if the filing had changed, and there was nothing to undo."""

    kind: Literal["complaint_settled"] = "complaint_settled"
    reopened: bool
    """whether the filing has started again; false: there was nothing left to undo"""


class ComplaintCalendarChanged(Model):
    """Another calendar is in force: the end of the running limit is computed on it."""

    kind: Literal["complaint_calendar_changed"] = "complaint_calendar_changed"
    days: Calendar
    """the new calendar, for the limits of the complaint"""


_Task = Claimed | Released | Reassigned
_End = ComplaintAnswered | ComplaintWithdrawn | ComplaintSettled
ComplaintEvent = Complained | _Task | ComplaintReminded | ComplaintOverdue | _End | ComplaintCalendarChanged
