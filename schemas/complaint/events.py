"""The events of complaints."""

from typing import Annotated, Literal

from ..base import Code, Instant, Model, Personal
from ..files import FileRef
from ..filing.events import Claimed, Reassigned, Released
from ..limit import Limit
from ..publishing.calendar import Calendar, Day
from .state import ComplaintOutcome


class Complained(Model):
    """The complaint was recorded, about the filing's event with the kind `act` and the seq `about`.

    `step` is the review step of the event. The calendar is the filing's. `take_up` is the time limit to take the
    complaint up, `answer` the limit from then to the answer. `represented_until` is a representative's last day to act.
    """

    kind: Literal["complained"] = "complained"
    n: int
    about: int
    act: str
    """kind of the event that the complaint is about"""
    officer: str | None = None
    """identity of the officer whose act it was; not set if no officer acted"""
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
    """the calendar of its limits"""
    represented_until: Day | None = None
    """last day in Vietnam on which a representative may act for the complainant; not set: without end"""
    words: Annotated[str, Personal]
    document: Annotated[FileRef | None, Personal] = None
    side: Annotated[tuple[str, ...], Personal]


class ComplaintReminded(Model):
    """The officers or leaders responsible were reminded that the limit ends at `due`."""

    kind: Literal["complaint_reminded"] = "complaint_reminded"
    due: Instant


class ComplaintOverdue(Model):
    """The complaint was not taken up, or not answered, by `due`: it is in the team lead's queue."""

    kind: Literal["complaint_overdue"] = "complaint_overdue"
    due: Instant


class ComplaintAnswered(Model):
    """The answer (quyết định giải quyết khiếu nại).

    If upheld, the filing restarts at the review step `step`, or at the intake if that is not set.
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
    """The complaint was withdrawn (rút khiếu nại); `request` is the signed request, if the desk recorded it."""

    kind: Literal["complaint_withdrawn"] = "complaint_withdrawn"
    reason: Annotated[str, Personal]
    request: Annotated[FileRef | None, Personal] = None


class ComplaintSettled(Model):
    """The filing has restarted (`reopened`); or its state had changed since the act, and there was nothing to undo."""

    kind: Literal["complaint_settled"] = "complaint_settled"
    reopened: bool
    """whether the filing has started again; false: there was nothing left to undo"""


class ComplaintCalendarChanged(Model):
    """Another calendar is in force: the running limit ends at the time computed on it."""

    kind: Literal["complaint_calendar_changed"] = "complaint_calendar_changed"
    days: Calendar
    """the new calendar of its limits"""


_Task = Claimed | Released | Reassigned
_End = ComplaintAnswered | ComplaintWithdrawn | ComplaintSettled
ComplaintEvent = Complained | _Task | ComplaintReminded | ComplaintOverdue | _End | ComplaintCalendarChanged
