"""The events of complaints."""

from typing import Annotated, Literal

from ..base import AgencyCode, Code, Instant, Model, Personal
from ..files import FileRef
from ..filing.events import Claimed, Reassigned, Released
from ..limit import Limit
from ..publishing.calendar import Calendar, Day
from ..publishing.time_limits import DIALOGUE
from .state import ComplaintOutcome, ComplaintState, NotTakenUp, Obstacle, Touched


class Complained(Model):
    """The complaint was recorded. It is about one event of the filing, an act of the agency.

    `act` is the kind of that event, `about` its seq, and `step` its review step. `take_up` is the time limit to take
    the complaint up, and `answer` the limit from then to the answer; `longer` are the longer ones of a complex case, a
    remote place or a second complaint. `days` is the filing's calendar. `represented_until` is the last day on which a
    representative may act for the complainant.
    """

    kind: Literal["complained"] = "complained"
    n: int
    about: int
    act: str
    """kind of the event that the complaint is about; silence: nothing has followed from it"""
    against: int | None = None
    """number of the first complaint, if this is the second one"""
    higher: AgencyCode | None = None
    """code of the next authority, for a second complaint; not set if only the court is left"""
    first: ComplaintState | None = None
    """outcome of the first complaint, if this is the second one; taken_up or recorded: it has none in time"""
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
    longer: tuple[Limit, ...] = ()
    """limits for the answer that may take the place of `answer`, each one step longer"""
    dialogue_notice: Limit = DIALOGUE
    """least time from the invitation to a dialogue"""
    reminder: Limit
    days: Calendar
    """calendar for the limits of the complaint"""
    represented_until: Day | None = None
    """last day in Vietnam on which a representative may act for the complainant; not set: without end"""
    words: Annotated[str, Personal]
    document: Annotated[FileRef | None, Personal] = None
    side: Annotated[tuple[str, ...], Personal]
    touched: Annotated[Touched | None, Personal] = None
    known_on: Day | None = None
    """day on which the complainant came to know of the act, by their own words"""
    obstacles: Annotated[tuple[Obstacle, ...], Personal] = ()


class ComplaintTakenUp(Model):
    """The complaint was taken up (thụ lý): it is answered within `limit` of now."""

    kind: Literal["complaint_taken_up"] = "complaint_taken_up"
    officer: str
    acting_for: str | None = None
    limit: Limit
    """time limit for the answer"""
    remote: bool = False
    """whether the place is remote"""
    complex: Annotated[str | None, Personal] = None


class ComplaintNotTakenUp(Model):
    """The complaint was not taken up (không thụ lý), on this ground of Law 02/2011 art. 11."""

    kind: Literal["complaint_not_taken_up"] = "complaint_not_taken_up"
    officer: str
    acting_for: str | None = None
    ground: NotTakenUp
    """ground on which the complaint was not taken up"""
    reason: Annotated[str, Personal]


class ComplaintVerified(Model):
    """An officer who did not do the act has verified the complaint (xác minh)."""

    kind: Literal["complaint_verified"] = "complaint_verified"
    officer: str
    findings: Annotated[str, Personal]


class DialogueCalled(Model):
    """The complainant was invited to a dialogue (đối thoại)."""

    kind: Literal["dialogue_called"] = "dialogue_called"
    officer: str
    acting_for: str | None = None
    at: Instant
    """time of the dialogue"""
    place: Annotated[str, Personal]
    topics: Annotated[str, Personal]


class DialogueHeld(Model):
    """The dialogue took place, or the complainant did not come; the minutes say so (biên bản đối thoại)."""

    kind: Literal["dialogue_held"] = "dialogue_held"
    officer: str
    acting_for: str | None = None
    attended: bool
    """whether the complainant came"""
    minutes: Annotated[str, Personal]


class ActStayed(Model):
    """The act was stopped (tạm đình chỉ) until the answer, at the latest until `until`: the filing stands still.

    `stay` is the number of the stay among those of the complaint. `since` and `limit` are the running time limit for
    the answer, which ends at `until`.
    """

    kind: Literal["act_stayed"] = "act_stayed"
    officer: str
    acting_for: str | None = None
    stay: int = 1
    """number of the stay among those of the complaint"""
    until: Instant
    """end of the time limit for the answer, and of the stay"""
    since: Instant | None = None
    """start of the time limit for the answer"""
    limit: Limit | None = None
    """time limit for the answer"""
    reason: Annotated[str, Personal]


class StayLifted(Model):
    """The stay of the act was lifted before the answer."""

    kind: Literal["stay_lifted"] = "stay_lifted"
    officer: str
    acting_for: str | None = None
    reason: Annotated[str, Personal]


class StayEnded(Model):
    """The stay of the act ended: it was lifted, or ended with the complaint or with the time limit for its answer."""

    kind: Literal["stay_ended"] = "stay_ended"
    stay: int
    """number of the stay among those of the complaint"""


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

    If it was upheld, also in part, the filing restarts at the review step `step`; if `step` is not set, at the intake.
    """

    kind: Literal["complaint_answered"] = "complaint_answered"
    about: int
    outcome: ComplaintOutcome
    """upheld: the complaint is right; partly_upheld: right in part; rejected: wrong altogether"""
    officer: str
    acting_for: str | None = None
    step: Code | None = None
    """code of the review step where the filing starts again; not set for the intake"""
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


class AnswerSent(Model):
    """The decision on the complaint was sent: from now the time for a second complaint, or a suit, runs."""

    kind: Literal["answer_sent"] = "answer_sent"
    officer: str
    how: Annotated[str, Personal]


class SuitReported(Model):
    """The complainant has sued in court (khởi kiện): the complaint is not answered any more."""

    kind: Literal["suit_reported"] = "suit_reported"
    day: Day
    """day on which the court took the suit up"""
    court: Annotated[str, Personal]
    document: Annotated[FileRef | None, Personal] = None


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
_Handling = ComplaintTakenUp | ComplaintVerified | DialogueCalled | DialogueHeld | ActStayed | StayLifted | StayEnded
_End = ComplaintNotTakenUp | ComplaintAnswered | AnswerSent | ComplaintWithdrawn | SuitReported | ComplaintSettled
_Clock = ComplaintReminded | ComplaintOverdue | ComplaintCalendarChanged
ComplaintEvent = Complained | _Task | _Handling | _End | _Clock
