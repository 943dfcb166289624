"""Questions about the record, and their answers. They are answered from the record, never by a running workflow.

A client that can reach only Temporal starts the workflow `View` with a question. The result of this workflow is the
answer.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import Field, StrictBool, TypeAdapter

from .base import AgencyCode, Confidential, Dong, Instant, Key, Line, Model, Sha256, StrictModel, Subject, Text, unset
from .complaint.state import ComplaintView
from .files import LARGEST_FILE, FileAddress, MediaType
from .filing.delivery import DeliveryView, Link
from .filing.state import Action, ClockState, FilingView, ResultView
from .identity.statement import SignedStatement
from .ids import filing_id, filing_workflow
from .papers.state import OfficialPaper
from .parcel.state import ParcelView
from .payment.state import PaymentView
from .people import Actor, IdNumber, Role
from .publishing.fact import AgencyKind
from .referral.state import ReferralView
from .stream.ledger import Receipt
from .stream.rows import ParcelRow, PaymentRow

__all__ = ["LONGEST_WAIT", "AbsenceSummary", "AccessEntry", "AgencySummary", "AskAbsences", "AskAccess", "AskActions"]
__all__ += ["AskAgency", "AskChanges", "AskClocks", "AskComplaints", "AskCounts", "AskDelivery", "AskFile"]
__all__ += ["AskFiling", "AskFilings", "AskLinkedResult", "AskPapers", "AskParcel", "AskPayment"]
__all__ += ["AskPersonsFilings", "AskReceipt", "AskReferral", "AskResult", "AskTasks", "AskTimeline", "AskUpload"]
__all__ += ["Audience", "Changes", "Count", "FilingSummary", "Page", "Question", "TaskSummary", "TimelineEntry"]

T = TypeVar("T")

StreamName = Annotated[
    str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,128}$", description="filing:<uuid>, payment:<uuid>:<n>, …")
]
PageSize = Annotated[int, Field(strict=True, ge=1, le=500)]

LONGEST_WAIT = 20.0
"""The maximum time for which the question `changes` waits for an event, in seconds."""


class Audience(StrEnum):
    """The kind of reader for whom a timeline is made."""

    PUBLIC = "public"
    APPLICANT = "applicant"
    OFFICER = "officer"
    AUDITOR = "auditor"


class Page(Model, Generic[T]):
    """A page of rows as of an instant. `next` is the value of `after` for the next page; None on the last page."""

    as_of: Instant
    rows: tuple[T, ...]
    """entries of this page"""
    next: str | None = None
    """value of `after` for the next page; not set on the last page"""


class Changes(Model):
    """The views of a filing after each event, in order.

    `seq` is the value of `after` for the next question. `more`: whether further events exist, so that a reader should
    ask again at once.
    """

    as_of: Instant
    seq: int
    """number of the last event in this answer: the value of `after` for the next question"""
    views: tuple[FilingView, ...] = ()
    """the views of the filing after each event, in order"""
    more: bool = False
    """whether further events exist, which the next question with after = seq gets"""


class TimelineEntry(Model):
    """An event in a timeline. Fields that the audience may not see are left out.

    Attributes:
        status: The filing's national status code after the event; None for an event of another stream.
        role: The role of the actor.
        subject: The identity of the actor if the actor is an officer, and for the audience of officers also an
            applicant's.
        body: The content of the event that identifies nobody.
        personal: The content that identifies a person, which is encrypted in the log.
    """

    stream: str
    """name of the stream: filing:<uuid>, or <kind>:<uuid>:<n>"""
    seq: int
    kind: str
    """kind of the event"""
    at: Instant
    status: int | None = None
    role: Role | None = None
    subject: str | None = None
    agency: AgencyCode | None = None
    body: dict[str, Any] | None = None
    """content of the event that identifies nobody"""
    personal: dict[str, Any] | None = None
    """content of the event that identifies a person; not set if the audience may not see it"""


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
    level: int
    status: int
    status_name: Text
    stage: str
    """stage of the filing: the act or event that it waits for"""
    seq: int
    """number of the filing's last event"""
    submitted_at: Instant
    """time of the submission"""
    due_at: Instant | None = None
    """deadline; not set if nothing is due"""
    closed_at: Instant | None = None
    """end of the filing; not set while it is open"""
    overdue: tuple[str, ...] = ()
    """names of the clocks whose limit was missed"""
    erased_at: Instant | None = Field(default=None, exclude_if=unset)
    """time at which the personal data was erased; not set before"""


class TaskSummary(Model):
    """A task in a list. It is about a `stream` of the filing `filing_id`, and `agency` must act.

    `code` and `procedure` are those of the filing.
    """

    stream: str
    """name of the stream: filing:<uuid>, or <kind>:<uuid>:<n>"""
    filing_id: UUID
    code: str
    """dossier code (mã hồ sơ)"""
    procedure: str
    agency: AgencyCode
    """code of the agency that must act"""
    name: str
    """name of the task"""
    role: Role
    officer: str | None = None
    """identity of the officer who has claimed the task; not set if none has"""
    acting_for: str | None = None
    actions: tuple[str, ...]
    """names of the commands that can be given for the task"""
    due_at: Instant | None = None
    """deadline; not set if nothing is due"""
    overdue: bool


class AccessEntry(Model):
    """A look at a filing: one answer that showed the filing to somebody.

    Attributes:
        question: The question by its `ask`, such as `timeline`, or a list that showed the filing, such as `tasks`.
        principal: The program that sent the question.
        principal_name: The present registered name of this program.
        role: The role of the asking person; None if the program asked in its own name.
        agency: The agency of the asking officer.
        subject: The identity of the officer; not recorded for applicants and representatives.
        officer: The officer's name; None if the directory has none.
        reason: The stated reason; None if none was stated.
    """

    at: Instant
    """time of the answer"""
    stream: str
    """name of the stream"""
    question: str
    """the question, or a list that showed the filing, such as tasks"""
    principal: str
    """id of the program that asked"""
    principal_name: str | None = None
    """present registered name of the program"""
    role: Role | None = None
    """role of the asking person; not set if the program asked in its own name"""
    agency: AgencyCode | None = None
    """code of the asking officer's agency"""
    subject: str | None = None
    """identity of the officer; not set for anybody else"""
    officer: str | None = None
    """name of the officer; not set if the directory has none"""
    reason: str | None = None
    """reason of the look in the officer's words; not set if none was stated"""


class Count(Model):
    """The number of an agency's open filings in one status. `late` is the number of those with an overdue clock."""

    agency: AgencyCode
    status: int
    status_name: Text
    filings: int
    """number of filings"""
    late: int
    """number of those filings with an overdue clock"""


class AgencySummary(Model):
    """An agency of the directory. `queue` is the task queue of its back office, for checks and results.

    `kind` and `province` are None if the directory does not have them.
    """

    agency: AgencyCode
    name: Text
    queue: str
    """task queue of the agency's back office"""
    kind: AgencyKind | None = None
    """kind of the agency; not set if the directory has none"""
    province: str | None = None
    """code of its province, or of the ministry"""


class AbsenceSummary(Model):
    """The absence of an officer in a role from `first_day` to `last_day`, both included, and the officer's substitute.

    `begun`: whether today is one of these days. `tasks` is the number of the officer's tasks that the substitute does
    not have yet.
    """

    officer: str
    """identity of the officer who is absent"""
    role: Role
    first_day: date
    last_day: date
    """last day of the absence, on which the officer is still absent"""
    substitute: str
    """identity of the officer who acts for the absent officer, in the same role"""
    begun: bool
    """whether today is a day of the absence"""
    tasks: int
    """number of the absent officer's tasks that the substitute does not have yet"""


class _Question(StrictModel):
    """A question about the record. `statement` is the signed identity of the asker.

    `reason` is the asker's reason for the look, which the applicant can read; None if none is stated. `kinds` are the
    kinds of streams that the question can be about: empty if it is about no stream, None if it can be about any stream
    that takes commands.
    """

    answer: ClassVar[Any]
    kinds: ClassVar[tuple[str, ...] | None] = ()

    reason: Line | None = Field(default=None, exclude_if=unset, repr=False)
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)


class _About(_Question):
    """A question about one stream."""

    kinds: ClassVar[tuple[str, ...] | None] = ("filing",)

    stream: StreamName


class AskFiling(_About):
    """The complete view of a filing."""

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
    """How the applicant gets a filing's result: by pick-up code or by link. Only the applicant may see this."""

    ask: Literal["delivery"] = "delivery"
    answer: ClassVar = DeliveryView


class AskLinkedResult(_About):
    """The result of a filing, for anybody with the `link` to the result, until the link expires."""

    ask: Literal["linked_result"] = "linked_result"
    answer: ClassVar = ResultView
    link: Annotated[Link, Confidential]
    """the secret part of the result's web address"""


class AskFile(_About):
    """The address at which one file of a filing can be read: a paper, an official paper, or the result.

    With the `link` to the result anybody gets the address of the result's file, until the link expires.
    """

    ask: Literal["file"] = "file"
    answer: ClassVar = FileAddress
    sha256: Sha256
    link: Annotated[Link | None, Confidential] = Field(default=None, exclude_if=unset)
    """the secret part of the result's web address; only for the result"""


class AskUpload(_About):
    """The address at which one file of a filing can be uploaded.

    Before the filing is submitted, the `client_id` and `submission_id` from which its id is made are needed.
    """

    ask: Literal["upload"] = "upload"
    answer: ClassVar = FileAddress
    sha256: Sha256
    size: int = Field(ge=1, le=LARGEST_FILE)
    """length of the file in bytes"""
    media_type: MediaType
    """media type of the file, such as application/pdf"""
    client_id: Key | None = Field(default=None, exclude_if=unset)
    """your system's id in the submission; not needed once the filing is submitted"""
    submission_id: Key | None = Field(default=None, exclude_if=unset)
    """the submission's id in your system; not needed once the filing is submitted"""

    @property
    def names_its_filing(self) -> bool:
        """Whether `client_id` and `submission_id` are those from which the id of the filing is made."""
        ids = self.client_id, self.submission_id
        return None not in ids and self.stream == filing_workflow(filing_id(*map(str, ids)))


class AskPayment(_About):
    """The state of a payment."""

    ask: Literal["payment"] = "payment"
    kinds: ClassVar = ("payment",)
    answer: ClassVar = PaymentView


class AskParcel(_About):
    """The state of a parcel."""

    ask: Literal["parcel"] = "parcel"
    kinds: ClassVar = ("parcel",)
    answer: ClassVar = ParcelView


class AskReferral(_About):
    """The state of a referral: of a part of the procedure that another agency decides."""

    ask: Literal["referral"] = "referral"
    kinds: ClassVar = ("referral",)
    answer: ClassVar = ReferralView


class AskComplaints(_About):
    """The complaints about a filing."""

    ask: Literal["complaints"] = "complaints"
    answer: ClassVar = list[ComplaintView]


class AskPapers(_About):
    """The official papers of a filing."""

    ask: Literal["papers"] = "papers"
    answer: ClassVar = list[OfficialPaper]


class AskReceipt(_About):
    """The receipt of the command with the id `command_id`; by default, of the submission."""

    ask: Literal["receipt"] = "receipt"
    kinds: ClassVar = None
    answer: ClassVar = Receipt
    command_id: Key = "submit"


class AskActions(_About):
    """Every command of a stream, and whether `actor` can give it now."""

    ask: Literal["actions"] = "actions"
    kinds: ClassVar = None
    answer: ClassVar = list[Action]
    actor: Annotated[Actor, Confidential]


class AskTimeline(_About):
    """The events of a filing, and of its other streams, that the audience may see."""

    ask: Literal["timeline"] = "timeline"
    answer: ClassVar = list[TimelineEntry]
    audience: Audience = Audience.APPLICANT
    """audience of the answer; fields that it may not see are left out"""


class AskChanges(_About):
    """The views of a filing after each event beyond number `after`.

    If there is no such event yet, the answer waits for one, at most `wait` seconds.
    """

    ask: Literal["changes"] = "changes"
    answer: ClassVar = Changes
    after: int = Field(default=0, strict=True, ge=0, lt=2**31)
    """seq of the last known event; 0: from the beginning"""
    wait: float = Field(default=LONGEST_WAIT, strict=True, ge=0, le=LONGEST_WAIT)
    """seconds to wait for an event if there is none yet"""


class _Page(_Question):
    """A question answered in pages. `after` is the `next` of the previous page; None for the first page."""

    after: str | None = Field(default=None, max_length=1000)
    """value of `next` on the page before; not set for the first page"""
    limit: PageSize = 100
    """maximum number of entries of a page, 1 to 500"""


class AskFilings(_Page):
    """The filings of one client system. `open_only`: whether only the open ones are listed."""

    ask: Literal["filings"] = "filings"
    answer: ClassVar = Page[FilingSummary]
    client_id: Key
    open_only: StrictBool = False
    """whether only filings that have not ended are listed"""


class AskPersonsFilings(_Page):
    """The filings in the name of one person or organisation."""

    ask: Literal["persons_filings"] = "persons_filings"
    answer: ClassVar = Page[FilingSummary]
    id_number: Annotated[IdNumber, Confidential]
    """citizen or enterprise number of the applicant"""


class AskTasks(_Page):
    """The open tasks, the earliest deadline first."""

    ask: Literal["tasks"] = "tasks"
    answer: ClassVar = Page[TaskSummary]
    agency: AgencyCode | None = None
    """only tasks of this agency"""
    role: Role | None = None
    """only tasks for this role"""
    officer: Subject | None = None
    """only tasks that this officer has claimed"""
    acting_for: Subject | None = None
    """only tasks that a substitute has claimed for this absent officer"""
    overdue: StrictBool = False
    """whether only overdue tasks are listed"""
    due_before: Instant | None = None
    """only tasks due before this moment"""


class AskAccess(_About, _Page):
    """The looks at a filing, the last one first."""

    ask: Literal["access"] = "access"
    answer: ClassVar = Page[AccessEntry]


class AskCounts(_Question):
    """The numbers of open filings, by agency and status."""

    ask: Literal["counts"] = "counts"
    answer: ClassVar = list[Count]
    agency: AgencyCode | None = None
    """only filings of this agency"""


class AskAgency(_Question):
    """The directory's entry of an agency."""

    ask: Literal["agency"] = "agency"
    answer: ClassVar = AgencySummary
    agency: AgencyCode


class AskAbsences(_Question):
    """The absences of an agency's officers that have not ended yet, and the substitutes."""

    ask: Literal["absences"] = "absences"
    answer: ClassVar = list[AbsenceSummary]
    agency: AgencyCode
    """code of the agency"""


_OfOneFiling = AskFiling | AskClocks | AskResult | AskDelivery | AskLinkedResult | AskFile | AskUpload
_OfStream = AskPayment | AskParcel | AskReferral | AskComplaints | AskPapers | AskReceipt
_OfLog = AskActions | AskTimeline | AskChanges
_OfAgency = AskFilings | AskPersonsFilings | AskTasks | AskAccess | AskCounts | AskAgency | AskAbsences
Question = _OfOneFiling | _OfStream | _OfLog | _OfAgency
AnyQuestion = Annotated[Question, Field(discriminator="ask")]
QUESTION: Final[TypeAdapter[Question]] = TypeAdapter(AnyQuestion)
"""The parser of a question of any kind."""


class QuestionRequest(Model):
    """A question as the workflow `View` passes it to the activity that answers.

    `content` is the digest of the question as received. `look` is the id of the workflow run that gets the answer.
    `of_officers`: whether the question came through the queue that takes only officers' questions.
    """

    question: AnyQuestion
    content: Sha256
    look: UUID
    of_officers: bool = Field(default=False, exclude_if=unset)


class Answer(Model):
    """The internal result of `View`: either the answer, as plain data, or the refusal."""

    answer: Any = None
    refusal: Any = None


class LoggedEvent(Model):
    """An event as stored in the log, with its sealed fields still sealed."""

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
    """The record's row of a payment: one request for money with its renewals."""

    stream: str
    filing_id: UUID
    agency: AgencyCode


class ParcelRecord(ParcelRow):
    """The record's row of a consignment."""

    stream: str
    filing_id: UUID
    agency: AgencyCode


class FilingRecord(FilingSummary):
    """The record's row of a filing, with the rows of its payments and parcels."""

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
    """The number of payments in one state, and the sums in đồng that were requested, captured and refunded."""

    state: str
    payments: int
    asked: int
    captured: Dong
    refunded: Dong


class BoardEvent(Model):
    """The public part of an event.

    Attributes:
        at: The time at which the event was recorded.
        stream: The name of the stream within its filing: `filing`, `payment 1`.
        code: The dossier code of the filing; None if the record has no such filing.
    """

    at: Instant
    agency: AgencyCode
    code: str | None = None
    stream: str
    kind: str


class Board(Model):
    """The present state of the platform, or of one agency.

    Attributes:
        due_today: The number of tasks that are due by the end of the day in Vietnam and are not late.
        late: The number of late tasks.
        appends: The number of appends to the whole record since the database began its statistics.
        newest: The last recorded events.
        stalled: The number of workflows of the whole platform whose code fails, from Temporal; None if unknown.
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
