"""Commands: requests to a filing. Each is an Update of the workflow `Filing`, named by its `kind`."""

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
from ..identity.statement import SignedStatement
from ..ids import digest
from ..level import Channel
from ..limit import Limit
from ..people import SYSTEM, Actor, Address, Via
from ..publishing.calendar import Calendar, CalendarName
from ..publishing.fact import AgencyName
from ..publishing.procedure import Term
from ..publishing.procedure_rules import ProcedureRules
from ..publishing.province import Province
from ..text import FormValue, line
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
from .submission import Authorisation, Examined, Submission

__all__ = ["PUBLIC_COMMANDS", "Accept", "AcknowledgeResult", "Answer", "Apologise", "ApplyCase", "Ask", "CancelParcel"]
__all__ += ["ChangeDelivery", "Claim", "Command", "ConfirmDraft", "CorrectDraft", "Decide", "DemandObligation"]
__all__ += ["Extend", "Forward", "FulfilObligation", "HandOver", "Inspect", "JudgeSignature", "PayAtCounter", "Prolong"]
__all__ += ["Propose", "Reappoint", "Reassign", "Recall", "ReceiveDossier", "RecordOpinion", "ReferObligation"]
__all__ += ["RefuseIntake", "Release", "RenewLink", "RequestSupplement", "Resume", "ShowDraft", "Stop", "StopMode"]
__all__ += ["Supplement", "SupplementItem", "TargetKind", "TransferDossier", "WaiveFee", "Withdraw", "content_of"]

SYSTEM_VIA = Via(principal="motcua")


class Command(StrictModel):
    """The fields of every command.

    `command_id` is its identity in this filing: a repeat returns the first receipt, other content is refused.
    `on_behalf_of` is the subject for whom the actor acts. `seen_seq` is the `seq` of the page the actor saw.
    `statement` is the signed identity of the actor; it is no part of the content.
    """

    kind: str
    command_id: Key
    actor: Actor
    via: Via
    on_behalf_of: Annotated[str, AfterValidator(line)] | None = Field(default=None, max_length=128)
    """the person for whom the actor acts, if not for themselves"""
    seen_seq: int | None = Field(default=None, ge=0)
    """seq of the view that the actor saw before deciding; optional"""
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)


def content_of(command: Command) -> str:
    """The digest of a command's content. It does not depend on the page that the actor saw, or on the signature."""
    return digest(command.model_dump(mode="json", exclude={"seen_seq", "statement"}, exclude_none=True))


class Accept(Command):
    """Take the filing in (tiếp nhận)."""

    kind: Literal["accept"] = "accept"


class RefuseIntake(Command):
    """Refuse to take the filing in (từ chối tiếp nhận), with the reason and the legal basis."""

    kind: Literal["refuse_intake"] = "refuse_intake"
    reason: ShortText
    legal_basis: ShortText


class TargetKind(StrEnum):
    """The kind of a supplement item's target."""

    PAPER = "paper"
    FIELD = "field"


class SupplementItem(Model):
    """A paper or a form field of the procedure that has to be supplied or corrected, and its fault."""

    target: TargetKind
    """kind of the requested part: a paper or a form field"""
    code: Code
    note: ShortText


class RequestSupplement(Command):
    """Request all missing papers and form fields from the applicant, in one complete request (yêu cầu bổ sung).

    After the time in which officers may make this request, only a leader may, with a `late_reason`.
    """

    kind: Literal["request_supplement"] = "request_supplement"
    items: tuple[SupplementItem, ...] = Field(min_length=1, max_length=50)
    """the papers and form fields to supply"""
    legal_basis: ShortText
    late_reason: ShortText | None = None
    """reason of a leader who makes the request after the officers' time for it"""


class Supplement(Command):
    """Supply the requested papers and new values of form fields."""

    kind: Literal["supplement"] = "supplement"
    form: dict[Code, FormValue] = Field(default_factory=dict, max_length=200)
    """corrected values of the requested form fields, by their codes"""
    papers: tuple[Paper, ...] = Field(default=(), max_length=100)
    """the requested papers"""


class JudgeSignature(Command):
    """Decide, with the reason, whether to accept a signature after an undetermined check."""

    kind: Literal["judge_signature"] = "judge_signature"
    accepted: StrictBool
    """whether the signature is accepted"""
    reason: ShortText


class TransferDossier(Command):
    """Send the papers at the desk to the deciding agency (bàn giao hồ sơ); `originals` are the originals among them."""

    kind: Literal["transfer_dossier"] = "transfer_dossier"
    originals: tuple[Code, ...] = Field(default=(), max_length=100)
    """codes of the originals among the papers"""


class ReceiveDossier(Command):
    """Sign for the papers that the desk has sent (nhận bàn giao); the `note` describes any deviation."""

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

    With `acting_for`, the `officer` is the substitute of that absent officer (xử lý thay): the task moves only if the
    absent officer has it.
    """

    kind: Literal["reassign"] = "reassign"
    officer: Subject
    """identity of the officer who shall have the task"""
    acting_for: Subject | None = None
    """identity of the absent officer who has the task, if a substitute gets it"""


class Recall(Command):
    """Take back one's last act, a finished step or a stop, before anybody has taken up the next task (thu hồi)."""

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
    """Finish a review step with the findings on site, and the time, the place and the participants."""

    kind: Literal["inspect"] = "inspect"
    held_at: Instant
    place: Line
    """place of the inspection"""
    participants: tuple[Line, ...] = Field(min_length=1, max_length=50)
    """names of the participants"""
    findings: ShortText
    """text of the findings at the inspection"""


class RecordOpinion(Command):
    """Record the answer of a consulted body; the last answer finishes the step."""

    kind: Literal["record_opinion"] = "record_opinion"
    party: Code
    consent: StrictBool
    note: ShortText | None = None
    """text of the body's answer; optional"""


class ReferObligation(Command):
    """Ask another authority for the applicant's financial obligation to it (chuyển thông tin nghĩa vụ tài chính)."""

    kind: Literal["refer_obligation"] = "refer_obligation"
    reference: DocumentNumber


class DemandObligation(Command):
    """Pass another authority's notice of the financial obligation on to the applicant; `amount` in đồng.

    `agency` is the tax office that issued the notice. If the office takes money online, the applicant can pay here.
    """

    kind: Literal["demand_obligation"] = "demand_obligation"
    reference: DocumentNumber
    amount: Dong = Field(gt=0, lt=2**53)
    agency: AgencyCode | None = None
    """code of the tax office that issued the notice; not set: the applicant can't pay here"""


class FulfilObligation(Command):
    """Finish the step: the obligation was met, or there is none; `reference` is the number of the proof."""

    kind: Literal["fulfil_obligation"] = "fulfil_obligation"
    reference: DocumentNumber


class Forward(Command):
    """Finish a review step that neither proposes nor decides, or a consultation with some answers overdue."""

    kind: Literal["forward"] = "forward"
    note: ShortText | None = None


class ShowDraft(Command):
    """Finish a review step: show the applicant a draft of the result (bản dự thảo), to confirm or correct."""

    kind: Literal["show_draft"] = "show_draft"
    draft: FileRef
    """file of the draft"""


class ConfirmDraft(Command):
    """Confirm that the draft is right."""

    kind: Literal["confirm_draft"] = "confirm_draft"


class CorrectDraft(Command):
    """Describe the errors of the draft and correct the form's fields. The agency then makes another draft."""

    kind: Literal["correct_draft"] = "correct_draft"
    note: ShortText
    form: dict[Code, FormValue] = Field(default_factory=dict, max_length=200)


class Propose(Command):
    """Propose the decision. A refusal on the merits needs its reason and its legal basis."""

    kind: Literal["propose"] = "propose"
    outcome: Outcome
    reason: ShortText | None = None
    legal_basis: ShortText | None = None


class Decide(Command):
    """Decide; the proposer may not. A refusal on the merits needs its reason and its legal basis."""

    kind: Literal["decide"] = "decide"
    outcome: Outcome
    reason: ShortText | None = None
    legal_basis: ShortText | None = None


class StopMode(StrEnum):
    """Stopped for a time, or for good."""

    SUSPEND = "suspend"
    END = "end"


class Stop(Command):
    """Stop the filing (dừng xử lý): suspend it until it is resumed, or end it.

    A suspension ends after `limit`; if that is not set, after the longest time that the procedure allows. `awaits`
    names the event for which the suspension waits, if any. A leader gives an `unproposed_reason` to end a filing
    without a specialist's proposal to refuse it.
    """

    kind: Literal["stop"] = "stop"
    mode: StopMode
    """suspend: it may be resumed; end: for good"""
    reason: ShortText
    legal_basis: ShortText
    limit: Limit | None = None
    awaits: ShortText | None = None
    """the event for which the suspension waits"""
    unproposed_reason: ShortText | None = None
    """reason of the leader for ending the filing without a specialist's proposal to refuse it"""


class Prolong(Command):
    """Prolong a suspension (kéo dài tạm dừng), with a reason that is shown to the applicant.

    `by` is the additional time, in the unit of its limit; if it is not set, the longest time that the procedure allows.
    """

    kind: Literal["prolong"] = "prolong"
    reason: ShortText
    by: Limit | None = None


class Resume(Command):
    """Continue a suspended filing."""

    kind: Literal["resume"] = "resume"


class Extend(Command):
    """Extend the processing limit as the procedure allows (gia hạn), with a reason that is shown to the applicant."""

    kind: Literal["extend"] = "extend"
    reason: ShortText


class ApplyCase(Command):
    """Apply another processing limit of the procedure to this filing, with a reason that is shown to the applicant.

    An example is the limit for filings that need verification (xác minh). Allowed once, and before the limit ends.
    """

    kind: Literal["apply_case"] = "apply_case"
    case: Code
    """another processing limit of the procedure that applies to the filing"""
    reason: ShortText


class Reappoint(Command):
    """Apologise and give another appointment (xin lỗi và hẹn lại ngày trả kết quả), with a reason for the applicant.

    `by` is the delay, in the unit of the processing limit; if it is not set, the longest that the procedure allows.
    """

    kind: Literal["reappoint"] = "reappoint"
    reason: ShortText
    by: Limit | None = None


class Apologise(Command):
    """Explain to the applicant why the result is late, when no other appointment can be given any more (xin lỗi)."""

    kind: Literal["apologise"] = "apologise"
    reason: ShortText


class WaiveFee(Command):
    """Waive the due fee in whole or in part, by one of the procedure's waivers (miễn, giảm)."""

    kind: Literal["waive_fee"] = "waive_fee"
    waiver: Code
    """code of the waiver in the procedure"""
    reason: ShortText


class PayAtCounter(Command):
    """Record that the fee was paid in full at the counter; `amount` in đồng as counted by the cashier.

    It was paid in cash unless `means` names another way: then `reference` is the number on the terminal's slip, or the
    bank's number of the transfer.
    """

    kind: Literal["pay_at_counter"] = "pay_at_counter"
    amount: Dong = Field(gt=0, lt=2**53)
    means: PaymentMeans | None = None
    """means of payment at the counter: cash, card, transfer, or post (the post brought the papers and the money)"""
    reference: DocumentNumber | None = None
    """number on the terminal's slip, or the number given by the bank or the post; not set for cash"""


class Withdraw(Command):
    """Withdraw the filing (rút hồ sơ). The desk may do so only with the `request` that the applicant signed."""

    kind: Literal["withdraw"] = "withdraw"
    reason: ShortText
    request: FileRef | None = None
    """file of the request (đơn rút hồ sơ) that the applicant signed"""


class ChangeDelivery(Command):
    """Choose another `channel` for the result (đổi hình thức nhận kết quả), or another `address` for the post."""

    kind: Literal["change_delivery"] = "change_delivery"
    channel: Channel
    address: Address | None = None
    """postal address for the result; needed if the channel is post"""


class AcknowledgeResult(Command):
    """Acknowledge that the result was read; with its `link`, if it was read without an account."""

    kind: Literal["acknowledge_result"] = "acknowledge_result"
    link: Link | None = None
    """the secret part of the result's web address"""


class RenewLink(Command):
    """Request another link to the result; earlier links stop working."""

    kind: Literal["renew_link"] = "renew_link"


class HandOver(Command):
    """Hand the result over at the counter (trả kết quả) to the person named `recipient`.

    They give the pick-up `code` or show an `identity` document. A representative acts under the `authorisation` that
    they show, or else under that of the filing. They sign: `signature` is the file of the signed record, or they have
    `signed_on_paper`.
    """

    kind: Literal["hand_over"] = "hand_over"
    recipient: Line
    """name of the recipient"""
    receiver: Receiver = Receiver.APPLICANT
    """role of the recipient: the applicant, or a representative"""
    code: PickupCode | None = None
    """the pick-up code that was given to the applicant"""
    identity: Identity | None = None
    """the identity document that the recipient showed"""
    authorisation: Authorisation | None = None
    """the representative's authorisation; not set: the authorisation of the filing counts"""
    signature: FileRef | None = None
    """file that the recipient signed; not set if they signed on paper"""
    signed_on_paper: StrictBool = False
    """true: the recipient signed on paper"""


class CancelParcel(Command):
    """Recall the parcel to the counter before the post dispatches it; one that has left is tracked as before."""

    kind: Literal["cancel_parcel"] = "cancel_parcel"


PUBLIC_COMMANDS: tuple[type[Command], ...] = (
    *(Accept, RefuseIntake, JudgeSignature, RequestSupplement, Supplement, TransferDossier, ReceiveDossier),
    *(Claim, Release, Reassign, Recall, Ask, Answer, Inspect, RecordOpinion),
    *(ReferObligation, DemandObligation, FulfilObligation, Forward, ShowDraft, ConfirmDraft, CorrectDraft),
    *(Propose, Decide, Stop, Prolong, Resume, Extend, ApplyCase, Reappoint, Apologise),
    *(WaiveFee, PayAtCounter, Withdraw, ChangeDelivery, AcknowledgeResult, RenewLink, HandOver, CancelParcel),
)
"""The public commands; each is an Update of `Filing` under its kind."""


class SystemCommand(Command):
    """A command that only the filing's own workflow gives: a timer has fired, or a fact was reported."""

    actor: Actor = SYSTEM
    via: Via = SYSTEM_VIA


RESERVED_IDS: Final = (
    *("accept:", "calendar:", "code:", "complaint:", "fee:", "issue:", "machine:", "parcel:", "part:"),
    *("refund:", "result:", "ring:", "scan:"),
)
"""The prefixes of the ids of system commands. Other commands may not use them: the real one would count as a repeat."""


class Submit(Command):
    """The filing's first command: the submission, its procedure, and the checks made before the rules decide.

    `accountable` are the officers who answer for an approval without a decision, `partners` the agencies that decide
    parts. If `agency` is not competent, `elsewhere` are the competent agencies, the nearest first. `no_desks` are
    the submission's desks that may not receive for this agency. `not_in_force` is the term of a version that is not
    in force on the day of receipt; `only_in` is the only province with the procedure, if the agency is in another.
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
    """A supplement with the scan of its files. Only the filing's workflow gives it; clients send a `Supplement`."""

    scan: ScanState | None = None


class PayableDemand(DemandObligation):
    """A `DemandObligation`, and whether the directory allows the obligation to be paid online.

    Only the filing's workflow gives this command.
    """

    payable: bool = False


class RecordScan(SystemCommand):
    """The scanner has reported on the files with these digests; the files of the `infected` papers contain viruses."""

    kind: Literal["record_scan"] = "record_scan"
    scanned: tuple[Sha256, ...]
    infected: tuple[Code, ...] = ()


class TimerFired(SystemCommand):
    """The timer of this clock has fired. The rules compare the time with the clock and record what is due."""

    kind: Literal["timer_fired"] = "timer_fired"
    clock: Clock
    moment: Moment = Moment.DUE


class AdoptCalendar(StrictModel):
    """The argument of the Update `adopt_calendar` of filings, payments and parcels: the calendar to switch to."""

    calendar: CalendarName


class ChangeCalendar(SystemCommand):
    """Switch to another calendar from now on."""

    kind: Literal["change_calendar"] = "change_calendar"
    calendar: Calendar


class Issue(SystemCommand):
    """The back office has made the result; it is in force until `expires_on`, with `copies` originals."""

    kind: Literal["issue"] = "issue"
    result: FileRef | None = None
    expires_on: date | None = None
    copies: int | None = None


class SettleResult(SystemCommand):
    """The filing's `n`-th result was signed and has the number `registered`, as the result's own stream reports."""

    kind: Literal["settle_result"] = "settle_result"
    n: int
    registered: str
    result: FileRef
    expires_on: date | None = None
    copies: int | None = None


class ReportFailing(SystemCommand):
    """The agency's back office has failed `tries` times in a row."""

    kind: Literal["report_failing"] = "report_failing"
    work: MachineWork
    tries: int
    error: str | None = None


class ReportAnswered(SystemCommand):
    """The back office has answered, after failures."""

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
    """The `n`-th refund reports a charged-back amount of a `fee`. A leader has decided to request this amount again."""

    kind: Literal["ask_fee_again"] = "ask_fee_again"
    n: int
    fee: int
    amount: Dong


class SettleComplaint(SystemCommand):
    """A complaint was upheld by an `officer`: undo the act `about` and restart, at the `step` or else at intake."""

    kind: Literal["settle_complaint"] = "settle_complaint"
    n: int
    about: int
    step: Code | None = None
    officer: str


class SettleParcel(SystemCommand):
    """A parcel reports its end; `fee` is the part of the fee that the post collected, in đồng."""

    kind: Literal["settle_parcel"] = "settle_parcel"
    n: int
    outcome: ParcelOutcome
    fee: Dong | None = None


class CountWrongCode(Command):
    """A pick-up code was given at the counter: count it if it is wrong.

    Only the filing's own workflow gives this command.
    """

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
