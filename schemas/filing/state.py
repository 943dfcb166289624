"""A filing (hồ sơ): the fold of its events, and its views."""

from datetime import date
from enum import IntEnum, StrEnum
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from ..base import AgencyCode, Code, Dong, Instant, Key, Model, Sha256, Subject, Text, Version, unset
from ..errors import Problem
from ..files import FileRef, Paper, ScanState
from ..identity.statement import SignedStatement
from ..level import Channel, Level
from ..limit import Limit
from ..people import Actor, Address, Applicant, Role
from ..publishing.calendar import Calendar, CalendarName, LocalTime, Timeliness
from ..publishing.fee import FeeDue
from ..publishing.procedure import ProcedureCode
from ..publishing.procedure_rules import ProcedureRules, StepPart
from ..signature import SignatureRecord
from ..text import FormValue
from ..translate import said
from .commands import SupplementItem
from .delivery import Link, PickupCode
from .events import (
    SPOILT,
    Clock,
    Digests,
    FeeLine,
    FeeShare,
    MachineWork,
    Moment,
    Outcome,
    ParcelOutcome,
    SupplementNeed,
)
from .submission import Authorisation

__all__ = ["STATUS_NAMES", "Action", "ClockState", "Closing", "Decision", "Extension", "Fee", "FeeFact", "FeeState"]
__all__ += ["Filing", "FilingEnd", "FilingPart", "FilingStart", "FilingView", "OpenSupplement", "OverduePartFact"]
__all__ += ["ParcelFact", "Parked", "PartFact", "PartStage", "Pause", "PauseReason", "Proposal", "ResultView", "Stage"]
__all__ += ["Status", "SubmitCheck", "Task", "Timer"]


class Status(IntEnum):
    """The national status codes of a filing (domain: Circular 22/2019/TT-BTTTT, annex I)."""

    REGISTERED = 1
    ACCEPTED = 2
    NOT_ACCEPTED = 3
    PROCESSING = 4
    SUPPLEMENT = 5
    FINANCIAL_OBLIGATION = 6
    WITHDRAWN = 7
    STOPPED = 8
    PROCESSED = 9
    RETURNED = 10


STATUS_NAMES: Final[dict[Status, Text]] = {status: said(f"status.{status.name.lower()}") for status in Status}


class Stage(StrEnum):
    """The stage of a filing: the act or event that it waits for."""

    DRAFT = "draft"
    INTAKE = "intake"
    SUPPLEMENT = "supplement"
    FEE = "fee"
    SUSPENDED = "suspended"
    OBLIGATION = "obligation"
    CONFIRMATION = "confirmation"
    REVIEW = "review"
    ISSUE = "issue"
    DELIVERY = "delivery"
    READING = "reading"
    PICKUP = "pickup"
    CLOSED = "closed"


class Closing(StrEnum):
    """The way in which a filing ended."""

    DELIVERED = "delivered"
    INTAKE_REFUSED = "intake_refused"
    WITHDRAWN = "withdrawn"
    SUPPLEMENT_EXPIRED = "supplement_expired"
    FEE_EXPIRED = "fee_expired"
    STOPPED = "stopped"


class PauseReason(StrEnum):
    """The reason why a clock stands still: a national status, or the fee due before the filing is accepted."""

    SUPPLEMENT = "supplement"
    FEE = "fee"
    OBLIGATION = "obligation"
    SUSPENSION = "suspension"


class Pause(Model):
    """A period in which a clock stood still, or still does if it has no end. `basis` is the recorded legal basis."""

    since: Instant
    """start of the pause"""
    until: Instant | None = None
    """end of the pause; not set while it lasts"""
    reason: PauseReason
    """reason of the pause"""
    basis: str | None = None
    """legal basis of the pause"""


class Extension(Model):
    """An extension of a limit: its length, its time, and the kind of its event."""

    by: Limit
    at: Instant
    kind: str
    """kind of the event that extended the limit"""


class ClockState(Model):
    """One run of a clock, from its start to its end.

    `limit` includes the extensions. `due` is the instant at which the limit ends, computed on the calendar; during a
    pause it keeps its value. `remind_at` is None once the reminder was sent, or if none will be sent; likewise
    `apologise_at`, for the apology. `ended_by` is the kind of event that stopped the clock; a run that was cut short or
    started again has no `outcome`.
    """

    clock: Clock
    limit: Limit
    """length of the time limit, extensions included"""
    cut_off: LocalTime | None = None
    started: Instant
    """start of this run of the clock"""
    due: Instant
    pauses: tuple[Pause, ...] = ()
    """the pauses of the clock, with their reasons"""
    extensions: tuple[Extension, ...] = ()
    """the extensions of the limit"""
    remind_at: Instant | None = None
    reminded_at: Instant | None = None
    """time of the officer's reminder"""
    apologise_at: Instant | None = None
    """time at which an apology must be drafted unless the work is done; not set once this is settled"""
    apologised_at: Instant | None = None
    """time at which the apology was drafted"""
    overdue_at: Instant | None = None
    """time at which it became overdue"""
    ended: Instant | None = None
    """end of this run of the clock; not set while it runs"""
    ended_by: str | None = None
    """kind of the event that ended it"""
    outcome: Timeliness | None = None
    """early, on time or late; not set if the run was cut short"""

    @property
    def paused(self) -> bool:
        """Whether the clock is paused."""
        return bool(self.pauses) and self.pauses[-1].until is None

    @property
    def overdue(self) -> bool:
        """Whether the clock has passed its due instant."""
        return self.overdue_at is not None


class FeeState(StrEnum):
    """The state of a fee; `cancelled`: it was due when the filing was reopened, and may be requested again."""

    DUE = "due"
    PAID = "paid"
    EXPIRED = "expired"
    WAIVED = "waived"
    CANCELLED = "cancelled"


MOST_BY_POST: Final = 3
"""The maximum number of copies sent by post. If all were lost, a further copy is collected at the counter."""


class Fee(Model):
    """A requested fee, in đồng.

    `waived` is the reduction by an earlier waiver. `online`: an online payment was opened, even if the money came in
    another way. `lapsed`: the fee was not paid in time, and the result waits for the payment. A fee that `adds_to`
    another one is the difference after a change of the dossier. `returned` are refunds after changes of the dossier.
    `charged_back` is the sum that the payer's bank took back, and that is requested again.
    """

    n: int
    amount: Dong
    lines: tuple[FeeLine, ...]
    """the items of the fee"""
    channel: Channel
    waived: int = 0
    """waived amount in đồng"""
    online: bool = False
    """whether an online payment was opened for it"""
    lapsed: bool = False
    """whether the fee was not paid in time, so that the result waits for the payment"""
    state: FeeState = FeeState.DUE
    receipt_no: str | None = None
    """number of the fee's receipt; not set before the payment"""
    asked_at: Instant | None = None
    """time of the request for the fee"""
    adds_to: int | None = None
    """number of the fee paid before to which this adds the difference; not set: it is the whole fee"""
    returned: tuple[FeeShare, ...] = ()
    """refunded parts of the fee after changes of the dossier, item by item"""
    charged_back: Dong = 0

    @property
    def kept(self) -> int:
        """The part of the paid fee, in đồng, that was not returned after a change of the dossier."""
        return self.amount - sum(share.amount for share in self.returned) if self.state is FeeState.PAID else 0


class OpenSupplement(Model):
    """A supplement request that waits for its answer."""

    n: int
    items: tuple[SupplementItem, ...]
    """the papers and form fields to supply"""
    officer: str
    legal_basis: str


class Question(Model):
    """A question to the applicant, with the answer if there is one."""

    n: int
    officer: str
    question: str
    """the question in words"""
    answer: str | None = None
    """the answer in words"""


class Inspection(Model):
    """The findings of an inspection on site."""

    step: Code
    officer: str
    held_at: Instant
    place: str
    """place of the inspection"""
    participants: tuple[str, ...]
    """names of the participants"""
    findings: str
    """text of the findings at the inspection"""


class Opinion(Model):
    """A consulted body's answer: it agrees (`consent`) or objects. A body that is `silent` has agreed."""

    step: Code
    party: Code
    consent: bool
    silent: bool = False
    """whether it did not answer in time, which counts as consent"""
    note: str | None = None


class PartStage(StrEnum):
    """The stage of a part that another agency decides."""

    PLANNED = "planned"
    REFERRED = "referred"
    ANSWERED = "answered"


class FilingPart(Model):
    """A part of the procedure that another `agency` decides, the filing's n-th, as the lead agency sees it.

    `due` is the deadline for its decision, `overdue`: the deadline was missed. The reasons of the decision are in the
    part's own stream.
    """

    n: int
    step: Code
    code: Code
    agency: AgencyCode
    """code of the agency that decides it"""
    limit: Limit
    stage: PartStage = PartStage.PLANNED
    """planned, referred or answered"""
    referred_at: Instant | None = None
    """time of the referral to that agency; not set before"""
    due: Instant | None = None
    overdue: bool = False
    answered_at: Instant | None = None
    """time of the decision"""
    outcome: Outcome | None = None
    officer: str | None = None
    result: FileRef | None = None


class Obligation(Model):
    """A financial obligation to another authority: first stated by the authority, then demanded from the applicant.

    `agency` is the tax office that demands it. If the office takes money online, the `n`-th payment collects it.
    """

    step: Code
    reference: str
    amount: Dong | None = None
    agency: AgencyCode | None = None
    """code of the tax office that demands it; not set if unknown"""
    n: int | None = None
    """number of the payment that collects it online; not set if it can't be paid here"""


class TaxDemand(Model):
    """A tax office's demand for money, collected online by the filing's `n`-th payment; `met`: it was paid."""

    n: int
    agency: AgencyCode
    amount: Dong
    met: bool = False


class Draft(Model):
    """The `n`-th draft of the result that the applicant is shown."""

    step: Code
    n: int
    officer: str
    file: FileRef
    """the draft in the object store"""


class Move(Model):
    """The last act of an officer, who may take it back: the kind of its event, and its review step; None for a stop."""

    kind: str
    step: Code | None = None
    officer: str
    acting_for: str | None = None


class Waiver(Model):
    """A granted waiver."""

    code: Code
    percent: int
    officer: str


class Proposal(Model):
    """A proposed decision."""

    outcome: Outcome
    officer: str
    acting_for: str | None = None
    reason: str | None = None
    legal_basis: str | None = None


class Decision(Model):
    """The decision. `seq` is the number of its event."""

    seq: int = 0
    """number of the event of the decision"""
    outcome: Outcome
    officer: str
    acting_for: str | None = None
    standing_order: str | None = None
    """number of the standing order that decided; not set if an officer did"""
    silence: str | None = None
    """legal basis of an approval by the agency's silence; not set for any other decision"""
    reason: str | None = None
    legal_basis: str | None = None


class IssuedResult(Model):
    """The filing's `n`-th result, with its number in the register; results older than the register have none.

    `signed`: a stream of its own has more details of the result. `overtaken_at` is set once a complaint has undone it.
    """

    n: int
    number: str | None = None
    sha256: str
    outcome: Outcome
    issued_at: Instant
    expires_on: date | None = None
    copies: int = 1
    signed: bool = False
    overtaken_at: Instant | None = None


class RevokedCopy(Model):
    """A lost copy of the result: its number, its parcel, and the outcome of that parcel.

    The copy is revoked as soon as there is another one.
    """

    copy_number: int
    parcel: int
    """number of its parcel, from 1"""
    outcome: ParcelOutcome
    """outcome of its parcel"""
    result: FileRef


class Filing(Model):
    """The state of a filing. `seq` is that of the last folded event; `digests` are those of its rules and its calendar.

    `officer` has the current task, perhaps `acting_for` an absent one. `at_desk` are the papers that another agency's
    desk still has, `under_way` those on their way to the deciding agency. `act` is the seq of the agency's act that a
    complaint may undo now. `reopened` is the number of restarts; supplements and parcels before the last restart are
    not counted any more.

    `to_scan` are the files without a scan yet, `infected` the papers with viruses in their files, until others replace
    them; `unscanned`: some files came while there was no scanner. `signature_accepted` is an officer's decision on an
    undetermined signature.

    `offered`: the result can be read at the last of its `links`. At the counter it is handed over for the
    `pickup_code`; `wrong_codes` is the number of wrong codes given.

    `parcel_end` is the outcome of the parcel with this result, `recalled` the number of a recalled parcel, `elsewhere`
    the number of a parcel recalled for another delivery; `delivery_changes` is the number of such changes. The
    `copy_number`-th copy of the result is valid; `lost_copy` is set while the next one is made. Of the revoked copies,
    the newest are kept.
    """

    snapshot_version: int = 1
    filing_id: UUID
    agency: AgencyCode
    procedure: ProcedureRules
    calendar: Calendar
    digests: Digests | None = None
    seq: int = 0
    erased_at: Instant | None = Field(default=None, exclude_if=unset)
    code: str | None = None
    level: Level = Level.INFORMATION
    channel: Channel = Channel.ONLINE
    desk: AgencyCode | None = None
    result_desk: AgencyCode | None = None
    at_desk: tuple[Code, ...] = ()
    under_way: tuple[Code, ...] = ()
    fee_channel: Channel | None = None
    result_channel: Channel = Channel.COUNTER
    applicant: Applicant | None = None
    filed_by: Actor | None = None
    authorisation: Authorisation | None = None
    form: dict[Code, FormValue] = Field(default_factory=dict)
    papers: tuple[Paper, ...] = ()
    address: Address | None = None
    payer_account: str | None = None
    client_id: Key | None = None
    submission_id: Key | None = None
    possible_duplicates: tuple[str, ...] = ()
    submitted_at: Instant | None = None
    received_at: Instant | None = None
    missing: tuple[SupplementNeed, ...] = ()
    accepted_at: Instant | None = None
    changed_at: Instant | None = None
    automatic: bool = False
    processing: bool = False
    step: Code | None = None
    officer: str | None = None
    acting_for: str | None = None
    last_move: Move | None = None
    supplements: int = 0
    supplements_in_review: int = 0
    supplements_before: int = 0
    supplement: OpenSupplement | None = None
    dossier_changed_at: Instant | None = None
    questions: tuple[Question, ...] = ()
    inspections: tuple[Inspection, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    parts: tuple[FilingPart, ...] = ()
    obligation: Obligation | None = None
    demands: tuple[TaxDemand, ...] = ()
    drafts: int = 0
    draft: Draft | None = None
    suspended: bool = False
    extensions: int = 0
    case: Code | None = None
    fees: tuple[Fee, ...] = ()
    waiver: Waiver | None = None
    proposal: Proposal | None = None
    decision: Decision | None = None
    result: FileRef | None = None
    results: tuple[IssuedResult, ...] = ()
    offered: bool = False
    links: int = 0
    link: Link | None = None
    link_sha256: Sha256 | None = None
    pickup: bool = False
    pickup_code: PickupCode | None = None
    wrong_codes: int = 0
    parcels: int = 0
    parcels_before: int = 0
    parcel_end: ParcelOutcome | None = None
    recalled: int | None = None
    elsewhere: int | None = None
    delivery_changes: int = 0
    copy_number: int = 1
    lost_copy: RevokedCopy | None = None
    revoked_copies: tuple[RevokedCopy, ...] = ()
    act: int | None = None
    reopened: int = 0
    scan: ScanState | None = None
    to_scan: tuple[Paper, ...] = ()
    unscanned: bool = False
    infected: tuple[Code, ...] = ()
    signature_check: SignatureRecord | None = None
    signature_accepted: bool | None = None
    signs: bool | None = None
    closing: Closing | None = None
    closed_at: Instant | None = None
    closed_by: str | None = None
    clocks: dict[Clock, ClockState] = Field(default_factory=dict)
    past_clocks: tuple[ClockState, ...] = ()
    overdue: tuple[Clock, ...] = ()
    reappointed: bool = False
    apologised: bool = False
    early: bool = False
    machine_failing: MachineWork | None = None

    @property
    def closed(self) -> bool:
        """Whether the filing has ended."""
        return self.closing is not None

    @property
    def receiving(self) -> AgencyCode:
        """The agency whose desk received the filing."""
        return self.desk or self.agency

    @property
    def returning(self) -> AgencyCode:
        """The agency whose desk returns the result."""
        return self.result_desk or self.receiving

    @property
    def whose_task(self) -> str | None:
        """The owner of the current task: the officer who claimed it, or the absent officer they act for."""
        return self.acting_for or self.officer

    @property
    def begun_step(self) -> StepPart | None:
        """The review step that began last."""
        return next((step for step in self.procedure.review if step.code == self.step), None)

    @property
    def fee(self) -> Fee | None:
        """The last requested fee."""
        return self.fees[-1] if self.fees else None

    @property
    def fee_pending(self) -> bool:
        """Whether the filing waits for the payment of a fee, other than one that the post collects."""
        fee = self.fee
        return fee is not None and fee.state is FeeState.DUE and not self.fee_at_the_post

    @property
    def fee_at_the_post(self) -> bool:
        """Whether the fee is due and the post collects it on delivery of the result."""
        fee, rule = self.fee, self.procedure.fee
        if fee is None or rule is None or rule.due is not FeeDue.RESULT:
            return False
        again = self.parcel_end in SPOILT and self.copy_number < MOST_BY_POST
        goes = self.result_channel is Channel.POST and (self.parcel_end is None or again)
        return fee.state is FeeState.DUE and fee.channel is Channel.POST and (goes or self.elsewhere is not None)

    @property
    def unclaimed(self) -> bool:
        """Whether the result is kept because its fee is still unpaid after its deadline."""
        return self.fee is not None and self.fee.lapsed and self.fee_pending

    @property
    def collected_on_delivery(self) -> int:
        """The post's own charge for the delivery of the result, in đồng, beside the fee that the post collects.

        It is 0 for a further copy, whose delivery the post pays (QĐ 45/2016 Đ14).
        """
        return (self.procedure.postage or 0) if self.copy_number == 1 else 0

    @property
    def fees_to_collect(self) -> tuple[Fee, ...]:
        """The due fees whose payment workflow must be running."""
        return () if self.closed else tuple(fee for fee in self.fees if fee.online and fee.state is FeeState.DUE)

    @property
    def payments_to_cancel(self) -> tuple[int, ...]:
        """The numbers of the payments to cancel.

        The fee of such a payment was paid in another way, was waived, or was unpaid when the filing ended; or the
        obligation was met in another way, or the demand for it was recalled.
        """
        fees = (fee.n for fee in self.fees if fee.online and not self._owes_payment(fee))
        demands = (demand.n for demand in self.demands if not demand.met and demand not in self._demanded)
        return (*fees, *demands)

    @property
    def demands_to_collect(self) -> tuple[TaxDemand, ...]:
        """The demand whose payment workflow must be running; empty if there is none, or if the time to pay is over."""
        clock = self.clocks.get(Clock.OBLIGATION)
        return () if clock is None or clock.overdue else self._demanded

    @property
    def _demanded(self) -> tuple[TaxDemand, ...]:
        """The demand whose payment the filing awaits; empty if there is none, or if it can't be paid online."""
        awaited = None if self.closed or self.obligation is None else self.obligation.n
        return tuple(demand for demand in self.demands if demand.n == awaited)

    @property
    def parts_under_way(self) -> tuple[FilingPart, ...]:
        """The referred parts that are not answered yet."""
        return tuple(part for part in self.parts if part.stage is PartStage.REFERRED)

    @property
    def parts_to_cancel(self) -> tuple[FilingPart, ...]:
        """The referred parts that are no longer needed, since the filing has ended."""
        return self.parts_under_way if self.closed else ()

    def _owes_payment(self, fee: Fee) -> bool:
        """Whether the fee's online payment is still needed, or has settled the fee; if not, it is to be cancelled."""
        by_payment = fee.state is FeeState.PAID and fee.channel is Channel.ONLINE
        return by_payment or fee.state is FeeState.EXPIRED or (fee.state is FeeState.DUE and not self.closed)


class Action(Model):
    """A command, and whether an actor can give it now."""

    name: str
    """name of the command"""
    allowed: bool
    """whether the actor can give the command now"""
    problem: Problem | None = None
    """reason against the command; not set if it is allowed"""


class Timer(Model):
    """The next time at which a clock's timer fires, and the occasion: a reminder, an apology, or the due instant."""

    clock: Clock
    due: Instant
    """time at which the timer fires"""
    moment: Moment = Moment.DUE
    """occasion: a reminder, an apology to draft, or the due instant"""


class Task(Model):
    """A task for a role of an `agency`. `officer` has claimed it; `due` is its deadline.

    `acting_for` is the absent officer for whom the `officer` acts.
    """

    name: str
    """name of the task"""
    agency: AgencyCode
    """code of the agency that must act"""
    role: Role
    actions: tuple[str, ...]
    """names of the commands that can be given for the task"""
    officer: str | None = None
    """identity of the officer who has claimed the task; not set if none has"""
    acting_for: str | None = None
    due: Instant | None = None
    overdue: bool = False


class Parked(Model):
    """A signal that could not be used."""

    signal: str
    """name of the signal"""
    problem: str
    """rule that made the signal unusable"""
    at: Instant
    """time at which the signal was set aside"""


class FilingView(Model):
    """The complete view of a filing as of an instant, for readers who may see all of it."""

    filing_id: UUID
    code: str
    """dossier code (mã hồ sơ)"""
    seq: int
    """number of the filing's last event"""
    agency: AgencyCode
    procedure: ProcedureCode
    version: Version
    calendar: CalendarName
    level: Level
    channel: Channel
    desk: AgencyCode | None = None
    result_desk: AgencyCode | None = None
    at_desk: tuple[Code, ...] = ()
    """codes of the papers that are still at another agency's desk"""
    under_way: tuple[Code, ...] = ()
    """codes of the papers on their way from another agency's desk"""
    result_channel: Channel
    authorisation: Authorisation | None = None
    status: Status
    status_name: Text
    stage: Stage
    """stage of the filing: the act or event that it waits for"""
    submitted_at: Instant
    """time of the submission"""
    received_at: Instant | None = None
    missing: tuple[SupplementNeed, ...] = ()
    """missing parts of a paper dossier: it counts as received, and is accepted once they have come"""
    scan: ScanState | None = None
    """state of the virus scan of the files: clean, unscanned (no scanner), pending, infected"""
    infected: tuple[Code, ...] = ()
    """codes of the papers whose files contain viruses"""
    signature_check: SignatureRecord | None = None
    """result of the signature's check at the receipt"""
    signature_accepted: bool | None = None
    """an officer's decision on a signature that stayed undetermined"""
    accepted_at: Instant | None = None
    """time of the acceptance; not set before"""
    closed: bool
    """whether the filing has ended"""
    closing: Closing | None = None
    """way in which the filing ended; not set while it is open"""
    possible_duplicates: tuple[str, ...] = ()
    """codes of other open filings of the same person for the same procedure"""
    supplement: OpenSupplement | None = None
    """the open supplement request; not set if there is none"""
    questions: tuple[Question, ...] = ()
    """questions to the applicant: the open ones, and the last 8 answered ones"""
    inspections: tuple[Inspection, ...] = ()
    """findings of the last 8 inspections on site, the earliest first"""
    opinions: tuple[Opinion, ...] = ()
    """answers of the consulted bodies"""
    parts: tuple[FilingPart, ...] = ()
    """parts that other agencies decide, in the order of their referral"""
    obligation: Obligation | None = None
    """financial obligation to another authority, such as a tax; not set if none was requested"""
    draft: Draft | None = None
    """draft of the result, while the applicant may still confirm or correct it"""
    fee: Fee | None = None
    """the last requested fee; not set if there is none"""
    waiver: Waiver | None = None
    """the granted waiver; not set if there is none"""
    proposal: Proposal | None = None
    """the proposed decision, while nobody has decided yet"""
    decision: Decision | None = None
    """the decision, its officer and its reason; not set before"""
    result: FileRef | None = None
    copy_number: int = 1
    lost_copy: RevokedCopy | None = None
    """the lost copy of the result, while another is made; not set otherwise"""
    revoked_copies: tuple[RevokedCopy, ...] = ()
    """revoked copies of the result, the newest last"""
    unclaimed: bool = False
    """whether the result is kept because its fee was not paid in time"""
    complain_until: Instant | None = None
    """end of the time for a complaint (khiếu nại) about the last notice; not set before the first notice"""
    tasks: tuple[Task, ...]
    """tasks of the roles and officers"""
    timers: tuple[Timer, ...]
    """next timers of the running clocks"""
    overdue: tuple[Clock, ...]
    """names of the clocks whose limit was missed"""
    parked: int = 0
    """number of signals that could not be used"""
    erased_at: Instant | None = Field(default=None, exclude_if=unset)
    """time at which the personal data was erased; not set before"""
    as_of: Instant


class FilingStart(Model):
    """The start input of a filing. `submission` is kept unchanged: its digest is its identity.

    `statement` is the signed identity of the filer.
    """

    submission: dict[str, Any]
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)


class FilingEnd(Model):
    """The result of a filing's workflow."""

    closing: Closing | None = None
    """way in which the filing ended; not set while it is open"""
    code: str | None = None
    """dossier code (mã hồ sơ)"""


class SubmitCheck(Model):
    """The argument of the Update `submit`: the digest of the submission that the caller intends to file.

    `statement` is the same as at the filing's start.
    """

    content: str | None = None
    """SHA-256 of the submission as RFC 8785 JSON, in hex; other content under the same ids is then refused"""
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)


class ResultView(Model):
    """The result of a closed or processed filing: the decision and its file."""

    filing_id: UUID
    code: str
    """dossier code (mã hồ sơ)"""
    outcome: Outcome
    result: FileRef


_LARGEST: Final = 2**53 - 1
"""The largest whole number that every reader of JSON reads exactly."""


class FeeFact(Model):
    """Signal `fee_settled` of a payment to its filing. The agency forgoes `forgone` đồng, which were not paid."""

    n: int = Field(ge=1, le=_LARGEST)
    settlement: str
    amount: Dong = Field(default=0, ge=0, le=_LARGEST)
    forgone: Dong | None = Field(default=None, ge=1, le=_LARGEST)


class ChargeBackFact(Model):
    """Signal `fee_charged_back` of the `n`-th refund to its filing: `amount` đồng of a `fee` are requested again.

    `again` is the number of this repeated request.
    """

    n: int = Field(ge=1, le=_LARGEST)
    fee: int = Field(ge=1, le=_LARGEST)
    amount: Dong = Field(ge=1, le=_LARGEST)
    again: int = Field(ge=1, le=_LARGEST)


class ParcelFact(Model):
    """Signal `parcel_settled` of a parcel to its filing; `fee` is the collected part of the fee, in đồng."""

    n: int = Field(ge=1, le=_LARGEST)
    outcome: str
    fee: Dong | None = None


class OverduePartFact(Model):
    """Signal `part_overdue` of a referral to its filing."""

    n: int = Field(ge=1, le=_LARGEST)


class PartFact(Model):
    """Signal `part_settled` of a referral to its filing."""

    n: int = Field(ge=1, le=_LARGEST)
    outcome: str
    officer: Subject
    result: FileRef | None = None
