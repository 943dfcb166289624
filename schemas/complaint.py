"""A complaint (khiếu nại) about what an agency has done with a filing: made, given to an officer, answered."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from .base import AgencyCode, Code, Instant, Model, Personal, ShortText, Subject, unset
from .files import FileRef
from .filing.commands import Claim, Command, Reassign, Release, SystemCommand, Withdraw
from .filing.events import Claimed, Moment, Reassigned, Released
from .identity import SignedStatement
from .ids import digest
from .limit import Limit
from .people import Actor, Via
from .publishing.calendar import Calendar, Day

INTAKE: Final = "intake"
"""Where a filing starts again that starts at the beginning, beside the codes of its review steps."""

OPENING: Final = "complain"
"""The id of the command by which every complaint begins."""


class ComplaintOutcome(StrEnum):
    """What was answered: the complainant is right, or not."""

    UPHELD = "upheld"
    REJECTED = "rejected"


class ComplaintState(StrEnum):
    """Where a complaint stands."""

    RECORDED = "recorded"
    TAKEN_UP = "taken_up"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ComplaintStart(Model):
    """What the `n`-th complaint about a filing is started with.

    It is `about` the event of the filing with this seq. The desk records what the applicant has signed: the `document`.
    `statement` says, signed, who is speaking; it is no part of what the complaint says.
    """

    filing_id: UUID
    n: int = Field(ge=1, lt=2**31)
    about: int = Field(ge=1, lt=2**31)
    words: ShortText
    """what the complainant says"""
    document: FileRef | None = None
    """file of the complaint (đơn khiếu nại) that the applicant signed, where the desk records it"""
    actor: Actor
    via: Via
    """the authenticated program that passes this on, and the channel it came by"""
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)


def content_of_start(start: ComplaintStart) -> str:
    """The digest of a complaint: the same number with other content is another one."""
    return digest(start.model_dump(mode="json", exclude={"statement"}, exclude_none=True))


class Grounds(Model):
    """What the log tells of an event that is complained about.

    Attributes:
        act: The kind of the event, None for one that nobody may complain about.
        officer: Whose act it was; None where nobody has acted.
        step: The review step in which it was done; None for the intake.
        steps: The review steps that the filing had reached.
        until: Until when a complaint may be made; None as long as the applicant has no notice of it.
        complainants: Who may make it.
        side: Who stands on their side: none of them may answer it.
        represented_until: The last day on which a representative may act for them; None: without end.
        earlier: So many complaints there are about this filing.
        disputed: Whether one about this event waits for its answer.
    """

    agency: AgencyCode
    act: str | None = None
    officer: str | None = None
    step: Code | None = None
    steps: tuple[Code, ...] = ()
    until: Instant | None = None
    complainants: tuple[Actor, ...] = ()
    side: tuple[str, ...] = ()
    represented_until: Day | None = None
    earlier: int = 0
    disputed: bool = False
    take_up: Limit
    answer: Limit
    reminder: Limit
    calendar: Calendar


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


class Complaint(Model):
    """The fold of a complaint's events.

    `officer` made the act, `answerer` has the complaint, or has it `acting_for` an absent officer. `since` and `limit`
    are those of the clock that runs, which is `due` then. `reopened` says what became of the filing.
    """

    snapshot_version: int = 1
    filing_id: UUID
    n: int
    agency: AgencyCode
    seq: int = 0
    erased_at: Instant | None = Field(default=None, exclude_if=unset)
    state: ComplaintState = ComplaintState.RECORDED
    about: int = 0
    act: str = ""
    officer: str | None = None
    step: Code | None = None
    steps: tuple[Code, ...] = ()
    take_up: Limit | None = None
    answer: Limit | None = None
    reminder: Limit | None = None
    days: Calendar | None = None
    words: str = ""
    side: tuple[str, ...] = ()
    represented_until: Day | None = None
    answerer: str | None = None
    acting_for: str | None = None
    since: Instant | None = None
    limit: Limit | None = None
    due: Instant | None = None
    remind_at: Instant | None = None
    reminded: bool = False
    overdue: bool = False
    recorded_at: Instant | None = None
    answered_at: Instant | None = None
    start_at: Code | None = None
    reason: str | None = None
    legal_basis: str | None = None
    reopened: bool | None = None

    @property
    def whose_task(self) -> str | None:
        """Who has it, or in whose place they have it."""
        return self.acting_for or self.answerer


class Complain(Command):
    """Record the complaint, on these grounds."""

    kind: Literal["complain"] = "complain"
    start: ComplaintStart
    grounds: Grounds


class AnswerComplaint(Command):
    """Answer the complaint (giải quyết khiếu nại), with the reason and the law that says so.

    Upheld, the filing starts again at `start_at`: `intake`, or a step of the review; without it where the act was done.
    """

    kind: Literal["answer_complaint"] = "answer_complaint"
    outcome: ComplaintOutcome
    """upheld: the complainant is right; rejected: not"""
    reason: ShortText
    legal_basis: ShortText
    start_at: Code | None = None
    """where the filing starts again: intake, or code of a review step; without it where the act was done"""


COMPLAINT_COMMANDS: Final[tuple[type[Command], ...]] = (Claim, Release, Reassign, AnswerComplaint, Withdraw)
"""What may be asked of a complaint; each is an Update of `Complaint` under its kind."""


class RingComplaint(SystemCommand):
    """Its clock rang. What that means is judged by instants."""

    kind: Literal["ring_complaint"] = "ring_complaint"
    moment: Moment


class SettleUpheld(SystemCommand):
    """The filing has started again, or there is nothing to undo."""

    kind: Literal["settle_upheld"] = "settle_upheld"
    reopened: bool


class ComplaintTimer(Model):
    """What the clock of a complaint, by the name of its limit, will tell, and when."""

    clock: str
    due: Instant
    moment: Moment


class ComplaintFact(Model):
    """Signal `complaint_upheld` of a complaint to its filing."""

    n: int = Field(ge=1, lt=2**31)
    about: int = Field(ge=1, lt=2**31)
    step: Code | None = None
    officer: Subject


class ComplaintView(Model):
    """What is shown of a complaint: `due` while it waits, then the answer, and whether the filing was `reopened`.

    `seq` is of its last event.
    """

    filing_id: UUID
    n: int
    seq: int = 0
    about: int
    act: str
    """kind of the event that is complained about"""
    words: str
    """what the complainant says"""
    state: ComplaintState
    recorded_at: Instant
    """when it was recorded"""
    answerer: str | None = None
    """identity of the officer who has the complaint; not there while nobody has"""
    acting_for: str | None = None
    due: Instant | None = None
    overdue: bool = False
    answered_at: Instant | None = None
    """when it was answered or withdrawn; not there before that"""
    reason: str | None = None
    legal_basis: str | None = None
    reopened: bool | None = None
    """whether the filing has started again; not there where there was nothing to undo, or not yet"""
