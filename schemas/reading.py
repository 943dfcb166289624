"""What can be asked about the record, and what is answered. Reading asks the log, never a running workflow.

Whoever has only Temporal starts the workflow `View` with a question; its result is the answer.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import Field, TypeAdapter

from .agency import AgencyKind
from .base import AgencyCode, Dong, Instant, Key, Line, Model, Sha256, StrictModel, Subject, Text, unset
from .filing.delivery import Link
from .filing.state import FilingView
from .identity import SignedStatement
from .people import Actor, IdNumber, Role
from .stream.rows import ParcelRow, PaymentRow

T = TypeVar("T")

StreamName = Annotated[
    str,
    Field(pattern=r"^[^\x00-\x1f\x7f]{1,128}$", description="filing:<uuid>, payment:<uuid>:<n>, …"),
]
PageSize = Annotated[int, Field(ge=1, le=500)]

LONGEST_WAIT = 20.0
"""Seconds for which `changes` waits at most."""


class Audience(StrEnum):
    """Who looks."""

    PUBLIC = "public"
    APPLICANT = "applicant"
    OFFICER = "officer"
    AUDITOR = "auditor"


class _Question(StrictModel):
    """A question. `statement` says, signed, who asks; `reason` why, for whoever is asked about."""

    reason: Line | None = Field(default=None, exclude_if=unset, repr=False)
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)


class _About(_Question):
    """A question about one stream."""

    stream: StreamName


class AskFiling(_About):
    """What is shown of a filing to those who may see it whole."""

    ask: Literal["filing"] = "filing"


class AskClocks(_About):
    """Every run of every clock of a filing."""

    ask: Literal["clocks"] = "clocks"


class AskResult(_About):
    """The decision of a filing and the file of its result."""

    ask: Literal["result"] = "result"


class AskDelivery(_About):
    """How the applicant comes by the result of a filing: the pick-up code, the link. It is for them alone."""

    ask: Literal["delivery"] = "delivery"


class AskLinkedResult(_About):
    """The result of a filing for whoever has the `link` to it, until that expires."""

    ask: Literal["linked_result"] = "linked_result"
    link: Link


class AskParked(_About):
    """The signals to a stream that could not be used."""

    ask: Literal["parked"] = "parked"


class AskPayment(_About):
    """Where a payment stands."""

    ask: Literal["payment"] = "payment"


class AskParcel(_About):
    """Where a parcel stands."""

    ask: Literal["parcel"] = "parcel"


class AskReferral(_About):
    """How another agency's part of the procedure stands."""

    ask: Literal["referral"] = "referral"


class AskComplaints(_About):
    """The complaints about a filing."""

    ask: Literal["complaints"] = "complaints"


class AskPapers(_About):
    """The official papers of a filing that have been made."""

    ask: Literal["papers"] = "papers"


class AskReceipt(_About):
    """The receipt of a command, of the submission by default."""

    ask: Literal["receipt"] = "receipt"
    command_id: Key = "submit"


class AskActions(_About):
    """Every command that a stream takes, and whether this actor can give it now."""

    ask: Literal["actions"] = "actions"
    actor: Actor


class AskTimeline(_About):
    """What happened to a filing and its other streams, as far as the audience may see it."""

    ask: Literal["timeline"] = "timeline"
    audience: Audience = Audience.APPLICANT


class AskChanges(_About):
    """How a filing stood after each event beyond `after`; without any yet, wait so many seconds for one."""

    ask: Literal["changes"] = "changes"
    after: int = Field(default=0, ge=0)
    wait: float = Field(default=LONGEST_WAIT, ge=0, le=LONGEST_WAIT)


class _Page(_Question):
    """A question whose answer comes page by page: `after` is the `next` of the page before."""

    after: str | None = Field(default=None, max_length=1000)
    limit: PageSize = 100


class AskFilings(_Page):
    """The filings of one client, or those of them that are open."""

    ask: Literal["filings"] = "filings"
    client_id: Key
    open_only: bool = False


class AskPersonsFilings(_Page):
    """The filings in the name of one person."""

    ask: Literal["persons_filings"] = "persons_filings"
    id_number: IdNumber


class AskTasks(_Page):
    """What waits for whom, what is due first first."""

    ask: Literal["tasks"] = "tasks"
    agency: AgencyCode | None = None
    role: Role | None = None
    officer: Subject | None = None
    acting_for: Subject | None = None
    overdue: bool = False
    due_before: Instant | None = None


class AskAccess(_About, _Page):
    """Who has looked at a filing, the last first, page by page."""

    ask: Literal["access"] = "access"


class AskCounts(_Question):
    """How many open filings there are, by agency and status."""

    ask: Literal["counts"] = "counts"
    agency: AgencyCode | None = None


class AskAgency(_Question):
    """What the directory says of an agency."""

    ask: Literal["agency"] = "agency"
    agency: AgencyCode


class AskAbsences(_Question):
    """Which officers of an agency are or will be absent, and who acts for them."""

    ask: Literal["absences"] = "absences"
    agency: AgencyCode


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


class Page(Model, Generic[T]):
    """Some rows as of an instant; `next` begins the page after, None after the last."""

    as_of: Instant
    rows: tuple[T, ...]
    next: str | None = None


class Changes(Model):
    """How a filing stood after each event, in order; `seq` is where to ask on from. `more`: there are more already."""

    as_of: Instant
    seq: int
    views: tuple[FilingView, ...] = ()
    more: bool = False


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
    seq: int
    kind: str
    at: Instant
    status: int | None = None
    role: Role | None = None
    subject: str | None = None
    agency: AgencyCode | None = None
    body: dict[str, Any] | None = None
    personal: dict[str, Any] | None = None


class FilingSummary(Model):
    """A filing in a list."""

    filing_id: UUID
    code: str
    agency: AgencyCode
    procedure: str
    version: str
    client_id: str | None = None
    submission_id: str | None = None
    level: int
    status: int
    status_name: Text
    stage: str
    seq: int
    submitted_at: Instant
    due_at: Instant | None = None
    closed_at: Instant | None = None
    overdue: tuple[str, ...] = ()
    erased_at: Instant | None = Field(default=None, exclude_if=unset)


class TaskSummary(Model):
    """A task in a list: what `agency` can do with a stream of a filing, whose `code` and `procedure` stand beside."""

    stream: str
    filing_id: UUID
    code: str
    procedure: str
    agency: AgencyCode
    name: str
    role: Role
    officer: str | None = None
    acting_for: str | None = None
    actions: tuple[str, ...]
    due_at: Instant | None = None
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
    stream: str
    question: str
    principal: str
    principal_name: str | None = None
    role: Role | None = None
    agency: AgencyCode | None = None
    subject: str | None = None
    officer: str | None = None
    reason: str | None = None


class Count(Model):
    """So many open filings of an agency have this status; `late` of them have let a clock run out."""

    agency: AgencyCode
    status: int
    status_name: Text
    filings: int
    late: int


class AgencySummary(Model):
    """An agency of the directory, what it is and in which province, where the directory says so.

    `queue` is where its back office is asked for checks and results.
    """

    agency: AgencyCode
    name: Text
    queue: str
    kind: AgencyKind | None = None
    province: str | None = None


class AbsenceSummary(Model):
    """An officer is absent in a role, on days of Vietnam, both included, and who acts for them.

    `begun`: today is one of these days; `tasks`: so many of theirs the substitute does not have yet.
    """

    officer: str
    role: Role
    first_day: date
    last_day: date
    substitute: str
    begun: bool
    tasks: int


class Asked(Model):
    """A question as `View` passes it on: `content` is its digest as it came, `look` the run that is to be answered."""

    question: AnyQuestion
    content: Sha256
    look: UUID


class Answer(Model):
    """What `View` ends with inside: the answer as plain data, or why there is none."""

    answer: Any = None
    refusal: Any = None


class Workload(Model):
    """So many tasks of a role wait in an agency, claimed by an officer or by nobody."""

    role: Role
    officer: str | None = None
    tasks: int
    late: int


class LoggedEvent(Model):
    """An event as the log holds it, what is sealed left sealed."""

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
    """So many payments are in this state; đồng asked for, captured and given back."""

    state: str
    payments: int
    asked: int
    captured: Dong
    refunded: Dong


class BoardEvent(Model):
    """An event as everybody may see it.

    Attributes:
        at: When it was recorded.
        stream: `filing`, `payment 1`: of its filing.
        code: The dossier code of that, if the filing stands in the record.
    """

    at: Instant
    agency: AgencyCode
    code: str | None = None
    stream: str
    kind: str


class Board(Model):
    """How it stands with the whole, or with an agency.

    Attributes:
        due_today: Tasks that are due by the end of the day in Vietnam, and not late.
        late: Tasks that are late.
        appends: Appends to the whole record since the database began to count.
        newest: The events recorded last.
        stalled: Workflows of the whole whose code fails, as Temporal counts them; None if it did not say.
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
