"""The state of complaints, and all that is said of them but events and commands."""

from __future__ import annotations

from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import Field

from ..base import AgencyCode, Code, Instant, Model, ShortText, Subject, unset
from ..files import FileRef
from ..filing.events import Moment
from ..identity import SignedStatement
from ..ids import digest
from ..limit import Limit
from ..people import Actor, Via
from ..publishing.calendar import Calendar, Day

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
