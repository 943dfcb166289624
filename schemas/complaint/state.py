"""The state of complaints, and their messages apart from events and commands."""

from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import Field

from ..base import AgencyCode, Code, HandedIn, Instant, Model, ShortText, Subject, unset
from ..files import FileRef
from ..filing.events import Moment
from ..identity.statement import SignedStatement
from ..ids import digest
from ..limit import Limit
from ..people import Actor, Via
from ..publishing.calendar import Calendar, Day
from ..stream.part import StreamState

__all__ = ["ComplaintFact", "ComplaintOutcome", "ComplaintStart", "ComplaintState", "ComplaintView", "content_of_start"]

INTAKE: Final = "intake"
"""The name for a restart from the beginning. Any other name is the code of a review step of the filing."""

OPENING: Final = "complain"
"""The id of the command that begins every complaint."""


class ComplaintOutcome(StrEnum):
    """The answer to a complaint: upheld if the complainant is right, rejected if not."""

    UPHELD = "upheld"
    REJECTED = "rejected"


class ComplaintState(StrEnum):
    """The state of a complaint."""

    RECORDED = "recorded"
    TAKEN_UP = "taken_up"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ComplaintStart(HandedIn):
    """The start input of the `n`-th complaint about a filing.

    `about` is the seq of the filing's event that the complaint is about. `document` is the file that the applicant
    signed, if the desk records the complaint; None otherwise. `statement` is the signed identity of the caller, which
    does not count as content.
    """

    filing_id: UUID
    n: int = Field(ge=1, lt=2**31)
    about: int = Field(ge=1, lt=2**31)
    words: ShortText
    """the complaint in the complainant's words"""
    document: FileRef | None = None
    """file of the complaint (đơn khiếu nại) that the applicant signed, if the desk records it"""
    actor: Actor
    via: Via
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)


def content_of_start(start: ComplaintStart) -> str:
    """Returns the digest of a complaint's content. A complaint with the same number and another digest is refused."""
    return digest(start.model_dump(mode="json", exclude={"statement"}, exclude_none=True))


class Grounds(Model):
    """The facts in the log about an event that a complaint is about.

    Attributes:
        act: The kind of the event; None if no complaint about such an event is possible.
        officer: The officer accountable for the act; None if no officer acted.
        step: The review step of the act; None for the intake.
        steps: The review steps that the filing had reached.
        until: The deadline for the complaint; None while the applicant has no notice of the act.
        complainants: The people who may make the complaint.
        side: The people on the complainant's side: none of them may answer the complaint.
        represented_until: The last day on which a representative may act for the complainant; None if it has no end.
        earlier: The number of earlier complaints about this filing.
        disputed: Whether an earlier complaint about the same event has no answer yet.
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


class Complaint(StreamState):
    """The fold of a complaint's events.

    `officer` answers for the act that the complaint is about. `answerer` has claimed the complaint; `acting_for` is the
    absent officer for whom the answerer acts, if any. `limit` is the running time limit, from `since` to `due`.
    `reopened` is whether the filing has restarted.
    """

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


class ComplaintView(Model):
    """The visible part of a complaint: while it is open its deadline `due`, and later its answer.

    `reopened` is whether the filing has restarted because of the complaint. `seq` is the number of the complaint's last
    event.
    """

    filing_id: UUID
    n: int
    seq: int = 0
    about: int
    act: str
    """kind of the event that the complaint is about"""
    words: str
    """the complaint in the complainant's words"""
    state: ComplaintState
    recorded_at: Instant
    """time of the recording"""
    answerer: str | None = None
    """identity of the officer who has claimed the complaint; not set if none has"""
    acting_for: str | None = None
    due: Instant | None = None
    overdue: bool = False
    answered_at: Instant | None = None
    """time of the answer or the withdrawal; not set before"""
    reason: str | None = None
    legal_basis: str | None = None
    reopened: bool | None = None
    """whether the filing has started again; not set while unknown, or if there was nothing to undo"""
