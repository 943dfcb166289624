"""Questions about the record, and their answers. Reading asks the log, never a running workflow.

A client with nothing but Temporal starts the workflow `View` with a question; its result is the answer.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import Field, TypeAdapter

from .base import AgencyCode, Dong, Instant, Key, Line, Model, Sha256, StrictModel, Subject, Text, unset
from .complaint.state import ComplaintView
from .filing.delivery import DeliveryView, Link
from .filing.state import Action, ClockState, FilingView, Parked, ResultView
from .identity.statement import SignedStatement
from .papers.state import OfficialPaper
from .parcel.state import ParcelView
from .payment.state import PaymentView
from .people import Actor, IdNumber, Role
from .publishing.agency import AgencyKind
from .referral.state import ReferralView
from .stream.ledger import Receipt
from .stream.rows import ParcelRow, PaymentRow

__all__ = [
    "LONGEST_WAIT",
    "AbsenceSummary",
    "AccessEntry",
    "AgencySummary",
    "AskAbsences",
    "AskAccess",
    "AskActions",
    "AskAgency",
    "AskChanges",
    "AskClocks",
    "AskComplaints",
    "AskCounts",
    "AskDelivery",
    "AskFiling",
    "AskFilings",
    "AskLinkedResult",
    "AskPapers",
    "AskParcel",
    "AskParked",
    "AskPayment",
    "AskPersonsFilings",
    "AskReceipt",
    "AskReferral",
    "AskResult",
    "AskTasks",
    "AskTimeline",
    "Audience",
    "Changes",
    "Count",
    "FilingSummary",
    "Page",
    "Question",
    "TaskSummary",
    "TimelineEntry",
]

T = TypeVar("T")

StreamName = Annotated[
    str,
    Field(pattern=r"^[^\x00-\x1f\x7f]{1,128}$", description="filing:<uuid>, payment:<uuid>:<n>, …"),
]
PageSize = Annotated[int, Field(ge=1, le=500)]

LONGEST_WAIT = 20.0
"""The maximum time for which `changes` waits, in seconds."""


class Audience(StrEnum):
    """Who looks."""

    PUBLIC = "public"
    APPLICANT = "applicant"
    OFFICER = "officer"
    AUDITOR = "auditor"


class Page(Model, Generic[T]):
    """Some rows as of an instant; `next` begins the page after, None after the last."""

    as_of: Instant
    """when the record was looked at"""
    rows: tuple[T, ...]
    """the entries of this page"""
    next: str | None = None
    """the after of the next page; not there on the last"""


class Changes(Model):
    """How a filing stood after each event, in order; `seq` is where to ask on from. `more`: there are more already."""

    as_of: Instant
    """when the record was looked at"""
    seq: int
    """number of the last event that this answer covers: the after of the next question"""
    views: tuple[FilingView, ...] = ()
    """the filing as it stood after each event, in order"""
    more: bool = False
    """whether there is more already: ask again with after = seq"""


class TimelineEntry(Model):
    """Something that happened. What an audience may not see is left out.

    Attributes:
        status: The filing's national status code after it, for an event of the filing itself.
        role: In which the actor acted.
        subject: Who acted: an officer, or for officers also an applicant.
        body: What the event says openly.
        personal: What is sealed in the log.
    """

    stream: str
    """name of the stream: filing:<uuid>, or <kind>:<uuid>:<n>"""
    seq: int
    kind: str
    """which kind of event"""
    at: Instant
    status: int | None = None
    role: Role | None = None
    subject: str | None = None
    agency: AgencyCode | None = None
    body: dict[str, Any] | None = None
    """what the event says that identifies nobody"""
    personal: dict[str, Any] | None = None
    """what the event says that identifies somebody, for those who may see it"""


class FilingSummary(Model):
    """A filing in a list."""

    filing_id: UUID
    code: str
    """dossier code (mã hồ sơ)"""
    agency: AgencyCode
    procedure: str
    version: str
    client_id: str | None = None
    submission_id: str | None = None
    """the filing's id in the system that files, unique there"""
    level: int
    status: int
    status_name: Text
    """what the status is called, in both languages"""
    stage: str
    """what the filing waits for"""
    seq: int
    """number of the filing's last event"""
    submitted_at: Instant
    """when the filing was handed in"""
    due_at: Instant | None = None
    """by when it must be done; not there where nothing is due"""
    closed_at: Instant | None = None
    """when the filing ended; not there while it is open"""
    overdue: tuple[str, ...] = ()
    erased_at: Instant | None = Field(default=None, exclude_if=unset)
    """since when there is nobody to be known in it any more; not there before"""


class TaskSummary(Model):
    """A task in a list: what `agency` can do with a stream of a filing, whose `code` and `procedure` stand beside."""

    stream: str
    """name of the stream: filing:<uuid>, or <kind>:<uuid>:<n>"""
    filing_id: UUID
    code: str
    """dossier code (mã hồ sơ)"""
    procedure: str
    agency: AgencyCode
    """code of the agency that must act"""
    name: str
    role: Role
    officer: str | None = None
    """identity of the officer who has taken the task; not there while nobody has"""
    acting_for: str | None = None
    actions: tuple[str, ...]
    """the names of the commands that can be given for the task"""
    due_at: Instant | None = None
    """by when it must be done; not there where nothing is due"""
    overdue: bool


class AccessEntry(Model):
    """A look at a filing that was answered.

    Attributes:
        question: What was asked, as `ask` has it: `filing`, `timeline`; a list that showed the filing, such as `tasks`.
        principal: The program that asked, and its name as it is registered now.
        role: In which somebody asked; None if the program asked by itself, for nobody.
        agency: Of the officer who asked.
        subject: Which officer; of applicants and representatives nothing is said here.
        officer: The officer's name, if the directory has one.
        reason: Why, if they have said so.
    """

    at: Instant
    """when it was answered"""
    stream: str
    """name of the stream that was asked about"""
    question: str
    """what was asked; a list that showed the filing, such as tasks"""
    principal: str
    """id of the program that asked"""
    principal_name: str | None = None
    """name of the program, as it is registered now"""
    role: Role | None = None
    """in which somebody asked; not there if the program asked by itself"""
    agency: AgencyCode | None = None
    """of an officer: code of their agency"""
    subject: str | None = None
    """identity of the officer; not there for anybody else"""
    officer: str | None = None
    """name of the officer; not there if the directory has none"""
    reason: str | None = None
    """why they looked, in their own words; not there if they have not said it"""


class Count(Model):
    """So many open filings of an agency have this status; `late` of them have let a clock run out."""

    agency: AgencyCode
    status: int
    status_name: Text
    """what the status is called, in both languages"""
    filings: int
    """how many filings"""
    late: int
    """how many of them are past their due moment"""


class AgencySummary(Model):
    """An agency of the directory, what it is and in which province, where the directory says so.

    `queue` is where its back office is asked for checks and results.
    """

    agency: AgencyCode
    name: Text
    queue: str
    """the task queue on which the agency's back office is asked"""
    kind: AgencyKind | None = None
    """what kind of agency it is; not there where the directory does not say"""
    province: str | None = None
    """code of the province where it sits, or of the ministry"""


class AbsenceSummary(Model):
    """An officer is absent in a role, on days of Vietnam, both included, and who acts for them.

    `begun`: today is one of these days; `tasks`: so many of theirs the substitute does not have yet.
    """

    officer: str
    """identity of the officer who is absent"""
    role: Role
    first_day: date
    """the first of the days, in Vietnamese time: 2026-12-01"""
    last_day: date
    """the last of the days, itself included"""
    substitute: str
    """identity of the officer who acts for them, in the same role"""
    begun: bool
    """true: today is one of the days"""
    tasks: int
    """how many of their tasks the substitute does not have yet"""


class _Question(StrictModel):
    """A question. `statement` is the signed identity of the asker; `reason` tells the person concerned why."""

    answer: ClassVar[Any]

    reason: Line | None = Field(default=None, exclude_if=unset, repr=False)
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)


class _About(_Question):
    """A question about one stream."""

    stream: StreamName


class AskFiling(_About):
    """What is shown of a filing to those who may see it whole."""

    ask: Literal["filing"] = "filing"
    answer: ClassVar = FilingView


class AskClocks(_About):
    """Every run of every clock of a filing."""

    ask: Literal["clocks"] = "clocks"
    answer: ClassVar = list[ClockState]


class AskResult(_About):
    """The decision of a filing and the file of its result."""

    ask: Literal["result"] = "result"
    answer: ClassVar = ResultView


class AskDelivery(_About):
    """How the applicant comes by the result of a filing: the pick-up code, the link. It is for them alone."""

    ask: Literal["delivery"] = "delivery"
    answer: ClassVar = DeliveryView


class AskLinkedResult(_About):
    """The result of a filing for whoever has the `link` to it, until that expires."""

    ask: Literal["linked_result"] = "linked_result"
    answer: ClassVar = ResultView
    link: Link
    """the secret part of the address at which the result is read"""


class AskParked(_About):
    """The signals to a stream that could not be used."""

    ask: Literal["parked"] = "parked"
    answer: ClassVar = list[Parked]


class AskPayment(_About):
    """Where a payment stands."""

    ask: Literal["payment"] = "payment"
    answer: ClassVar = PaymentView


class AskParcel(_About):
    """Where a parcel stands."""

    ask: Literal["parcel"] = "parcel"
    answer: ClassVar = ParcelView


class AskReferral(_About):
    """How another agency's part of the procedure stands."""

    ask: Literal["referral"] = "referral"
    answer: ClassVar = ReferralView


class AskComplaints(_About):
    """The complaints about a filing."""

    ask: Literal["complaints"] = "complaints"
    answer: ClassVar = list[ComplaintView]


class AskPapers(_About):
    """The official papers of a filing that have been made."""

    ask: Literal["papers"] = "papers"
    answer: ClassVar = list[OfficialPaper]


class AskReceipt(_About):
    """The receipt of a command, of the submission by default."""

    ask: Literal["receipt"] = "receipt"
    answer: ClassVar = Receipt
    command_id: Key = "submit"
    """your own id of the command, unique in its filing: the same again is the same command"""


class AskActions(_About):
    """Every command that a stream takes, and whether this actor can give it now."""

    ask: Literal["actions"] = "actions"
    answer: ClassVar = list[Action]
    actor: Actor


class AskTimeline(_About):
    """What happened to a filing and its other streams, as far as the audience may see it."""

    ask: Literal["timeline"] = "timeline"
    answer: ClassVar = list[TimelineEntry]
    audience: Audience = Audience.APPLICANT
    """for whom: what this audience may not see is left out"""


class AskChanges(_About):
    """How a filing stood after each event beyond `after`; without any yet, wait so many seconds for one."""

    ask: Literal["changes"] = "changes"
    answer: ClassVar = Changes
    after: int = Field(default=0, ge=0)
    """seq of the last event that is known already; 0: from the beginning"""
    wait: float = Field(default=LONGEST_WAIT, ge=0, le=LONGEST_WAIT)
    """seconds to wait for an event if there is none yet"""


class _Page(_Question):
    """A question with pages of answers: `after` is the `next` of the page before."""

    after: str | None = Field(default=None, max_length=1000)
    """only what comes behind this: `next` of the page before; without it the first page"""
    limit: PageSize = 100
    """how many entries a page has at most, 1 to 500"""


class AskFilings(_Page):
    """The filings of one client, or those of them that are open."""

    ask: Literal["filings"] = "filings"
    answer: ClassVar = Page[FilingSummary]
    client_id: Key
    open_only: bool = False
    """true: only those that have not ended"""


class AskPersonsFilings(_Page):
    """The filings in the name of one person."""

    ask: Literal["persons_filings"] = "persons_filings"
    answer: ClassVar = Page[FilingSummary]
    id_number: IdNumber
    """citizen or enterprise number of the person"""


class AskTasks(_Page):
    """What waits for whom, what is due first first."""

    ask: Literal["tasks"] = "tasks"
    answer: ClassVar = Page[TaskSummary]
    agency: AgencyCode | None = None
    """only those of this agency"""
    role: Role | None = None
    """only those for this role"""
    officer: Subject | None = None
    """only those that this officer has taken"""
    acting_for: Subject | None = None
    """only those that somebody has taken in the place of this absent officer"""
    overdue: bool = False
    """true: only what is past its due moment"""
    due_before: Instant | None = None
    """only what is due before this moment"""


class AskAccess(_About, _Page):
    """Who has looked at a filing, the last first, page by page."""

    ask: Literal["access"] = "access"
    answer: ClassVar = Page[AccessEntry]


class AskCounts(_Question):
    """How many open filings there are, by agency and status."""

    ask: Literal["counts"] = "counts"
    answer: ClassVar = list[Count]
    agency: AgencyCode | None = None
    """only those of this agency"""


class AskAgency(_Question):
    """What the directory says of an agency."""

    ask: Literal["agency"] = "agency"
    answer: ClassVar = AgencySummary
    agency: AgencyCode


class AskAbsences(_Question):
    """Which officers of an agency are or will be absent, and who acts for them."""

    ask: Literal["absences"] = "absences"
    answer: ClassVar = list[AbsenceSummary]
    agency: AgencyCode
    """code of the agency"""


Question = (
    AskFiling
    | AskClocks
    | AskResult
    | AskDelivery
    | AskLinkedResult
    | AskParked
    | AskPayment
    | AskParcel
    | AskReferral
    | AskComplaints
    | AskPapers
    | AskReceipt
    | AskActions
    | AskTimeline
    | AskChanges
    | AskFilings
    | AskPersonsFilings
    | AskTasks
    | AskAccess
    | AskCounts
    | AskAgency
    | AskAbsences
)
AnyQuestion = Annotated[Question, Field(discriminator="ask")]
QUESTION: Final[TypeAdapter[Question]] = TypeAdapter(AnyQuestion)
"""Reads a question."""


class Asked(Model):
    """A question as `View` passes it on: `content` is its digest as received, `look` the run to be answered."""

    question: AnyQuestion
    content: Sha256
    look: UUID


class Answer(Model):
    """The internal result of `View`: the answer as plain data, or the reason why there is none."""

    answer: Any = None
    refusal: Any = None


class LoggedEvent(Model):
    """An event as the log holds it, with its sealed fields still sealed."""

    stream: str
    seq: int
    event_id: UUID
    kind: str
    version: int
    body: dict[str, Any]
    actor: dict[str, Any]
    via: str
    command_id: str
    occurred_at: Instant
    recorded_at: Instant
    sealed: bool
    hash: str


class PaymentRecord(PaymentRow):
    """A request for money in the record."""

    stream: str
    filing_id: UUID
    agency: AgencyCode


class ParcelRecord(ParcelRow):
    """A consignment in the record."""

    stream: str
    filing_id: UUID
    agency: AgencyCode


class FilingRecord(FilingSummary):
    """A filing in the record, with its payments and parcels."""

    procedure_sha256: str
    calendar: str
    channel: str
    result_channel: str
    accepted_at: Instant | None = None
    outcome: str | None = None
    possible_duplicates: tuple[str, ...] = ()
    payments: tuple[PaymentRecord, ...] = ()
    parcels: tuple[ParcelRecord, ...] = ()


class Money(Model):
    """The number of payments in this state; đồng requested, captured and given back."""

    state: str
    payments: int
    asked: int
    captured: Dong
    refunded: Dong


class BoardEvent(Model):
    """The public part of an event.

    Attributes:
        at: The time of its record.
        stream: `filing`, `payment 1`: of its filing.
        code: The dossier code of the filing, if it is in the record.
    """

    at: Instant
    agency: AgencyCode
    code: str | None = None
    stream: str
    kind: str


class Board(Model):
    """The present state of the whole, or of an agency.

    Attributes:
        due_today: Tasks that are due by the end of the day in Vietnam, and not late.
        late: Tasks that are late.
        appends: Appends to the whole record since the database began to count.
        newest: The last recorded events.
        stalled: Workflows of the whole whose code fails, as Temporal counts them; None without its count.
    """

    as_of: Instant
    counts: tuple[Count, ...]
    tasks: int
    due_today: int
    late: int
    money: tuple[Money, ...]
    appends: int
    newest: tuple[BoardEvent, ...]
    stalled: int | None = None
