"""A filing (hồ sơ): the fold of its events, and its views."""

from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from ..base import AgencyCode, Code, Dong, HandedIn, Instant, Key, Model, Sha256, Subject, Text, Version, unset
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
from .submission import Authorisation, LegalRepresentative

__all__ = ["STATUS_NAMES", "Action", "ClockState", "Closing", "Decision", "Extension", "Fee", "FeeFact", "FeeState"]
__all__ += ["Filing", "FilingEnd", "FilingPart", "FilingStart", "FilingView", "OpenSupplement", "OverduePartFact"]
__all__ += ["ParcelFact", "PartFact", "PartStage", "Pause", "PauseReason", "Proposal", "ResultView", "Stage"]
__all__ += ["Status", "Stretch", "SubmitCheck", "Task", "Timer"]


class Status(IntEnum):
    """The national status codes of a filing (Circular 22/2019/TT-BTTTT, annex I)."""

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
    SUCCESSION = "succession"
    STAYED = "stayed"
    CLOSED = "closed"


class Closing(StrEnum):
    """The way in which a filing ended."""

    DELIVERED = "delivered"
    INTAKE_REFUSED = "intake_refused"
    WITHDRAWN = "withdrawn"
    SUPPLEMENT_EXPIRED = "supplement_expired"
    FEE_EXPIRED = "fee_expired"
    STOPPED = "stopped"
    LAPSED = "lapsed"


class PauseReason(StrEnum):
    """The reason why a clock stands still: a status, the fee before acceptance, the wait for a successor, a stay."""

    SUPPLEMENT = "supplement"
    FEE = "fee"
    OBLIGATION = "obligation"
    SUSPENSION = "suspension"
    SUCCESSION = "succession"
    STAY = "stay"


class Pause(Model):
    """A period in which a clock stands still, with the legal `basis`. It goes on while `until` is not set."""

    since: Instant
    """start of the pause"""
    until: Instant | None = None
    """end of the pause; not set while it lasts"""
    reason: PauseReason
    """reason of the pause"""
    basis: str | None = None
    """legal basis of the pause; not set if none was recorded"""


class Extension(Model):
    """One extension of a limit: the additional time, the time of the extension, and the kind of its event."""

    by: Limit
    at: Instant
    kind: str
    """kind of the event that extended the limit"""


class ClockState(Model):
    """One run of a clock, from its start to its end.

    `limit` includes the extensions. `due` is the instant at which the limit ends, computed on the calendar; during a
    pause it keeps its value. `remind_at` is the time of the coming reminder: None if the reminder was sent, or if none
    will be sent. `apologise_at` is the time at which an apology is drafted: None if it was drafted, or if none will be.
    `expected_at` is the date that the last apology for lateness has told: `due` stays missed, and when that date is
    over too, the next apology is drafted. `ended_by` is the kind of the event that stopped the clock. `outcome` is None
    for a run that was cut short or started again.
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
    """time at which the officer was reminded; not set before"""
    apologise_at: Instant | None = None
    """time at which an apology must be drafted unless the work is done; not set if it was drafted, or none will be"""
    apologised_at: Instant | None = None
    """time at which the apology was drafted; not set before"""
    overdue_at: Instant | None = None
    """time at which the run became overdue; not set if it has not"""
    expected_at: Annotated[Instant | None, Field(exclude_if=unset)] = None
    """date that the last apology for lateness has told; not set before"""
    ended: Instant | None = None
    """end of this run of the clock; not set while it runs"""
    ended_by: str | None = None
    """kind of the event that ended the run; not set while it runs"""
    outcome: Timeliness | None = None
    """early, on time or late; not set while the run lasts, or if it was cut short"""

    @property
    def paused(self) -> bool:
        """Whether the clock is paused."""
        return bool(self.pauses) and self.pauses[-1].until is None

    @property
    def promised(self) -> datetime:
        """The date last promised to the applicant: the date in an apology, else the due instant."""
        return self.expected_at or self.due

    @property
    def overdue(self) -> bool:
        """Whether the clock has passed its due instant."""
        return self.overdue_at is not None


class FeeState(StrEnum):
    """The state of a fee. `cancelled`: the fee was due when the filing was reopened, and may be requested again."""

    DUE = "due"
    PAID = "paid"
    EXPIRED = "expired"
    WAIVED = "waived"
    CANCELLED = "cancelled"


MOST_BY_POST: Final = 3
"""The maximum number of copies sent by post. If all were lost, a further copy is collected at the counter."""


class Fee(Model):
    """A requested fee, in đồng.

    `waived` is the reduction by an earlier waiver. `online`: whether an online payment was opened, even if the fee was
    then paid in another way. `lapsed`: whether the fee was not paid in time, so that the result waits for the payment.
    `adds_to` is set if this fee is the difference after a change of the dossier, and is the number of the fee that was
    paid before. `returned` are the refunds after changes of the dossier. `charged_back` is the sum that the payer's
    bank took back, and that is requested again. `agency` is the agency that received it; set only if the filing was
    then passed on.
    """

    n: int
    amount: Dong
    lines: tuple[FeeLine, ...]
    """the items of the fee"""
    channel: Channel
    waived: int = 0
    """waived amount in đồng"""
    online: bool = False
    """whether an online payment was opened for the fee"""
    lapsed: bool = False
    """whether the fee was not paid in time, so that the result waits for the payment"""
    state: FeeState = FeeState.DUE
    receipt_no: str | None = None
    """number of the payment among the payments to the agency; not set before the payment"""
    asked_at: Instant | None = None
    """time of the request for the fee"""
    adds_to: int | None = None
    """number of the paid fee to which this fee adds the difference; not set: it is the whole fee"""
    returned: tuple[FeeShare, ...] = ()
    """refunded parts of the fee after changes of the dossier, item by item"""
    charged_back: Dong = 0
    agency: AgencyCode | None = Field(default=None, exclude_if=unset)
    """code of the agency that took the money; not set: the agency that has the filing"""

    @property
    def kept(self) -> int:
        """The part of the paid fee, in đồng, that was not returned after a change of the dossier."""
        return self.amount - sum(share.amount for share in self.returned) if self.state is FeeState.PAID else 0


class MoreTime(StrEnum):
    """The agency's answer to a request for more time: none yet, granted, or refused."""

    REQUESTED = "requested"
    GRANTED = "granted"
    REFUSED = "refused"


class OpenSupplement(Model):
    """A supplement request that waits for its answer.

    `more_time` is the state of the applicant's request for more time; None if the applicant has made none.
    """

    n: int
    items: tuple[SupplementItem, ...]
    """the papers and form fields to supply"""
    officer: str
    legal_basis: str
    more_time: MoreTime | None = None
    """whether the applicant asked for more time, and whether it was granted; not set if the applicant did not"""
    until: Instant | None = None
    """end of the applicant's time; midnight is 24:00 of the day before"""


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
    """A consulted body's answer. `consent`: whether it agrees. `silent`: whether its silence counts as consent."""

    step: Code
    party: Code
    consent: bool
    silent: bool = False
    """whether the body did not answer in time, which counts as consent"""
    note: str | None = None


class PartStage(StrEnum):
    """The stage of a part that another agency decides."""

    PLANNED = "planned"
    REFERRED = "referred"
    ANSWERED = "answered"


class FilingPart(Model):
    """A part of the procedure that another agency decides, the filing's `n`-th, as the lead agency sees it.

    `agency` is the deciding agency, `due` the deadline for its decision, and `overdue` whether the deadline was missed.
    The reasons of the decision are in the part's own stream.
    """

    n: int
    step: Code
    code: Code
    agency: AgencyCode
    """code of the agency that decides the part"""
    limit: Limit
    stage: PartStage = PartStage.PLANNED
    """planned, referred or answered"""
    referred_at: Instant | None = None
    """time of the referral to the deciding agency; not set before"""
    due: Instant | None = None
    overdue: bool = False
    answered_at: Instant | None = None
    """time of the decision; not set before"""
    outcome: Outcome | None = None
    officer: str | None = None
    result: FileRef | None = None


class Obligation(Model):
    """A financial obligation to another authority.

    The authority states the amount, which the agency then demands from the applicant. `agency` is the tax office to
    which the amount is owed. If this office takes money online, the `n`-th payment collects the amount.
    """

    step: Code
    reference: str
    amount: Dong | None = None
    agency: AgencyCode | None = None
    """code of the tax office that demands the amount; not set if unknown"""
    n: int | None = None
    """number of the payment that collects the amount online; not set if the applicant can't pay here"""


class TaxDemand(Model):
    """A tax office's demand for money, which the filing's `n`-th payment collects online. `met`: whether it is paid."""

    n: int
    agency: AgencyCode
    amount: Dong
    met: bool = False


class Draft(Model):
    """The `n`-th draft of the result, as shown to the applicant."""

    step: Code
    n: int
    officer: str
    file: FileRef
    """the draft in the object store"""


class Move(Model):
    """The last act of an officer, who may take it back.

    `kind` is the kind of the act's event, `step` the review step of the act; None if the act is a stop of the filing.
    """

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
    """The decision. `seq` is the number of the event in which it was recorded."""

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
    """The filing's `n`-th result. `number` is its number in the register; None if it is older than the register.

    `signed`: whether the officers signed it in a stream of its own, which has more details of the result.
    `overtaken_at` is the time at which a complaint undid the result; None if none has. `agency` is the agency that
    issued it; set only if the filing was passed on afterwards.
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
    agency: AgencyCode | None = Field(default=None, exclude_if=unset)


class Stay(Model):
    """A stay of the disputed act: the `stay`-th one by the complaint, until the end of `limit` from `since`."""

    complaint: int
    stay: int
    since: Instant
    limit: Limit


class RevokedCopy(Model):
    """A lost copy of the result. It is revoked as soon as there is another copy.

    `parcel` is the number of the parcel with the lost copy, `outcome` the outcome of this parcel.
    """

    copy_number: int
    parcel: int
    """number of the parcel with the copy, from 1"""
    outcome: ParcelOutcome
    """outcome of the parcel with the copy"""
    result: FileRef


class Filing(Model):
    """The state of a filing. `seq` is the number of the last folded event.

    `had_by` are the agencies that passed the filing on, in order; an agency may appear more than once. `digests` are
    those of the filing's rules and its calendar. `officer` has the current task; `acting_for` is the absent officer for
    whom that officer acts, if any. `at_desk` are the papers that another agency's desk still has, `under_way` the
    papers on their way from there to the deciding agency. `act` is the seq of the agency's act that a complaint may
    undo now. `reopened` is the number of restarts. `supplements_before` and `parcels_before` are the numbers of
    supplement requests and parcels up to the last restart.

    `to_scan` are the papers whose files have no virus scan yet. `infected` are the papers with viruses in their files,
    until other papers replace them. `unscanned`: whether some files came while there was no scanner.
    `signature_accepted` is an officer's decision on an undetermined signature.

    `stays` are the stays of disputed acts by complaints: while there is one, the filing stands still.

    `ceased`: whether the applicant has died or, as an organisation, ceased to exist, and no successor has stepped in.
    `mandate_over`: whether the representation that the submission states has ended; `representative` is the
    representative named afterwards.

    `accepted_by` is the officer who accepted the filing; `handled_by` are the officer who finished the last step and
    the absent officer for whom that officer acted; `recused` are the officers who may handle nothing of the filing,
    each as the agency and the subject with a space between them.

    `offered`: whether the result can be read online. `links` is the number of links to it so far; only the last link is
    valid. At the counter the result is handed over for the `pickup_code`; `wrong_codes` is the number of wrong codes
    given there. `parcel_end` is the outcome of the parcel with this result. `recalled` is the number of a recalled
    parcel, and `elsewhere` the number of the parcel that was under way when the applicant chose another delivery.
    `delivery_changes` is the number of such choices. The copy of the result with the number `copy_number` is valid;
    `lost_copy` is set while the next copy is made. Of the revoked copies, only the newest are kept.
    """

    snapshot_version: int = 1
    filing_id: UUID
    agency: AgencyCode
    had_by: tuple[AgencyCode, ...] = Field(default=(), exclude_if=unset)
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
    by_law: Annotated[LegalRepresentative | None, Field(exclude_if=unset)] = None
    stays: Annotated[tuple[Stay, ...], Field(exclude_if=unset)] = ()
    ceased: Annotated[bool, Field(exclude_if=unset)] = False
    mandate_over: Annotated[bool, Field(exclude_if=unset)] = False
    representative: Annotated[Subject | None, Field(exclude_if=unset)] = None
    form: dict[Code, FormValue] = Field(default_factory=dict)
    papers: tuple[Paper, ...] = ()
    address: Address | None = None
    payer_account: str | None = None
    payer_address: str | None = None
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
    accepted_by: str | None = Field(default=None, exclude_if=unset)
    handled_by: tuple[str, ...] = Field(default=(), exclude_if=unset)
    recused: tuple[str, ...] = Field(default=(), exclude_if=unset)
    last_move: Move | None = None
    supplements: int = 0
    supplements_in_review: int = 0
    supplements_before: int = 0
    supplement: OpenSupplement | None = None
    dossier_changed_at: Instant | None = None
    waivers_declined: tuple[Code, ...] = Field(default=(), exclude_if=unset)
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
    intake_apologised: Annotated[bool, Field(exclude_if=unset)] = False
    early: bool = False
    machine_failing: MachineWork | None = None
    machine_error: str | None = Field(default=None, exclude_if=unset)

    @property
    def closed(self) -> bool:
        """Whether the filing has ended."""
        return self.closing is not None

    @property
    def represented_by(self) -> Subject | None:
        """The applicant's representative, if any. The last day of the authorisation is not checked here."""
        if self.ceased:
            return None
        filer = self.filed_by
        filed = filer is not None and filer.role is Role.REPRESENTATIVE and not self.mandate_over
        return self.representative or (filer.subject if filer is not None and filed else None)

    @property
    def receiving(self) -> AgencyCode:
        """The agency whose desk received the filing."""
        return self.desk or self.agency

    @property
    def returning(self) -> AgencyCode:
        """The agency whose desk hands over the result."""
        return self.result_desk or self.receiving

    @property
    def whose_task(self) -> str | None:
        """The officer who has claimed the current task, or the absent officer for whom that officer acts."""
        return self.acting_for or self.officer

    @property
    def begun_step(self) -> StepPart | None:
        """The rules of the review step that began last."""
        return next((step for step in self.procedure.review if step.code == self.step), None)

    @property
    def fee(self) -> Fee | None:
        """The last requested fee."""
        return self.fees[-1] if self.fees else None

    @property
    def fee_pending(self) -> bool:
        """Whether the filing waits for the payment of a fee. A fee that the post collects does not count."""
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
        """The post's own charge for the delivery of the result, in đồng; the agency's fee is not included.

        It is 0 for a further copy of the result: the post pays for the delivery of such a copy (QĐ 45/2016 Đ14).
        """
        return (self.procedure.postage or 0) if self.copy_number == 1 else 0

    @property
    def fees_to_collect(self) -> tuple[Fee, ...]:
        """The due fees whose payment workflow must be running."""
        return () if self.closed else tuple(fee for fee in self.fees if fee.online and fee.state is FeeState.DUE)

    @property
    def payments_to_cancel(self) -> tuple[int, ...]:
        """The numbers of the payments to cancel.

        A fee's payment is to be cancelled if the fee was paid in another way, was waived, or was unpaid when the filing
        ended. An obligation's payment is to be cancelled if the obligation was met in another way, or its demand was
        recalled.
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
    def passed_from(self) -> AgencyCode | None:
        """The agency that had the filing before it was last passed on; None if it never was."""
        return self.had_by[-1] if self.had_by else None

    @property
    def parts_under_way(self) -> tuple[FilingPart, ...]:
        """The referred parts that are not answered yet."""
        return tuple(part for part in self.parts if part.stage is PartStage.REFERRED)

    @property
    def planned(self) -> tuple[FilingPart, ...]:
        """The parts that are not referred yet."""
        return tuple(part for part in self.parts if part.stage is PartStage.PLANNED)

    @property
    def parts_to_cancel(self) -> tuple[FilingPart, ...]:
        """The referred parts that are no longer needed, since the filing has ended."""
        return self.parts_under_way if self.closed else ()

    def _owes_payment(self, fee: Fee) -> bool:
        """Whether the fee's online payment is still needed, or has settled the fee; else it is to be cancelled."""
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
    """The next time at which the timer of a clock fires, and the reason: a reminder, an apology, or the due instant."""

    clock: Clock
    due: Instant
    """time at which the timer fires"""
    moment: Moment = Moment.DUE
    """reason of the timer: a reminder, an apology to draft, or the due instant"""


class Task(Model):
    """A task for the officers of an agency in one role.

    `officer` has claimed the task; `acting_for` is the absent officer for whom that officer acts. `due` is the
    deadline.
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


class Stretch(Model):
    """The total time by which one kind of act has made the processing longer.

    `kind` is the kind of the acts' events: `case_applied`, `extended`, `reappointed` or `suspended`. For `suspended`,
    the total is the time of all past suspensions and the limit of the present one.
    """

    kind: str
    """kind of the events that made the processing longer"""
    by: Limit


class FilingView(Model):
    """The complete view of a filing as of an instant, for readers who may see all of it."""

    filing_id: UUID
    code: str
    """dossier code (mã hồ sơ)"""
    seq: int
    """number of the filing's last event"""
    changed_at: Instant | None = None
    """time of the filing's last event; not set by platforms before this field"""
    agency: AgencyCode
    passed_from: AgencyCode | None = Field(default=None, exclude_if=unset)
    """code of the agency that had the filing before it was last passed on; not set if it never was"""
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
    by_law: Annotated[LegalRepresentative | None, Field(exclude_if=unset)] = None
    """the representative by law; not set if there is none"""
    status: Status
    status_name: Text
    stage: Stage
    """stage of the filing: the act or event that it waits for"""
    submitted_at: Instant
    """time of the submission"""
    received_at: Instant | None = None
    missing: tuple[SupplementNeed, ...] = ()
    """missing parts of a paper dossier, which counts as received and is accepted once the missing parts have come"""
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
    """the supplement request that waits for an answer; not set if there is none"""
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
    """draft of the result, while the applicant may still confirm or correct it; not set otherwise"""
    fee: Fee | None = None
    """the last requested fee; not set if there is none"""
    waiver: Waiver | None = None
    """the granted waiver of the fee; not set if there is none"""
    proposal: Proposal | None = None
    """the proposed decision; not set if there is none, or once the filing is decided"""
    decision: Decision | None = None
    """the decision, its officer and its reason; not set before"""
    result: FileRef | None = None
    copy_number: int = 1
    lost_copy: RevokedCopy | None = None
    """the lost copy of the result, while another copy is made; not set otherwise"""
    revoked_copies: tuple[RevokedCopy, ...] = ()
    """revoked copies of the result, the newest last"""
    unclaimed: bool = False
    """whether the result is kept because its fee was not paid in time"""
    complain_until: Instant | None = None
    """end of the time for a complaint (khiếu nại) about the last notice; not set before the first notice"""
    tasks: tuple[Task, ...]
    """tasks of the roles and officers"""
    stretched: tuple[Stretch, ...] = ()
    """the sums of the additional time: by another case, extensions, other appointments, suspensions"""
    timers: tuple[Timer, ...]
    """next timers of the running clocks"""
    overdue: tuple[Clock, ...]
    """names of the clocks whose limit was missed"""
    erased_at: Instant | None = Field(default=None, exclude_if=unset)
    """time at which the personal data was erased; not set before"""
    as_of: Instant


class FilingStart(HandedIn):
    """The start input of a filing.

    `submission` is kept unchanged, since its digest identifies its content. `statement` is the signed identity of the
    person who files.
    """

    submission: dict[str, Any]
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)


class FilingEnd(Model):
    """The output of a filing's workflow."""

    closing: Closing | None = None
    """way in which the filing ended; not set while it is open"""
    code: str | None = None
    """dossier code (mã hồ sơ)"""


class SubmitCheck(HandedIn):
    """The argument of the Update `submit`: the digest of the submission that the caller intends to file.

    `statement` is the same statement as in the filing's start input.
    """

    content: str | None = None
    """SHA-256 of the submission as RFC 8785 JSON, in hex; if set, other content under the same ids is refused"""
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
    """The content of the signal `fee_settled`, which a payment sends to its filing.

    `forgone` is the unpaid part of the fee in đồng, which the agency forgoes; None if there is none.
    """

    n: int = Field(ge=1, le=_LARGEST)
    settlement: str
    amount: Dong = Field(default=0, ge=0, le=_LARGEST)
    forgone: Dong | None = Field(default=None, ge=1, le=_LARGEST)


class ChargeBackFact(Model):
    """The content of the signal `fee_charged_back`, which the `n`-th refund sends to its filing.

    `amount` đồng of the fee with the number `fee` were charged back, and are requested again. `again` is the number of
    this repeated request.
    """

    n: int = Field(ge=1, le=_LARGEST)
    fee: int = Field(ge=1, le=_LARGEST)
    amount: Dong = Field(ge=1, le=_LARGEST)
    again: int = Field(ge=1, le=_LARGEST)


class ParcelFact(Model):
    """The content of the signal `parcel_settled`, which a parcel sends to its filing.

    `fee` is the part of the agency's fee, in đồng, that the post collected with the parcel.
    """

    n: int = Field(ge=1, le=_LARGEST)
    outcome: str
    fee: Dong | None = None


class OverduePartFact(Model):
    """The content of the signal `part_overdue`, which a referral sends to its filing."""

    n: int = Field(ge=1, le=_LARGEST)


class PartFact(Model):
    """The content of the signal `part_settled`, which a referral sends to its filing."""

    n: int = Field(ge=1, le=_LARGEST)
    outcome: str
    officer: Subject
    result: FileRef | None = None
