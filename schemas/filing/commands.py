"""Commands: requests to a filing. Each is an Update of the workflow `Filing`, named by its `kind`."""

from datetime import date
from enum import StrEnum
from typing import Final, Literal

from pydantic import Field, StrictBool

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
from ..people import SYSTEM, Actor, Address, Applicant, IdNumber, Via
from ..publishing.calendar import Calendar, CalendarName
from ..publishing.fact import AgencyName
from ..publishing.procedure import Term
from ..publishing.procedure_rules import ProcedureRules
from ..publishing.province import Province
from ..text import FormValue
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

__all__ = [
    "PUBLIC_COMMANDS",
    "Accept",
    "AcknowledgeResult",
    "Answer",
    "AnswerMoreTime",
    "Apologise",
    "ApplyCase",
    "Ask",
    "CancelParcel",
]
__all__ += ["ChangeDelivery", "Claim", "Command", "ConfirmDraft", "CorrectDraft", "Decide", "DemandObligation"]
__all__ += ["Extend", "Forward", "FulfilObligation", "HandOver", "Inspect", "JudgeSignature", "PassOn", "PayAtCounter"]
__all__ += ["Prolong", "Propose", "Reappoint", "Reassign", "Recall", "ReceiveDossier", "RecordOpinion", "Recuse"]
__all__ += ["ReferObligation", "RefuseIntake", "Release", "RenewLink", "RequestMoreTime", "RequestSupplement"]
__all__ += ["Resume", "ShowDraft", "Stop", "StopMode"]
__all__ += ["Supplement", "SupplementItem", "TargetKind", "TransferDossier", "WaiveFee", "Withdraw", "content_of"]
__all__ += ["CancelSupplement", "CorrectApplicant", "DeclineWaiver", "RevokeAcceptance", "RevokeRefusal"]
__all__ += ["RevokeWaiver"]

SYSTEM_VIA = Via(principal="motcua")


class Command(StrictModel):
    """The fields of every command.

    `command_id` identifies the command in this filing: a repeat with the same content returns the first receipt, other
    content is refused. `on_behalf_of` is the subject for whom the actor acts. `seen_seq` is the `seq` of the state that
    the actor saw. If `only_at` is set, the command is taken only while no event by a person has a `seq` above it.
    `statement` is the signed identity of the actor. `seen_seq`, `only_at` and `statement` do not count as content.
    """

    kind: str
    command_id: Key
    actor: Actor
    via: Via
    on_behalf_of: Subject | None = None
    """the person for whom the actor acts, if not for themselves"""
    seen_seq: int | None = Field(default=None, ge=0)
    """seq of the view that the actor saw before deciding; optional"""
    only_at: int | None = Field(default=None, ge=1, lt=1 << 31, exclude_if=unset)
    """seq above which no event by a person may stand, or the command is refused; optional"""
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)


def content_of(command: Command) -> str:
    """Returns the digest of a command's content, without `seen_seq`, `only_at` and `statement`."""
    return digest(command.model_dump(mode="json", exclude={"seen_seq", "only_at", "statement"}, exclude_none=True))


class Accept(Command):
    """Take the filing in (tiếp nhận)."""

    kind: Literal["accept"] = "accept"


class RefuseIntake(Command):
    """Refuse to take the filing in (từ chối tiếp nhận), with the reason and the legal basis."""

    kind: Literal["refuse_intake"] = "refuse_intake"
    reason: ShortText
    legal_basis: ShortText


class TargetKind(StrEnum):
    """Whether a supplement item is a paper or a form field."""

    PAPER = "paper"
    FIELD = "field"


class SupplementItem(Model):
    """A paper or a form field that the applicant must supply or correct. `note` describes its fault."""

    target: TargetKind
    """kind of the requested part: a paper or a form field"""
    code: Code
    note: ShortText


class RequestSupplement(Command):
    """Request all missing papers and form fields from the applicant, in one complete request (yêu cầu bổ sung).

    Officers have a limited time for this request. After that time only a leader may make it, with a `late_reason`.
    """

    kind: Literal["request_supplement"] = "request_supplement"
    items: tuple[SupplementItem, ...] = Field(min_length=1, max_length=50)
    """the papers and form fields to supply"""
    legal_basis: ShortText
    late_reason: ShortText | None = None
    """reason of a leader who makes the request after the time in which officers may make it; not set before"""


class CancelSupplement(Command):
    """Cancel a request for a supplement that is not answered yet (hủy yêu cầu bổ sung).

    The agency's time limits run as if the request had never been made.
    """

    kind: Literal["cancel_supplement"] = "cancel_supplement"
    reason: ShortText


class Supplement(Command):
    """Supply the requested papers and new values of form fields.

    Papers for the desk count from their hand-over: the time `received_at`, or now if `received_at` is not set.
    """

    kind: Literal["supplement"] = "supplement"
    form: dict[Code, FormValue] = Field(default_factory=dict, max_length=200)
    """corrected values of the requested form fields, by their codes"""
    papers: tuple[Paper, ...] = Field(default=(), max_length=100)
    """the requested papers"""
    received_at: Instant | None = None
    """time at which the papers were handed over to the desk; not set: now"""
    by_post: StrictBool = False
    """whether the post handed the papers over to the desk"""


class RequestMoreTime(Command):
    """Ask the agency, once, for more time to supply the requested papers and form fields."""

    kind: Literal["request_more_time"] = "request_more_time"
    reason: ShortText


class AnswerMoreTime(Command):
    """Grant the applicant more time for a supplement, or refuse it with a reason.

    `by` is the additional time, in the unit of the supplement's limit. If `by` is not set, the limit is granted again.
    """

    kind: Literal["answer_more_time"] = "answer_more_time"
    granted: StrictBool
    """whether the applicant gets more time"""
    by: Limit | None = None
    reason: ShortText | None = None
    """reason of a refusal, for the applicant; not set if the time is granted"""


class RevokeAcceptance(Command):
    """Take a mistaken acceptance back on the same day, before the review has begun (rút lại việc tiếp nhận).

    The filing is at its intake again; the time limit of the intake runs as if the filing had never been accepted.
    """

    kind: Literal["revoke_acceptance"] = "revoke_acceptance"
    reason: ShortText


class RevokeRefusal(Command):
    """Take a mistaken refusal of intake back on the same day (rút lại việc từ chối tiếp nhận).

    The filing is at its intake again; the time limit of the intake runs as if the filing had never been refused. A
    refund because of the refusal is called off; a leader decides about a sum that was already refunded.
    """

    kind: Literal["revoke_refusal"] = "revoke_refusal"
    reason: ShortText


class CorrectApplicant(Command):
    """Correct the applicant's mistyped name or number (đính chính); the person stays the same.

    A digital signature on the form does not cover the correction, and is marked. The applicant gets a notice; papers
    that are printed later have the new name.
    """

    kind: Literal["correct_applicant"] = "correct_applicant"
    name: Line | None = None
    """the right name; not set: the name stands"""
    id_number: IdNumber | None = None
    """the right citizen or enterprise number; not set: the number stands"""
    reason: ShortText


class JudgeSignature(Command):
    """Accept or reject a signature whose check had no definite outcome, with the reason."""

    kind: Literal["judge_signature"] = "judge_signature"
    accepted: StrictBool
    """whether the signature is accepted"""
    reason: ShortText


class TransferDossier(Command):
    """Send the papers at the desk to the deciding agency (bàn giao hồ sơ). `originals`: the codes of the originals."""

    kind: Literal["transfer_dossier"] = "transfer_dossier"
    originals: tuple[Code, ...] = Field(default=(), max_length=100)
    """codes of the originals among the papers"""


class ReceiveDossier(Command):
    """Sign for the papers that the desk has sent (nhận bàn giao). `note` describes any deviation from the list."""

    kind: Literal["receive_dossier"] = "receive_dossier"
    note: ShortText | None = None


class Claim(Command):
    """Take the current task (intake or a review step) as one's own."""

    kind: Literal["claim"] = "claim"


class Release(Command):
    """Give a claimed task back to its queue."""

    kind: Literal["release"] = "release"


class Recuse(Command):
    """Declare that the officer will handle nothing of this filing (từ chối giải quyết), for a reason such as kinship.

    If the officer has claimed the task, the task goes back to its queue. The declaration can't be taken back.
    """

    kind: Literal["recuse"] = "recuse"
    reason: ShortText
    """the relation to the applicant in words"""


class Reassign(Command):
    """Give the current task to another officer (phân công lại).

    If `acting_for` is set, `officer` is the substitute of that absent officer (xử lý thay). The task then moves only if
    the absent officer has it.
    """

    kind: Literal["reassign"] = "reassign"
    officer: Subject
    """identity of the officer who shall have the task"""
    acting_for: Subject | None = None
    """identity of the absent officer who has the task, if a substitute gets it"""


class PassOn(Command):
    """Pass the filing on to the agency that is competent for it (chuyển hồ sơ), with its papers, code and time limits.

    The new agency requests a due fee again; a paid fee stays with the agency that received it. An operator may give
    this command for a closed agency, to the successor that the directory names.
    """

    kind: Literal["pass_on"] = "pass_on"
    to: AgencyCode
    """code of the competent agency"""
    reason: ShortText
    legal_basis: ShortText


class Recall(Command):
    """Take back one's last act (a finished step, or a stop) before anybody has taken up the next task (thu hồi)."""

    kind: Literal["recall"] = "recall"


class Ask(Command):
    """Ask the applicant a question; the clocks go on.

    A question with `items`, the papers and form fields to supply, is also a supplement request: the rules and the time
    limit of supplement requests apply, and `legal_basis` is the legal basis of the request.
    """

    kind: Literal["ask"] = "ask"
    question: ShortText
    """the question in words"""
    items: tuple[SupplementItem, ...] = Field(default=(), max_length=50)
    """the papers and form fields for which the question asks; none: the answer is only words"""
    legal_basis: ShortText | None = None
    """legal basis of the request for papers; not set if there are none"""


class Answer(Command):
    """Answer the question with the number `n`."""

    kind: Literal["answer"] = "answer"
    n: int = Field(ge=1)
    """number of the question"""
    answer: ShortText
    """the answer in words"""


class Inspect(Command):
    """Finish a review step by recording an inspection on site: its time, place, participants and findings."""

    kind: Literal["inspect"] = "inspect"
    held_at: Instant
    place: Line
    """place of the inspection"""
    participants: tuple[Line, ...] = Field(min_length=1, max_length=50)
    """names of the participants"""
    findings: ShortText
    """text of the findings at the inspection"""


class RecordOpinion(Command):
    """Record the answer of a consulted body. The answer of the last body finishes the step."""

    kind: Literal["record_opinion"] = "record_opinion"
    party: Code
    consent: StrictBool
    note: ShortText | None = None
    """text of the body's answer; not set if there is none"""


class ReferObligation(Command):
    """Ask another authority to state the applicant's financial obligation (chuyển thông tin nghĩa vụ tài chính)."""

    kind: Literal["refer_obligation"] = "refer_obligation"
    reference: DocumentNumber


class DemandObligation(Command):
    """Pass another authority's notice of the financial obligation on to the applicant. `amount` is in đồng.

    `agency` is the tax office that issued the notice. If that office takes money online, the applicant can pay here.
    """

    kind: Literal["demand_obligation"] = "demand_obligation"
    reference: DocumentNumber
    amount: Dong = Field(gt=0, lt=2**53)
    agency: AgencyCode | None = None
    """code of the tax office that issued the notice; not set: the applicant can't pay here"""


class FulfilObligation(Command):
    """Finish the step: the obligation was met, or there is none. `reference` is the number of the proof."""

    kind: Literal["fulfil_obligation"] = "fulfil_obligation"
    reference: DocumentNumber


class Forward(Command):
    """Finish a review step that neither proposes nor decides, or a consultation in which some answers are overdue.

    A step that is done only if needed can be passed over, with the reason as its note.
    """

    kind: Literal["forward"] = "forward"
    note: ShortText | None = None
    """remark on the step; the reason, if the step is passed over"""


class ShowDraft(Command):
    """Finish a review step by showing the applicant a draft of the result (bản dự thảo), to confirm or correct."""

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
    """How long a filing is stopped: suspended for a time, or ended for good."""

    SUSPEND = "suspend"
    END = "end"


class Stop(Command):
    """Stop the filing (dừng xử lý): suspend it until it is resumed, or end it.

    A suspension ends after `limit`, or after the longest time that the procedure allows if `limit` is not set. `awaits`
    names the event for which the suspension waits, if any. `unproposed_reason` is a leader's reason for ending a filing
    although no specialist has proposed to refuse it.
    """

    kind: Literal["stop"] = "stop"
    mode: StopMode
    """suspend: the filing may be resumed; end: the filing has ended"""
    reason: ShortText
    legal_basis: ShortText
    limit: Limit | None = None
    awaits: ShortText | None = None
    """the event for which the suspension waits; not set if there is none"""
    unproposed_reason: ShortText | None = None
    """reason of the leader for ending the filing without a specialist's proposal to refuse it"""


class Prolong(Command):
    """Prolong a suspension (kéo dài tạm dừng), with a reason that is shown to the applicant.

    `by` is the additional time, in the unit of the suspension's limit. If `by` is not set, the additional time is the
    longest that the procedure allows.
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

    An example is the limit for filings that need verification (xác minh). The command is allowed once, before the
    present limit ends.
    """

    kind: Literal["apply_case"] = "apply_case"
    case: Code
    """code of another processing limit of the procedure, which shall apply to the filing"""
    reason: ShortText


class Reappoint(Command):
    """Apologise and give another appointment (xin lỗi và hẹn lại ngày trả kết quả), with a reason for the applicant.

    `by` is the delay, in the unit of the processing limit. If `by` is not set, the delay is the longest that the
    procedure allows.
    """

    kind: Literal["reappoint"] = "reappoint"
    reason: ShortText
    by: Limit | None = None


class Apologise(Command):
    """Explain to the applicant why an act is late, and by when it now comes (xin lỗi); the lateness stays.

    `by` is the time from now, in the unit of the missed limit. If `by` is not set, it is the longest that is possible:
    that of another appointment, or of the intake's limit. Once that date is over too, another apology is due.
    """

    kind: Literal["apologise"] = "apologise"
    reason: ShortText
    by: Limit | None = None


class WaiveFee(Command):
    """Waive the due fee in whole or in part, by one of the procedure's waivers (miễn, giảm)."""

    kind: Literal["waive_fee"] = "waive_fee"
    waiver: Code
    """code of the waiver in the procedure"""
    reason: ShortText


class RevokeWaiver(Command):
    """Take a granted waiver back before the decision (thu hồi miễn, giảm). The fee is then requested in full."""

    kind: Literal["revoke_waiver"] = "revoke_waiver"
    reason: ShortText


class DeclineWaiver(Command):
    """Decline one of the procedure's waivers for the due fee (không miễn, giảm). The fee stays due."""

    kind: Literal["decline_waiver"] = "decline_waiver"
    waiver: Code
    """code of the waiver in the procedure"""
    reason: ShortText


class PayAtCounter(Command):
    """Record that the fee was paid in full at the counter. `amount` is the sum in đồng that the cashier counted.

    The fee was paid in cash if `means` is not set. For other means than cash, `reference` is the number on the
    terminal's slip, or the number that the bank or the post gave.
    """

    kind: Literal["pay_at_counter"] = "pay_at_counter"
    amount: Dong = Field(gt=0, lt=2**53)
    means: PaymentMeans | None = None
    """means of payment at the counter: cash, card, transfer, or post (the post brought the papers and the money)"""
    reference: DocumentNumber | None = None
    """number on the terminal's slip, or the number given by the bank or the post; not set for cash"""


class Withdraw(Command):
    """Withdraw the filing (rút hồ sơ). The desk may do this only with a `request` that the applicant has signed."""

    kind: Literal["withdraw"] = "withdraw"
    reason: ShortText
    request: FileRef | None = None
    """file of the request (đơn rút hồ sơ) that the applicant signed; needed from the desk"""


class RecordCessation(Command):
    """Record that the applicant has died or, as an organisation, has ceased to exist (chết, chấm dứt tồn tại).

    From now on nobody acts under the applicant's authorisation. If the procedure lets the right pass on, the filing
    waits for a successor; otherwise it ends.
    """

    kind: Literal["record_cessation"] = "record_cessation"
    evidence: FileRef
    """file of the death certificate, or of the decision on the dissolution"""


class RevokeCessation(Command):
    """Take back a mistaken record of the applicant's death or dissolution (rút lại việc ghi nhận).

    Possible until a successor steps in or the filing ends. The agency's time limits run as if they had never paused;
    the time limits of the applicant's side begin again, and the representative may act again.
    """

    kind: Literal["revoke_cessation"] = "revoke_cessation"
    reason: ShortText


class Succeed(Command):
    """Record the successor of an applicant who has ceased to exist (người kế thừa quyền, nghĩa vụ).

    From now on the successor is the applicant, also for notices, results, complaints and refunds.
    """

    kind: Literal["succeed"] = "succeed"
    applicant: Applicant
    """the successor: a person or an organisation"""
    evidence: FileRef
    """file of the paper that proves the right of the successor"""


class RevokeMandate(Command):
    """End the representation under an authorisation before its last day (hủy bỏ, chấm dứt ủy quyền).

    The desk may do this only with a `request` that the applicant or the representative has signed.
    """

    kind: Literal["revoke_mandate"] = "revoke_mandate"
    request: FileRef | None = None
    """file of the signed request; needed from the desk"""


class NameRepresentative(Command):
    """Name a representative under a new authorisation, who takes the place of the present one, if there is one."""

    kind: Literal["name_representative"] = "name_representative"
    representative: Subject
    """identity of the representative at the identity provider"""
    authorisation: Authorisation
    """the representative's authorisation, with the numbers of both parties"""


class ChangeDelivery(Command):
    """Choose another `channel` for the result (đổi hình thức nhận kết quả), or another `address` for the post."""

    kind: Literal["change_delivery"] = "change_delivery"
    channel: Channel
    address: Address | None = None
    """postal address for the result; needed if the channel is post"""


class AcknowledgeResult(Command):
    """Acknowledge that the result was read. `link` is needed from a reader without an account."""

    kind: Literal["acknowledge_result"] = "acknowledge_result"
    link: Link | None = None
    """the secret part of the result's web address"""


class RenewLink(Command):
    """Request another link to the result; earlier links stop working."""

    kind: Literal["renew_link"] = "renew_link"


class HandOver(Command):
    """Hand the result over at the counter (trả kết quả) to the person named `recipient`.

    The recipient gives the pick-up `code` or shows an `identity` document. A representative acts under the
    `authorisation` that is set here, or else under the authorisation of the filing. The recipient signs for the result:
    `signature` is the file of the signed record, and `signed_on_paper` is true if the record is on paper.
    """

    kind: Literal["hand_over"] = "hand_over"
    recipient: Line
    """name of the recipient"""
    receiver: Receiver = Receiver.APPLICANT
    """role of the recipient: the applicant, or a representative"""
    code: PickupCode | None = None
    """the pick-up code that was given to the applicant; needed if no identity document was shown"""
    identity: Identity | None = None
    """the identity document that the recipient showed; needed if no pick-up code was given"""
    authorisation: Authorisation | None = None
    """the representative's authorisation; not set: the authorisation of the filing counts"""
    signature: FileRef | None = None
    """file that the recipient signed; not set if they signed on paper"""
    signed_on_paper: StrictBool = False
    """whether the recipient signed on paper"""


class CancelParcel(Command):
    """Recall the parcel to the counter before the post dispatches it. A parcel that has left is tracked as before."""

    kind: Literal["cancel_parcel"] = "cancel_parcel"


PUBLIC_COMMANDS: tuple[type[Command], ...] = (
    *(Accept, RevokeAcceptance, RefuseIntake, RevokeRefusal, CorrectApplicant, JudgeSignature),
    *(RequestSupplement, CancelSupplement, Supplement),
    *(RequestMoreTime, AnswerMoreTime, TransferDossier, ReceiveDossier),
    *(PassOn, Claim, Release, Reassign, Recuse, Recall, Ask, Answer, Inspect, RecordOpinion),
    *(ReferObligation, DemandObligation, FulfilObligation, Forward, ShowDraft, ConfirmDraft, CorrectDraft),
    *(Propose, Decide, Stop, Prolong, Resume, Extend, ApplyCase, Reappoint, Apologise),
    *(
        WaiveFee,
        RevokeWaiver,
        DeclineWaiver,
        PayAtCounter,
        Withdraw,
        RevokeMandate,
        NameRepresentative,
        RecordCessation,
        RevokeCessation,
        Succeed,
        ChangeDelivery,
        AcknowledgeResult,
        RenewLink,
        HandOver,
        CancelParcel,
    ),
)
"""The public commands; each is an Update of `Filing` under its kind."""


class SystemCommand(Command):
    """A command that only the filing's own workflow gives, because a timer has fired or a fact was reported."""

    actor: Actor = SYSTEM
    via: Via = SYSTEM_VIA


RESERVED_IDS: Final = (
    *("accept:", "calendar:", "code:", "complaint:", "fee:", "issue:", "machine:", "parcel:", "part:"),
    *("refund:", "result:", "ring:", "scan:"),
)
"""The prefixes of the ids of system commands.

Other commands may not use these prefixes: the system command with the same id would later count as a repeat.
"""


class Submit(Command):
    """The filing's first command: the submission, its procedure, and the checks made before the rules decide.

    `accountable` are the officers who answer for an approval without a decision. `partners` are the agencies that
    decide parts of the procedure. `elsewhere` are the competent agencies, the nearest first; None if `agency` is
    competent. `no_desks` are the desks of the submission that may not receive filings for `agency`. `not_in_force` is
    the term of the procedure's version; None if the version is in force on the day of receipt. `only_in` is the only
    province that has the procedure; None if `agency` may use the procedure. `closed_for` is the agency's successor if
    `agency` is closed. `signs` is whether the agency's officers sign its results. `examined` is the result of the
    checks of the files and the signature.
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
    closed_for: AgencyCode | None = None
    signs: bool = False
    examined: Examined = Examined()


class ExaminedSupplement(Supplement):
    """A supplement with the outcome of the virus scan of its files.

    Only the filing's workflow gives this command; clients send a `Supplement`.
    """

    scan: ScanState | None = None


class PayableDemand(DemandObligation):
    """A `DemandObligation` with a fact from the directory. Only the filing's workflow gives this command.

    `payable` is whether the obligation can be paid online.
    """

    payable: bool = False


class Destination(Model):
    """Facts from the directory about an agency to which a filing is passed on, and about the agency that has it.

    `known`: whether the directory has the agency; `led`: whether the agency has an active leader. `closed_for` is the
    successor of this agency, if it is closed. `heir` is the successor of the agency that has the filing now, if that
    agency is closed. The other fields are those of `Submit`.
    """

    known: bool = True
    led: bool = True
    closed_for: AgencyCode | None = None
    heir: AgencyCode | None = None
    elsewhere: tuple[AgencyName, ...] | None = None
    only_in: Province | None = None
    no_desks: tuple[AgencyCode, ...] = ()
    partners: tuple[Partner, ...] = ()
    accountable: Accountable = Accountable()
    signs: bool = False


class PassOnTo(PassOn):
    """A `PassOn` with facts from the directory. Only the filing's workflow gives this command."""

    destination: Destination


class RecordScan(SystemCommand):
    """The virus scanner has reported on files. `scanned` are the digests of these files.

    `infected` are the codes of the papers whose files contain viruses.
    """

    kind: Literal["record_scan"] = "record_scan"
    scanned: tuple[Sha256, ...]
    infected: tuple[Code, ...] = ()


class TimerFired(SystemCommand):
    """The timer of the clock `clock` has fired. The rules compare the time with the clock and record what is due."""

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
    """The back office has made the result. `expires_on` is its last day in force, `copies` the number of originals."""

    kind: Literal["issue"] = "issue"
    result: FileRef | None = None
    expires_on: date | None = None
    copies: int | None = None


class SettleResult(SystemCommand):
    """The result's own stream reports that the filing's `n`-th result was signed, and has the number `registered`."""

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
    """The agency's back office has answered, after it had failed."""

    kind: Literal["report_answered"] = "report_answered"
    work: MachineWork


class SettleFee(SystemCommand):
    """A payment, of a fee or of an obligation to another authority, reports whether it was paid in time."""

    kind: Literal["settle_fee"] = "settle_fee"
    n: int
    settlement: FeeSettlement
    amount: Dong = 0
    forgone: Dong | None = None


class AskFeeAgain(SystemCommand):
    """The `n`-th refund reports that a leader has decided to request a charged-back amount again.

    `fee` is the number of the fee, `amount` the amount in đồng.
    """

    kind: Literal["ask_fee_again"] = "ask_fee_again"
    n: int
    fee: int
    amount: Dong


class SettleComplaint(SystemCommand):
    """The `n`-th complaint was upheld by `officer`: the filing restarts, and the agency's act is undone.

    `about` is the seq of this act. The filing restarts at the review step `step`, or at the intake if `step` is None.
    """

    kind: Literal["settle_complaint"] = "settle_complaint"
    n: int
    about: int
    step: Code | None = None
    officer: str


class RecordStay(SystemCommand):
    """The `n`-th complaint has stopped the disputed act: the filing stands still until the end of `limit` from `since`.

    `stay` is the number of the stay among those of the complaint.
    """

    kind: Literal["record_stay"] = "record_stay"
    n: int
    stay: int
    since: Instant
    limit: Limit


class EndStay(SystemCommand):
    """The `stay`-th stay by the `n`-th complaint is over."""

    kind: Literal["end_stay"] = "end_stay"
    n: int
    stay: int


class SettleParcel(SystemCommand):
    """A parcel reports its outcome. `fee` is the part of the agency's fee that the post collected, in đồng."""

    kind: Literal["settle_parcel"] = "settle_parcel"
    n: int
    outcome: ParcelOutcome
    fee: Dong | None = None


class CountWrongCode(Command):
    """The recipient gave a pick-up code at the counter: count the attempt if the code is wrong.

    Only the filing's own workflow gives this command.
    """

    kind: Literal["count_wrong_code"] = "count_wrong_code"
    code: PickupCode


class ReportOverduePart(SystemCommand):
    """The `n`-th referral reports that the deciding agency has missed its deadline."""

    kind: Literal["report_overdue_part"] = "report_overdue_part"
    n: int


class SettlePart(SystemCommand):
    """The `n`-th referral reports the decision of the part that was referred."""

    kind: Literal["settle_part"] = "settle_part"
    n: int
    outcome: Outcome
    officer: Subject
    result: FileRef | None = None
