"""A filing (hồ sơ): the fold of its events, and what is shown of it."""

from __future__ import annotations

from datetime import date
from enum import IntEnum, StrEnum
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from ..authorisation import Authorisation
from ..base import AgencyCode, Code, Dong, Instant, Key, Model, Sha256, Subject, Text, Version, unset
from ..errors import Problem
from ..files import FileRef, Paper, ScanState
from ..form import FormValue
from ..identity import SignedStatement
from ..level import Channel, Level
from ..limit import Limit
from ..people import Actor, Address, Applicant, Role
from ..publishing.calendar import Calendar, CalendarName, LocalTime, Timeliness
from ..publishing.fee import FeeDue
from ..publishing.procedure import ProcedureCode
from ..publishing.procedure_rules import ProcedureRules, StepPart
from ..saying import said
from ..signature import SignatureRecord
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
    """What the filing waits for."""

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
    """How a filing ended."""

    DELIVERED = "delivered"
    INTAKE_REFUSED = "intake_refused"
    WITHDRAWN = "withdrawn"
    SUPPLEMENT_EXPIRED = "supplement_expired"
    FEE_EXPIRED = "fee_expired"
    STOPPED = "stopped"


class PauseReason(StrEnum):
    """Why a clock stands still: the national status that says so, or the fee due before the filing is taken in."""

    SUPPLEMENT = "supplement"
    FEE = "fee"
    OBLIGATION = "obligation"
    SUSPENSION = "suspension"


class Pause(Model):
    """A stretch during which a clock stood still, or stands still if it has no end. `basis` is the law as noted."""

    since: Instant
    until: Instant | None = None
    reason: PauseReason
    basis: str | None = None


class Extension(Model):
    """By how much a limit was made longer, when, and the kind of event that says why."""

    by: Limit
    at: Instant
    kind: str


class ClockState(Model):
    """One run of a clock, from its start to its end.

    `limit` includes the extensions. `due` is the instant by which the clock has run out, as the calendar says;
    while the clock stands still, as it was. `remind_at` and `apologise_at` are None once that has been done, or if it
    never will be. `ended_by` is the kind of event that stopped the clock; a run that was not answered, but cut short
    or started again, has no `outcome`.
    """

    clock: Clock
    limit: Limit
    cut_off: LocalTime | None = None
    started: Instant
    due: Instant
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extension, ...] = ()
    remind_at: Instant | None = None
    reminded_at: Instant | None = None
    apologise_at: Instant | None = None
    apologised_at: Instant | None = None
    overdue_at: Instant | None = None
    ended: Instant | None = None
    ended_by: str | None = None
    outcome: Timeliness | None = None

    @property
    def paused(self) -> bool:
        """Whether it stands still."""
        return bool(self.pauses) and self.pauses[-1].until is None

    @property
    def overdue(self) -> bool:
        """Whether it has passed its due instant."""
        return self.overdue_at is not None


class FeeState(StrEnum):
    """Where a fee stands; cancelled is one that was due when the filing was reopened, and may be asked for anew."""

    DUE = "due"
    PAID = "paid"
    EXPIRED = "expired"
    WAIVED = "waived"
    CANCELLED = "cancelled"


MOST_BY_POST: Final = 3
"""So many copies go by post; what is made once more, because all were lost, is fetched."""


class Fee(Model):
    """A fee that was asked for, in đồng.

    `waived` is what an earlier waiver took off the lines; `online`: there is a payment for it, however it came;
    `lapsed`: it was not paid in time, and the result that it is for waits all the same. One that `adds_to` another is
    the difference that a change of the dossier makes; one that made it less had so much of what was paid `returned`. So
    much was `charged_back` by the payer's bank and is asked for again.
    """

    n: int
    amount: Dong
    lines: tuple[FeeLine, ...]
    channel: Channel
    waived: int = 0
    online: bool = False
    lapsed: bool = False
    state: FeeState = FeeState.DUE
    receipt_no: str | None = None
    asked_at: Instant | None = None
    adds_to: int | None = None
    returned: tuple[FeeShare, ...] = ()
    charged_back: Dong = 0

    @property
    def kept(self) -> int:
        """What was paid for it and is not to go back by a change of the dossier, in đồng."""
        return self.amount - sum(share.amount for share in self.returned) if self.state is FeeState.PAID else 0


class OpenSupplement(Model):
    """A supplement request that waits for its answer."""

    n: int
    items: tuple[SupplementItem, ...]
    officer: str
    legal_basis: str


class Question(Model):
    """A question to the applicant, and the answer once it is there."""

    n: int
    officer: str
    question: str
    answer: str | None = None


class Inspection(Model):
    """What was found on site."""

    step: Code
    officer: str
    held_at: Instant
    place: str
    participants: tuple[str, ...]
    findings: str


class Opinion(Model):
    """What a consulted body answered; without `consent` it objects, and a silent one has consented."""

    step: Code
    party: Code
    consent: bool
    silent: bool = False
    note: str | None = None


class PartStage(StrEnum):
    """Where a part stands that another agency decides."""

    PLANNED = "planned"
    REFERRED = "referred"
    ANSWERED = "answered"


class FilingPart(Model):
    """A part of the procedure that another `agency` decides, the filing's n-th, as the lead sees it.

    `due` is when it must be decided, `overdue` that it was not. Its own stream says why it was decided so.
    """

    n: int
    step: Code
    code: Code
    agency: AgencyCode
    limit: Limit
    stage: PartStage = PartStage.PLANNED
    referred_at: Instant | None = None
    due: Instant | None = None
    overdue: bool = False
    answered_at: Instant | None = None
    outcome: Outcome | None = None
    officer: str | None = None
    result: FileRef | None = None


class Obligation(Model):
    """A financial obligation towards another authority: asked about, then demanded from the applicant in đồng.

    `agency` is the tax office that demands it; the `n`-th payment asks for it if that takes money by itself.
    """

    step: Code
    reference: str
    amount: Dong | None = None
    agency: AgencyCode | None = None
    n: int | None = None


class TaxDemand(Model):
    """The demand of a tax office for which the `n`-th payment asks, or asked; `met` by that payment."""

    n: int
    agency: AgencyCode
    amount: Dong
    met: bool = False


class Draft(Model):
    """What the result will say, as the applicant is shown it, the `n`-th time."""

    step: Code
    n: int
    officer: str
    file: FileRef


class Move(Model):
    """What an officer has just done and may take back: the kind of its event, and the step unless it was a stop."""

    kind: str
    step: Code | None = None
    officer: str
    acting_for: str | None = None


class Waiver(Model):
    """A waiver that was granted."""

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
    """The decision. `seq` is that of its event."""

    seq: int = 0
    outcome: Outcome
    officer: str
    acting_for: str | None = None
    standing_order: str | None = None
    silence: str | None = None
    reason: str | None = None
    legal_basis: str | None = None


class IssuedResult(Model):
    """A result of the filing, its `n`-th, with its number in the register; those of before there was one have none.

    It was `signed` in a stream of its own, which knows more of it. A complaint has `overtaken` what it undid.
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
    """A copy of the result that is lost: which one, with which parcel it went, and what became of that.

    It is revoked as soon as there is another.
    """

    copy_number: int
    parcel: int
    outcome: ParcelOutcome
    result: FileRef


class Filing(Model):
    """The state of a filing. `seq` is that of the last event folded in; `digests` are of what was loaded for it.

    `officer` has the current task, in the place of whom they are `acting_for`, if somebody is absent.
    `at_desk` are the papers that another agency's desk still has, `under_way` those that it has sent to the agency that
    decides. `act` is the seq of the agency's act by which it stands where it does, which a complaint may undo. It was
    `reopened` so often; what it had of supplements and parcels before counts no more.

    `to_scan` are the files of which the scanner has not spoken yet, `infected` the papers in whose files it found
    viruses, until others have come; `unscanned` says that some came when there was no scanner. `signature_accepted` is
    an officer's word on a signature that stayed undetermined.

    The result is `offered` at the last of so many `links`. At the counter it is given for the `pickup_code`, of which
    so many wrong ones were given.

    `parcel_end` is how the parcel with this result ended, `recalled` the number of one that is to be had back, and
    `elsewhere` of one that is since the applicant wants the result in another way: that was changed so often. The
    `copy_number`-th copy of the result counts; `lost_copy` is there while the next is made. Of those that were revoked
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
        """The agency at whose desk it was handed in."""
        return self.desk or self.agency

    @property
    def returning(self) -> AgencyCode:
        """The agency at whose desk the result is fetched."""
        return self.result_desk or self.receiving

    @property
    def whose_task(self) -> str | None:
        """Whose the current task is: whoever has claimed it, or the absent officer for whom another has it."""
        return self.acting_for or self.officer

    @property
    def begun_step(self) -> StepPart | None:
        """The review step that was begun last."""
        return next((step for step in self.procedure.review if step.code == self.step), None)

    @property
    def fee(self) -> Fee | None:
        """The last fee asked for."""
        return self.fees[-1] if self.fees else None

    @property
    def fee_pending(self) -> bool:
        """Whether a fee waits to be paid, before anything else is done."""
        fee = self.fee
        return fee is not None and fee.state is FeeState.DUE and not self.fee_at_the_post

    @property
    def fee_at_the_post(self) -> bool:
        """Whether the fee is due and the post collects it, from whom it brings the result to."""
        fee, rule = self.fee, self.procedure.fee
        if fee is None or rule is None or rule.due is not FeeDue.RESULT:
            return False
        again = self.parcel_end in SPOILT and self.copy_number < MOST_BY_POST
        goes = self.result_channel is Channel.POST and (self.parcel_end is None or again)
        return fee.state is FeeState.DUE and fee.channel is Channel.POST and (goes or self.elsewhere is not None)

    @property
    def unclaimed(self) -> bool:
        """Whether the result is kept because its fee was not paid in time, and is not paid yet."""
        return self.fee is not None and self.fee.lapsed and self.fee_pending

    @property
    def collected_on_delivery(self) -> int:
        """What the post collects for bringing the result, in đồng, beside the fee that it collects for the agency.

        Another copy is at its own cost (QĐ 45/2016 Đ14).
        """
        return (self.procedure.postage or 0) if self.copy_number == 1 else 0

    @property
    def fees_to_collect(self) -> tuple[Fee, ...]:
        """Fees that a payment must be asking for."""
        return () if self.closed else tuple(fee for fee in self.fees if fee.online and fee.state is FeeState.DUE)

    @property
    def payments_to_cancel(self) -> tuple[int, ...]:
        """Numbers of the payments that must ask no more.

        Their fee was paid otherwise, waived, or due when the filing ended; their obligation was met otherwise, or its
        demand was taken back.
        """
        fees = (fee.n for fee in self.fees if fee.online and not self._owes_payment(fee))
        demands = (demand.n for demand in self.demands if not demand.met and demand not in self._demanded)
        return (*fees, *demands)

    @property
    def demands_to_collect(self) -> tuple[TaxDemand, ...]:
        """The demand for which a payment must be asking, as long as there is time to pay."""
        clock = self.clocks.get(Clock.OBLIGATION)
        return () if clock is None or clock.overdue else self._demanded

    @property
    def _demanded(self) -> tuple[TaxDemand, ...]:
        """The demand that the filing waits for, if there is a payment for it."""
        awaited = None if self.closed or self.obligation is None else self.obligation.n
        return tuple(demand for demand in self.demands if demand.n == awaited)

    @property
    def parts_under_way(self) -> tuple[FilingPart, ...]:
        """What other agencies have been asked to decide and have not answered."""
        return tuple(part for part in self.parts if part.stage is PartStage.REFERRED)

    @property
    def parts_to_cancel(self) -> tuple[FilingPart, ...]:
        """What other agencies need not decide any more: the filing has ended without them."""
        return self.parts_under_way if self.closed else ()

    def _owes_payment(self, fee: Fee) -> bool:
        """Whether what its payment collects, or has settled, is what this fee stands for."""
        by_payment = fee.state is FeeState.PAID and fee.channel is Channel.ONLINE
        return by_payment or fee.state is FeeState.EXPIRED or (fee.state is FeeState.DUE and not self.closed)


class Action(Model):
    """Something an actor can, or cannot, do now."""

    name: str
    allowed: bool
    problem: Problem | None = None


class Timer(Model):
    """What a clock will tell, and when: that it is `due`, or one of the moments before."""

    clock: Clock
    due: Instant
    moment: Moment = Moment.DUE


class Task(Model):
    """Something a role of an `agency` can do now. `officer` has claimed it; `due` is the deadline it stands under.

    `acting_for` is the absent officer in whose place they have it.
    """

    name: str
    agency: AgencyCode
    role: Role
    actions: tuple[str, ...]
    officer: str | None = None
    acting_for: str | None = None
    due: Instant | None = None
    overdue: bool = False


class Parked(Model):
    """A signal that could not be used."""

    signal: str
    problem: str
    at: Instant


class FilingView(Model):
    """What is shown of a filing to those who may see it whole, as of an instant."""

    filing_id: UUID
    code: str
    seq: int
    agency: AgencyCode
    procedure: ProcedureCode
    version: Version
    calendar: CalendarName
    level: Level
    channel: Channel
    desk: AgencyCode | None = None
    result_desk: AgencyCode | None = None
    at_desk: tuple[Code, ...] = ()
    under_way: tuple[Code, ...] = ()
    result_channel: Channel
    authorisation: Authorisation | None = None
    status: Status
    status_name: Text
    stage: Stage
    submitted_at: Instant
    received_at: Instant | None = None
    missing: tuple[SupplementNeed, ...] = ()
    scan: ScanState | None = None
    infected: tuple[Code, ...] = ()
    signature_check: SignatureRecord | None = None
    signature_accepted: bool | None = None
    accepted_at: Instant | None = None
    closed: bool
    closing: Closing | None = None
    possible_duplicates: tuple[str, ...] = ()
    supplement: OpenSupplement | None = None
    questions: tuple[Question, ...] = ()
    inspections: tuple[Inspection, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    parts: tuple[FilingPart, ...] = ()
    obligation: Obligation | None = None
    draft: Draft | None = None
    fee: Fee | None = None
    waiver: Waiver | None = None
    proposal: Proposal | None = None
    decision: Decision | None = None
    result: FileRef | None = None
    copy_number: int = 1
    lost_copy: RevokedCopy | None = None
    revoked_copies: tuple[RevokedCopy, ...] = ()
    unclaimed: bool = False
    complain_until: Instant | None = None
    tasks: tuple[Task, ...]
    timers: tuple[Timer, ...]
    overdue: tuple[Clock, ...]
    parked: int = 0
    erased_at: Instant | None = Field(default=None, exclude_if=unset)
    as_of: Instant


class FilingStart(Model):
    """What a filing is started with. `submission` is kept as it came: its digest is its identity.

    `statement` says, signed, who files it.
    """

    submission: dict[str, Any]
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)


class FilingEnd(Model):
    """What the workflow of a filing ends with."""

    closing: Closing | None = None
    code: str | None = None


class SubmitCheck(Model):
    """Argument of the Update `submit`: the digest of the submission that the caller believes it files.

    `statement` is the one that the filing is started with.
    """

    content: str | None = None
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)


class ResultView(Model):
    """The result of a closed or processed filing: the decision and its file."""

    filing_id: UUID
    code: str
    outcome: Outcome
    result: FileRef


_LARGEST: Final = 2**53 - 1
"""The largest number that every reader of JSON keeps exactly."""


class FeeFact(Model):
    """Signal `fee_settled` of a payment to its filing; `forgone` đồng were not paid, and are not asked for."""

    n: int = Field(ge=1, le=_LARGEST)
    settlement: str
    amount: Dong = Field(default=0, ge=0, le=_LARGEST)
    forgone: Dong | None = Field(default=None, ge=1, le=_LARGEST)


class ChargeBackFact(Model):
    """Signal `fee_charged_back` of the `n`-th refund to its filing: so much of a `fee` is asked for again.

    It is so for the `again`-th time.
    """

    n: int = Field(ge=1, le=_LARGEST)
    fee: int = Field(ge=1, le=_LARGEST)
    amount: Dong = Field(ge=1, le=_LARGEST)
    again: int = Field(ge=1, le=_LARGEST)


class ParcelFact(Model):
    """Signal `parcel_settled` of a parcel to its filing; `fee` is what was collected of the fee, in đồng."""

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
