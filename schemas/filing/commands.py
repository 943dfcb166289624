"""Commands: requests to a filing. Each is an Update of the workflow `Filing`, named by its `kind`."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StrictBool

from ..base import (
    AgencyCode,
    Code,
    DocumentNumber,
    Dong,
    Instant,
    Key,
    Line,
    Model,
    Sha256,
    ShortText,
    StrictModel,
    Subject,
    unset,
)
from ..files import FileRef, Paper, ScanState
from ..form import FormValue
from ..identity.statement import SignedStatement
from ..ids import digest
from ..level import Channel
from ..limit import Limit
from ..people import SYSTEM, Actor, Address, Via
from ..publishing.agency import AgencyName
from ..publishing.calendar import Calendar, CalendarName
from ..publishing.procedure import Term
from ..publishing.procedure_rules import ProcedureRules
from ..publishing.province import Province
from ..text import line
from .authorisation import Authorisation
from .delivery import Identity, Link, PickupCode, Receiver
from .events import (
    Accountable,
    Clock,
    FeeSettlement,
    MachineWork,
    Moment,
    Outcome,
    ParcelOutcome,
    Partner,
    PaymentMeans,
)
from .examined import Examined
from .submission import Submission

__all__ = [
    "PUBLIC_COMMANDS",
    "Accept",
    "AcknowledgeResult",
    "Answer",
    "Apologise",
    "ApplyCase",
    "Ask",
    "CancelParcel",
    "ChangeDelivery",
    "Claim",
    "Command",
    "ConfirmDraft",
    "CorrectDraft",
    "Decide",
    "DemandObligation",
    "Extend",
    "Forward",
    "FulfilObligation",
    "HandOver",
    "Inspect",
    "JudgeSignature",
    "PayAtCounter",
    "Prolong",
    "Propose",
    "Reappoint",
    "Reassign",
    "Recall",
    "ReceiveDossier",
    "RecordOpinion",
    "ReferObligation",
    "RefuseIntake",
    "Release",
    "RenewLink",
    "RequestSupplement",
    "Resume",
    "ShowDraft",
    "Stop",
    "StopMode",
    "Supplement",
    "SupplementItem",
    "TargetKind",
    "TransferDossier",
    "WaiveFee",
    "Withdraw",
    "content_of",
]

SYSTEM_VIA = Via(principal="motcua")


class Command(StrictModel):
    """The fields of every command.

    `command_id` is its identity in this filing: a repeat returns the first receipt, other content is refused.
    `on_behalf_of` is the subject for whom the actor acts. `seen_seq` is the `seq` of the page the actor saw.
    `statement` is the signed identity of the actor; it is no part of the content.
    """

    kind: str
    command_id: Key
    """your own id of the command, unique in its filing: the same again is the same command"""
    actor: Actor
    via: Via
    """the authenticated program that passes this on, and the channel it came by"""
    on_behalf_of: Annotated[str, AfterValidator(line)] | None = Field(default=None, max_length=128)
    """for whom the actor acts, if not for themselves"""
    seen_seq: int | None = Field(default=None, ge=0)
    """seq of the view that the actor saw when they decided; optional"""
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)


def content_of(command: Command) -> str:
    """The digest of a command's content; a newer page or a new signature does not change it."""
    return digest(command.model_dump(mode="json", exclude={"seen_seq", "statement"}, exclude_none=True))


class Accept(Command):
    """Take the filing in (tiếp nhận)."""

    kind: Literal["accept"] = "accept"


class RefuseIntake(Command):
    """Refuse to take the filing in (từ chối tiếp nhận), with the reason and the law that says so."""

    kind: Literal["refuse_intake"] = "refuse_intake"
    reason: ShortText
    legal_basis: ShortText


class TargetKind(StrEnum):
    """What a supplement item asks for."""

    PAPER = "paper"
    FIELD = "field"


class SupplementItem(Model):
    """One thing to supply or correct: a paper or a form field of the procedure, and what is wrong with it."""

    target: TargetKind
    """what is asked for: a paper or a form field"""
    code: Code
    note: ShortText


class RequestSupplement(Command):
    """Ask the applicant, once and fully, for what is missing (yêu cầu bổ sung).

    `late_reason` is why a leader asks later than the officers of the review may.
    """

    kind: Literal["request_supplement"] = "request_supplement"
    items: tuple[SupplementItem, ...] = Field(min_length=1, max_length=50)
    """one entry for each thing"""
    legal_basis: ShortText
    late_reason: ShortText | None = None
    """why it is asked for later than the officers of the review may"""


class Supplement(Command):
    """Supply what was asked for: the new values of fields and the new papers."""

    kind: Literal["supplement"] = "supplement"
    form: dict[Code, FormValue] = Field(default_factory=dict, max_length=200)
    """corrected values of the form fields that were asked for, by their codes"""
    papers: tuple[Paper, ...] = Field(default=(), max_length=100)
    """the papers that were asked for"""


class JudgeSignature(Command):
    """Say whether a signature counts that could not be checked to the end, and why."""

    kind: Literal["judge_signature"] = "judge_signature"
    accepted: StrictBool
    """whether the signature counts"""
    reason: ShortText


class TransferDossier(Command):
    """Send the papers that the desk has to the agency that decides (bàn giao hồ sơ); `originals` are those of them."""

    kind: Literal["transfer_dossier"] = "transfer_dossier"
    originals: tuple[Code, ...] = Field(default=(), max_length=100)
    """codes of those of the papers that are originals"""


class ReceiveDossier(Command):
    """Sign for the papers that the desk has sent (nhận bàn giao); the `note` says what is not as it should be."""

    kind: Literal["receive_dossier"] = "receive_dossier"
    note: ShortText | None = None


class Claim(Command):
    """Take the current task (intake or a review step) as one's own."""

    kind: Literal["claim"] = "claim"


class Release(Command):
    """Give a claimed task back to its queue."""

    kind: Literal["release"] = "release"


class Reassign(Command):
    """Give the current task to another officer (phân công lại).

    `acting_for` is the absent officer whose task it is, in whose place the other has it (xử lý thay). It is taken from
    nobody else then.
    """

    kind: Literal["reassign"] = "reassign"
    officer: Subject
    """identity of the officer who shall have the task"""
    acting_for: Subject | None = None
    """identity of the absent officer whose task it is, if it is given to their substitute"""


class Recall(Command):
    """Take back what one has just sent on, before anybody has taken it up (thu hồi)."""

    kind: Literal["recall"] = "recall"


class Ask(Command):
    """Ask the applicant a question; the clocks go on."""

    kind: Literal["ask"] = "ask"
    question: ShortText
    """the question in words"""


class Answer(Command):
    """Answer the question number `n`."""

    kind: Literal["answer"] = "answer"
    n: int = Field(ge=1)
    """number of the question"""
    answer: ShortText
    """the answer in words"""


class Inspect(Command):
    """Finish a review step by what was found on site: when, where, with whom."""

    kind: Literal["inspect"] = "inspect"
    held_at: Instant
    """when it was held"""
    place: Line
    """where it was held"""
    participants: tuple[Line, ...] = Field(min_length=1, max_length=50)
    """who took part, by name"""
    findings: ShortText
    """what was found"""


class RecordOpinion(Command):
    """Record what a consulted body answered; the last answer finishes the step."""

    kind: Literal["record_opinion"] = "record_opinion"
    party: Code
    """code of the consulted body in the procedure"""
    consent: StrictBool
    """true: it agrees; false: it objects"""
    note: ShortText | None = None
    """what the body wrote; optional"""


class ReferObligation(Command):
    """Ask another authority what the applicant owes it (chuyển thông tin nghĩa vụ tài chính)."""

    kind: Literal["refer_obligation"] = "refer_obligation"
    reference: DocumentNumber


class DemandObligation(Command):
    """Pass the other authority's notice of what is owed on to the applicant; `amount` in đồng.

    `agency` is the tax office whose notice it is. If it takes money by itself, the applicant can pay it here.
    """

    kind: Literal["demand_obligation"] = "demand_obligation"
    reference: DocumentNumber
    amount: Dong = Field(gt=0, lt=2**53)
    agency: AgencyCode | None = None
    """code of the tax office whose notice it is; without it the applicant can't pay here"""


class FulfilObligation(Command):
    """Finish the step: the obligation was met, or there is none; `reference` is that of the proof."""

    kind: Literal["fulfil_obligation"] = "fulfil_obligation"
    reference: DocumentNumber


class Forward(Command):
    """Finish a review step that neither proposes nor decides, or a consultation some of whose answers are late."""

    kind: Literal["forward"] = "forward"
    note: ShortText | None = None


class ShowDraft(Command):
    """Finish a review step: show the applicant what the result will say (bản dự thảo), to confirm or correct."""

    kind: Literal["show_draft"] = "show_draft"
    draft: FileRef
    """what the result will say: the file that the applicant is shown"""


class ConfirmDraft(Command):
    """Confirm that the draft is right."""

    kind: Literal["confirm_draft"] = "confirm_draft"


class CorrectDraft(Command):
    """Say what is wrong with the draft, and how the form's fields are right; another draft is made."""

    kind: Literal["correct_draft"] = "correct_draft"
    note: ShortText
    form: dict[Code, FormValue] = Field(default_factory=dict, max_length=200)
    """values of the procedure's form fields by their codes; dates as YYYY-MM-DD"""


class Propose(Command):
    """Propose the decision. A refusal on the merits needs its reason and the law that says so."""

    kind: Literal["propose"] = "propose"
    outcome: Outcome
    reason: ShortText | None = None
    legal_basis: ShortText | None = None


class Decide(Command):
    """Decide, as someone else than the proposer. A refusal on the merits needs its reason and the law that says so."""

    kind: Literal["decide"] = "decide"
    outcome: Outcome
    reason: ShortText | None = None
    legal_basis: ShortText | None = None


class StopMode(StrEnum):
    """Stopped for a time, or for good."""

    SUSPEND = "suspend"
    END = "end"


class Stop(Command):
    """Stop the filing (dừng xử lý): suspended until it is resumed, or ended.

    A suspension ends after `limit`, without it after as long as the procedure lets one last. `awaits` is what it is for
    where that is an event. `unproposed_reason` is why a leader ends what no specialist proposes to refuse.
    """

    kind: Literal["stop"] = "stop"
    mode: StopMode
    """suspend: it may be resumed; end: for good"""
    reason: ShortText
    legal_basis: ShortText
    limit: Limit | None = None
    awaits: ShortText | None = None
    """the event that the suspension is for"""
    unproposed_reason: ShortText | None = None
    """on what ground the leader ended it without such a proposal"""


class Prolong(Command):
    """Let a suspension last longer (kéo dài tạm dừng), with the reason that the applicant is told.

    `by` how much, in the unit of its limit; without it as much as the procedure lets one last.
    """

    kind: Literal["prolong"] = "prolong"
    reason: ShortText
    by: Limit | None = None


class Resume(Command):
    """Go on with a suspended filing."""

    kind: Literal["resume"] = "resume"


class Extend(Command):
    """Extend the processing limit as the procedure allows (gia hạn), with the reason that the applicant is told."""

    kind: Literal["extend"] = "extend"
    reason: ShortText


class ApplyCase(Command):
    """Say that another processing limit of the procedure applies to this filing, with the reason that is told.

    Such as that for filings in which something has to be verified (xác minh). Once, and before the limit ends.
    """

    kind: Literal["apply_case"] = "apply_case"
    case: Code
    """another processing limit of the procedure that applies to the filing"""
    reason: ShortText


class Reappoint(Command):
    """Apologise and give another appointment (xin lỗi và hẹn lại ngày trả kết quả), with the reason that is told.

    `by` how much later, in the unit of the processing limit; without it as much as the procedure allows.
    """

    kind: Literal["reappoint"] = "reappoint"
    reason: ShortText
    by: Limit | None = None


class Apologise(Command):
    """Tell the applicant why the result is late, where no other appointment can be given any more (xin lỗi)."""

    kind: Literal["apologise"] = "apologise"
    reason: ShortText


class WaiveFee(Command):
    """Let the applicant off the fee that is due, by one of the procedure's waivers (miễn, giảm)."""

    kind: Literal["waive_fee"] = "waive_fee"
    waiver: Code
    """code of the waiver in the procedure"""
    reason: ShortText


class PayAtCounter(Command):
    """Record that the fee was paid at the counter, in full; `amount` in đồng as counted by the cashier.

    It is cash unless `means` says otherwise: then `reference` is the number on the terminal's slip, or the bank's.
    """

    kind: Literal["pay_at_counter"] = "pay_at_counter"
    amount: Dong = Field(gt=0, lt=2**53)
    means: PaymentMeans | None = None
    """with what it is paid at the counter: cash, card, transfer, or to the post with the papers it brought"""
    reference: DocumentNumber | None = None
    """number on the terminal's slip, the bank's, or the post's; not for cash"""


class Withdraw(Command):
    """Withdraw the filing (rút hồ sơ). The desk does so only with the `request` that the applicant signed."""

    kind: Literal["withdraw"] = "withdraw"
    reason: ShortText
    request: FileRef | None = None
    """file of the request (đơn rút hồ sơ) that the applicant signed"""


class ChangeDelivery(Command):
    """Have the result delivered by another `channel` (đổi hình thức nhận kết quả), or by post to another `address`."""

    kind: Literal["change_delivery"] = "change_delivery"
    channel: Channel
    address: Address | None = None
    """where the post brings the result; needed where it goes by post"""


class AcknowledgeResult(Command):
    """Say that the result was read; at this `link`, where it was read without an account."""

    kind: Literal["acknowledge_result"] = "acknowledge_result"
    link: Link | None = None
    """the secret part of the address at which the result is read"""


class RenewLink(Command):
    """Have another link at which the result is read; those of before open it no more."""

    kind: Literal["renew_link"] = "renew_link"


class HandOver(Command):
    """Hand the result over at the counter (trả kết quả); `recipient` is the name of who received it.

    They give the pick-up `code`, or an `identity` document is looked at. A representative receives it under the
    `authorisation` that they show, or that under which the filing was handed in. They sign: `signature` is the file of
    that, or it is `signed_on_paper`.
    """

    kind: Literal["hand_over"] = "hand_over"
    recipient: Line
    """name of the one who receives it"""
    receiver: Receiver = Receiver.APPLICANT
    """who receives it: the applicant, or a representative"""
    code: PickupCode | None = None
    """the pick-up code that the applicant was told"""
    identity: Identity | None = None
    """the document that was looked at to know who receives it"""
    authorisation: Authorisation | None = None
    """what a representative shows; without it that of the filing counts"""
    signature: FileRef | None = None
    """file of what who received it has signed; not there where that was on paper"""
    signed_on_paper: StrictBool = False
    """true: who received it signed on paper"""


class CancelParcel(Command):
    """Have the parcel back before it leaves, for the counter; one that has left is followed as before."""

    kind: Literal["cancel_parcel"] = "cancel_parcel"


PUBLIC_COMMANDS: tuple[type[Command], ...] = (
    Accept,
    RefuseIntake,
    JudgeSignature,
    RequestSupplement,
    Supplement,
    TransferDossier,
    ReceiveDossier,
    Claim,
    Release,
    Reassign,
    Recall,
    Ask,
    Answer,
    Inspect,
    RecordOpinion,
    ReferObligation,
    DemandObligation,
    FulfilObligation,
    Forward,
    ShowDraft,
    ConfirmDraft,
    CorrectDraft,
    Propose,
    Decide,
    Stop,
    Prolong,
    Resume,
    Extend,
    ApplyCase,
    Reappoint,
    Apologise,
    WaiveFee,
    PayAtCounter,
    Withdraw,
    ChangeDelivery,
    AcknowledgeResult,
    RenewLink,
    HandOver,
    CancelParcel,
)
"""The public commands; each is an Update of `Filing` under its kind."""


class SystemCommand(Command):
    """A command that only the filing's own workflow issues: a timer that fired, a fact that was reported."""

    actor: Actor = SYSTEM
    via: Via = SYSTEM_VIA


RESERVED_IDS: Final = (
    "accept:",
    "calendar:",
    "code:",
    "complaint:",
    "fee:",
    "issue:",
    "machine:",
    "parcel:",
    "part:",
    "refund:",
    "result:",
    "ring:",
    "scan:",
)
"""The prefixes of these commands' ids. Nobody else may use them: the real command would count as a repeat."""


class Submit(Command):
    """The submission itself, as the filing's first command, by the filer, under this procedure.

    `accountable` are the officers accountable for the filing where nobody decides, `partners` the agencies that decide
    parts of it, if any. `elsewhere` are the competent agencies, the nearest first, if this one is not. `no_desks` are
    the submission's desks that may not receive for this agency. `not_in_force` is the term of a version that is not in
    force on the day of receipt; `only_in` is the only province with the procedure, if this agency is of another one.
    `signs`: the agency's officers sign its results. `examined` is the result of the checks of files and signature.
    """

    kind: Literal["submit"] = "submit"
    command_id: Key = "submit"
    submission: Submission
    procedure: ProcedureRules
    agency: AgencyCode
    accountable: Accountable
    elsewhere: tuple[AgencyName, ...] | None = None
    no_desks: tuple[AgencyCode, ...] = ()
    partners: tuple[Partner, ...] = ()
    not_in_force: Term | None = None
    only_in: Province | None = None
    signs: bool = False
    examined: Examined = Examined()


class ExaminedSupplement(Supplement):
    """A supplement with the scan of its files. Internal to the filing: clients send a `Supplement`."""

    scan: ScanState | None = None


class PayableDemand(DemandObligation):
    """The same after the directory's answer whether the tax office takes online payments. Internal to the filing."""

    payable: bool = False


class RecordScan(SystemCommand):
    """The scanner reports on the files of these digests: those of the `infected` papers contain viruses."""

    kind: Literal["record_scan"] = "record_scan"
    scanned: tuple[Sha256, ...]
    infected: tuple[Code, ...] = ()


class TimerFired(SystemCommand):
    """A timer fired. Its effect is decided by instants."""

    kind: Literal["timer_fired"] = "timer_fired"
    clock: Clock
    moment: Moment = Moment.DUE


class AdoptCalendar(StrictModel):
    """Argument of the Update `adopt_calendar` of filings, payments and parcels: switch to this published calendar."""

    calendar: CalendarName


class ChangeCalendar(SystemCommand):
    """Switch to another calendar from now on."""

    kind: Literal["change_calendar"] = "change_calendar"
    calendar: Calendar


class Issue(SystemCommand):
    """The back office made the result; it is in force until `expires_on`, with `copies` originals."""

    kind: Literal["issue"] = "issue"
    result: FileRef | None = None
    expires_on: date | None = None
    copies: int | None = None


class SettleResult(SystemCommand):
    """The stream of the filing's `n`-th result reports that it is signed and registered under that number."""

    kind: Literal["settle_result"] = "settle_result"
    n: int
    registered: str
    result: FileRef
    expires_on: date | None = None
    copies: int | None = None


class ReportFailing(SystemCommand):
    """The agency's back office has failed this many times in a row."""

    kind: Literal["report_failing"] = "report_failing"
    work: MachineWork
    tries: int
    error: str | None = None


class ReportAnswered(SystemCommand):
    """The back office has answered again."""

    kind: Literal["report_answered"] = "report_answered"
    work: MachineWork


class SettleFee(SystemCommand):
    """A payment reports its outcome: of a fee, or of an obligation to another authority."""

    kind: Literal["settle_fee"] = "settle_fee"
    n: int
    settlement: FeeSettlement
    amount: Dong = 0
    forgone: Dong | None = None


class AskFeeAgain(SystemCommand):
    """The `n`-th refund reports a charged-back amount of a `fee`, which a leader requests again."""

    kind: Literal["ask_fee_again"] = "ask_fee_again"
    n: int
    fee: int
    amount: Dong


class SettleComplaint(SystemCommand):
    """A complaint was upheld by an `officer`: undo the act `about`, and restart at the `step`, or at intake."""

    kind: Literal["settle_complaint"] = "settle_complaint"
    n: int
    about: int
    step: Code | None = None
    officer: str


class SettleParcel(SystemCommand):
    """A parcel reports its end, and the đồng of the fee that were collected."""

    kind: Literal["settle_parcel"] = "settle_parcel"
    n: int
    outcome: ParcelOutcome
    fee: Dong | None = None


class CountWrongCode(Command):
    """A pick-up code was given at the counter: count it, if it is wrong. Only the filing's own workflow issues it."""

    kind: Literal["count_wrong_code"] = "count_wrong_code"
    code: PickupCode


class ReportOverduePart(SystemCommand):
    """A referral reports that the deciding agency has exceeded its limit."""

    kind: Literal["report_overdue_part"] = "report_overdue_part"
    n: int


class SettlePart(SystemCommand):
    """A referral reports the decision of its part."""

    kind: Literal["settle_part"] = "settle_part"
    n: int
    outcome: Outcome
    officer: Subject
    result: FileRef | None = None
