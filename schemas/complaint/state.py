"""The state of complaints, and their messages that are neither events nor commands."""

from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import Field

from ..base import AgencyCode, Code, HandedIn, Instant, Line, Model, ShortText, Subject, unset
from ..files import FileRef
from ..filing.events import Moment
from ..identity.statement import SignedStatement
from ..ids import digest
from ..limit import Limit
from ..people import Actor, Via
from ..publishing.calendar import Calendar, Day
from ..publishing.time_limits import DIALOGUE
from ..stream.part import StreamState

__all__ = ["ComplaintFact", "ComplaintOutcome", "ComplaintStart", "ComplaintState", "ComplaintView", "NotTakenUp"]
__all__ += ["Obstacle", "StayEndFact", "StayFact", "Touched", "content_of_start"]

INTAKE: Final = "intake"
"""The name for a restart from the beginning. Any other name is the code of a review step of the filing."""

OPENING: Final = "complain"
"""The id of the command that begins every complaint."""


SILENCE: Final = "silence"
"""The name of the act in a complaint about the agency's silence: nothing followed an act of the applicant's side."""


class ComplaintOutcome(StrEnum):
    """The conclusion on a complaint: right, right in part, or wrong altogether (Law 02/2011 art. 31 and 40)."""

    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    REJECTED = "rejected"


class ComplaintState(StrEnum):
    """The state of a complaint."""

    RECORDED = "recorded"
    TAKEN_UP = "taken_up"
    NOT_TAKEN_UP = "not_taken_up"
    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    SUED = "sued"


class NotTakenUp(StrEnum):
    """The grounds on which a complaint is not taken up, in the order of Law 02/2011 art. 11."""

    INTERNAL = "internal"
    NOT_CONCERNED = "not_concerned"
    NO_CAPACITY = "no_capacity"
    NOT_REPRESENTED = "not_represented"
    NOT_SIGNED = "not_signed"
    OUT_OF_TIME = "out_of_time"
    ANSWERED_TWICE = "answered_twice"
    DISCONTINUED = "discontinued"
    IN_COURT = "in_court"


class Touched(Model):
    """A complainant who is not of the applicant's side, and how the act touches them (Law 02/2011 art. 2 k8, 8 k2)."""

    name: Line
    """full name of the complainant"""
    address: Line
    """address of the complainant, for the notices and the decision"""
    how: ShortText
    """rights and interests of the complainant that the act touches directly"""


class Obstacle(Model):
    """An obstacle to the complaint. Its days, first and last included, do not count in the time limit (art. 9)."""

    first: Day
    """first day of the obstacle, in Vietnam"""
    last: Day
    """last day of the obstacle, in Vietnam"""
    reason: ShortText
    """the obstacle: illness, disaster, a mission or studies far away, another one"""


class Claim(Model):
    """The fields of a complaint from which its `Grounds` are looked up in the log.

    Attributes:
        about: The seq of the disputed event.
        against: The number of the first complaint, for a second one; else None.
        touched: Whether the complainant is not of the applicant's side.
    """

    about: int
    against: int | None = None
    touched: bool = False


class ComplaintStart(HandedIn):
    """The start input of the `n`-th complaint about a filing.

    `about` is the seq of the filing's event that the complaint is about; if that is an act of the applicant's side, the
    complaint is about the agency's silence since. With `against` it is a second complaint (khiếu nại lần hai), to the
    next authority. `document` is the file that the complainant signed, if the desk records the complaint, else None.
    `statement` is the signed identity of the caller, which does not count as content.
    """

    filing_id: UUID
    n: int = Field(ge=1, lt=2**31)
    about: int = Field(ge=1, lt=2**31)
    words: ShortText
    """the complaint in the complainant's words"""
    document: FileRef | None = None
    """file of the complaint (đơn khiếu nại) that the complainant signed, if the desk records it"""
    against: int | None = Field(default=None, ge=1, lt=2**31)
    """number of the first complaint, if this is the second one: its answer, or its missing answer, is disputed"""
    touched: Touched | None = None
    """the complainant, if neither the applicant nor the representative complains; from the desk alone"""
    known_on: Day | None = None
    """day on which a touched complainant came to know of the act, or the first answer was received; not set: at once"""
    obstacles: tuple[Obstacle, ...] = Field(default=(), max_length=8, exclude_if=unset)
    """times of objective obstacles, which don't count"""
    actor: Actor
    via: Via
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)


def claim_of(start: ComplaintStart) -> Claim:
    """Returns the fields of a complaint from which its `Grounds` are looked up in the log."""
    return Claim(about=start.about, against=start.against, touched=start.touched is not None)


def content_of_start(start: ComplaintStart) -> str:
    """Returns the digest of a complaint's content. A complaint with the same number and another digest is refused."""
    return digest(start.model_dump(mode="json", exclude={"statement"}, exclude_none=True))


class Grounds(Model):
    """The facts in the log about an event that a complaint is about.

    Attributes:
        agency: The agency that answers the complaint.
        higher: The next authority, for a second complaint after this one; None if the directory names none.
        first: The state of the first complaint, if this is the second one; else None.
        act: The kind of the event, or `SILENCE`; None if the filing has no such event.
        officer: The officer accountable for the act; None if no officer acted.
        step: The review step of the act; None for the intake.
        steps: The review steps that the filing had reached.
        known_at: The start of the limit `within` for making the complaint; None if this limit has not started.
        until: The end of the limit `within`, without regard to obstacles.
        complainants: The people who may make the complaint; empty for a touched complainant, for whom the desk acts.
        side: The people on the applicant's side: none of them may answer the complaint.
        represented_until: The last day on which a representative may act for the complainant; None if it has no end.
        earlier: The number of earlier complaints about this filing.
        barred: The rule that bars the complaint because an earlier one exists, or is missing; None if no rule does.
        answer: The time limit of the answer.
        longer: The limits that may replace `answer`, from the shortest to the longest.
        dialogue: The least time from the invitation to a dialogue.
    """

    agency: AgencyCode
    higher: AgencyCode | None = None
    first: ComplaintState | None = None
    act: str | None = None
    officer: str | None = None
    step: Code | None = None
    steps: tuple[Code, ...] = ()
    known_at: Instant | None = None
    within: Limit | None = None
    until: Instant | None = None
    complainants: tuple[Actor, ...] = ()
    side: tuple[str, ...] = ()
    represented_until: Day | None = None
    earlier: int = 0
    barred: str | None = None
    take_up: Limit
    answer: Limit
    longer: tuple[Limit, ...] = ()
    dialogue: Limit = DIALOGUE
    reminder: Limit
    calendar: Calendar


class Complaint(StreamState):
    """The fold of a complaint's events.

    `officer` answers for the act that the complaint is about. `answerer` has claimed the complaint; `acting_for` is the
    absent officer for whom the answerer acts, if any. `limit` is the running time limit, from `since` to `due`.
    `verified` are the findings of the officer `verifier`. `dialogue_at` is the time of the dialogue, `dialogue` are its
    minutes. `stayed` is whether the act is stopped now, `stays` the number of stays so far. `sent_at` is the time at
    which the answer was sent. `reopened` is whether the filing has restarted.
    """

    state: ComplaintState = ComplaintState.RECORDED
    about: int = 0
    against: int | None = None
    higher: AgencyCode | None = None
    first: ComplaintState | None = None
    act: str = ""
    officer: str | None = None
    step: Code | None = None
    steps: tuple[Code, ...] = ()
    take_up: Limit | None = None
    answer: Limit | None = None
    longer: tuple[Limit, ...] = ()
    dialogue_notice: Limit = DIALOGUE
    reminder: Limit | None = None
    days: Calendar | None = None
    words: str = ""
    touched: Touched | None = None
    side: tuple[str, ...] = ()
    represented_until: Day | None = None
    answerer: str | None = None
    acting_for: str | None = None
    remote: bool = False
    verifier: str | None = None
    verified: str | None = None
    dialogue_at: Instant | None = None
    dialogue: str | None = None
    stayed: bool = False
    stays: int = Field(default=0, exclude_if=unset)
    since: Instant | None = None
    limit: Limit | None = None
    due: Instant | None = None
    remind_at: Instant | None = None
    reminded: bool = False
    overdue: bool = False
    recorded_at: Instant | None = None
    answered_at: Instant | None = None
    sent_at: Instant | None = None
    ground: NotTakenUp | None = None
    start_at: Code | None = None
    reason: str | None = None
    legal_basis: str | None = None
    reopened: bool | None = None

    @property
    def whose_task(self) -> str | None:
        """The officer who has claimed the complaint, or the absent officer for whom that officer acts."""
        return self.acting_for or self.answerer


class ComplaintTimer(Model):
    """The next timer of a complaint. `clock` is the name of the limit to which it belongs."""

    clock: str
    due: Instant
    moment: Moment


class ComplaintFact(Model):
    """The content of the signal `complaint_upheld`, which a complaint sends to its filing."""

    n: int = Field(ge=1, lt=2**31)
    about: int = Field(ge=1, lt=2**31)
    step: Code | None = None
    officer: Subject


class StayFact(Model):
    """The content of the signal `act_stayed`: the `stay`-th stay by the `n`-th complaint, until the end of `limit`."""

    n: int = Field(ge=1, lt=2**31)
    stay: int = Field(ge=1, lt=2**31)
    since: Instant
    limit: Limit


class StayEndFact(Model):
    """The content of the signal `stay_ended`: the `stay`-th stay by the `n`-th complaint is over."""

    n: int = Field(ge=1, lt=2**31)
    stay: int = Field(ge=1, lt=2**31)


class ComplaintView(Model):
    """A complaint as its readers see it: its deadline `due` while it is open, and its answer afterwards.

    `reopened` is whether the filing has restarted because of the complaint. `seq` is the number of the complaint's last
    event.
    """

    filing_id: UUID
    n: int
    seq: int = 0
    about: int
    against: int | None = None
    """number of the first complaint, if this is the second one"""
    agency: AgencyCode
    """code of the agency that answers the complaint"""
    act: str
    """kind of the event that the complaint is about; silence: nothing has followed from it"""
    words: str
    """the complaint in the complainant's words"""
    state: ComplaintState
    recorded_at: Instant
    """time of the recording"""
    answerer: str | None = None
    """identity of the officer who has claimed the complaint; not set if none has"""
    acting_for: str | None = None
    verifier: str | None = None
    """officer who has verified the complaint; not set before"""
    dialogue_at: Instant | None = None
    """time of the dialogue to which the complainant is invited, or has been"""
    stayed: bool = False
    """whether the act is stopped until the answer"""
    due: Instant | None = None
    overdue: bool = False
    answered_at: Instant | None = None
    """time of the end: the answer, the refusal to take it up, the withdrawal, the suit; not set before"""
    sent_at: Instant | None = None
    """time at which the decision was sent; from then the time for a second complaint runs"""
    ground: NotTakenUp | None = None
    """ground on which the complaint was not taken up"""
    reason: str | None = None
    legal_basis: str | None = None
    reopened: bool | None = None
    """whether the filing has started again; not set while unknown, or if there was nothing to undo"""
