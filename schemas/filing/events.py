"""The events of a filing: facts in the past tense, and the effect of each on each clock.

The ledger encrypts a field marked `Personal`, and fills a field marked `Numbered` from a locked counter. Changes are
additive: a kind of event never gets another meaning; a new kind is made instead.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from ..base import AgencyCode, Code, Dong, Instant, Key, Model, Numbered, Personal, Sha256, Version, unset
from ..files import FileRef, Paper, ScanState
from ..level import Channel, Level
from ..limit import Limit
from ..people import Actor, Address, Applicant, Role
from ..publishing.calendar import Calendar, CalendarName
from ..publishing.procedure import ProcedureCode
from ..signature import SignatureRecord
from ..text import FormValue
from .delivery import Identity, IdentityDocument, Link, PickupCode, Receiver
from .submission import Authorisation, LegalRepresentative

__all__ = ["Clock", "FeeLine", "FeeSettlement", "FeeShare", "Moment", "Outcome", "ParcelOutcome"]


class Outcome(StrEnum):
    """The outcome of a decision."""

    APPROVED = "approved"
    REFUSED = "refused"


class FeeSettlement(StrEnum):
    """The outcome of an online payment: the fee was paid, or was not paid in time."""

    PAID = "paid"
    EXPIRED = "expired"


class PaymentMeans(StrEnum):
    """The means of payment at the counter. `post`: the post collected the fee with the papers that it brought."""

    CASH = "cash"
    CARD = "card"
    TRANSFER = "transfer"
    POST = "post"


class ParcelOutcome(StrEnum):
    """The outcome of a consignment. `cancelled`: the consignment was recalled before it left the agency."""

    DELIVERED = "delivered"
    RETURNED = "returned"
    LOST = "lost"
    DAMAGED = "damaged"
    CANCELLED = "cancelled"


SPOILT: Final = frozenset({ParcelOutcome.LOST, ParcelOutcome.DAMAGED})
"""The outcomes of a parcel that can't be fetched any more.

The agency then makes a new copy of the result, at the post's cost (QĐ 45/2016 Đ14).
"""


class Clock(StrEnum):
    """The clocks of a filing."""

    INTAKE = "intake"
    PROCESSING = "processing"
    STEP = "step"
    SUPPLEMENT = "supplement"
    PAYMENT = "payment"
    ISSUE = "issue"
    DELIVERY = "delivery"
    READING = "reading"
    PICKUP = "pickup"
    OBLIGATION = "obligation"
    SUSPENSION = "suspension"
    CONFIRMATION = "confirmation"
    TRANSFER = "transfer"
    APPEAL = "appeal"
    SUCCESSION = "succession"
    STAY = "stay"


class Moment(StrEnum):
    """The reason why a clock's timer fires: the limit is soon due, an apology must be drafted, or the limit is due."""

    REMINDER = "reminder"
    APOLOGY = "apology"
    DUE = "due"


class Effect(StrEnum):
    """The effect of an event on a clock. Only start and revive affect a clock that does not run.

    `unpause` undoes the present pause: the clock runs as if it had never been paused. `revive` undoes its last end.
    """

    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    UNPAUSE = "unpause"
    REVIVE = "revive"
    RESTART = "restart"
    EXTEND = "extend"
    NONE = "none"


class SupplementNeed(Model):
    """A requested paper or form field. The note about it is stored apart, sealed, as it may be personal data."""

    target: str
    """kind of the requested part: a paper or a form field"""
    code: Code


class FeeLine(Model):
    """One item of a fee. Its sum in đồng is `amount` × `quantity`, or `bounded` if a minimum or a maximum applies."""

    code: Code
    amount: Dong
    quantity: int
    """number of units, each of which costs the amount"""
    bounded: Dong | None = None
    """sum of the line in đồng, if its minimum or maximum replaces amount × quantity; not set otherwise"""

    @property
    def total(self) -> int:
        """The sum of the line, in đồng."""
        return self.amount * self.quantity if self.bounded is None else self.bounded


class Accountable(Model):
    """The officers who answer for an approval without a decision.

    `standing` answers for an approval by the standing order, `silent` for an approval by silence.
    """

    standing: str | None = None
    """identity of the officer who answers for an approval by the standing order"""
    silent: str | None = None
    """identity of the officer who answers for an approval by silence"""


class Digests(Model):
    """The SHA-256 of the published rules, and of the published calendar, that apply to a filing."""

    rules: Sha256
    """SHA-256 of the published rules, in hex"""
    calendar: Sha256
    """SHA-256 of the published calendar, in hex"""


class Partner(Model):
    """Another agency that decides a part of the procedure for which the filing's own agency is not competent."""

    part: Code
    agency: AgencyCode


class Submitted(Model):
    """The filing was handed in.

    `code` is the dossier code (mã hồ sơ). `paper_digests` has the digest of each paper's file, by the paper's code. For
    a paper filing, `missing` lists the missing parts, and `received_at` is the time of the post's hand-over, if
    this was before the event. `assisted`: whether an officer filled the form in; `read_back` is then the text that
    was read to the applicant, who signed it. `incident` is the desk's reason for a filing on paper. `desk` is the
    agency whose desk received the filing; not set for the deciding agency. `result_desk` is the agency whose desk
    hands over the result; not set for the agency that received the filing.

    Facts from the directory and the publications are recorded here, so that the log alone is enough to fold the filing:
    `accountable` are the officers who answer for the filing, `partners` the agencies that decide parts of the
    procedure, and `digests` the digests of its rules and its calendar. `client_id` and `submission_id` are the client's
    own ids of the filing. `possible_duplicates` are the codes of the same person's open filings for the same procedure,
    as the ledger lists them. `scan` is the state of the virus scan of the files, `signature_check` the result of the
    check of the signature. `signs`: whether the agency's officers sign the result, in a stream of its own.
    """

    kind: Literal["submitted"] = "submitted"
    code: Annotated[str | None, Numbered("dossier")] = None
    """dossier code (mã hồ sơ)"""
    agency: AgencyCode
    desk: AgencyCode | None = None
    result_desk: AgencyCode | None = None
    procedure: ProcedureCode
    version: Version
    procedure_sha256: Sha256
    """SHA-256 of the published procedure, in hex"""
    calendar: CalendarName
    level: Level
    channel: Channel
    fee_channel: Channel | None = None
    """channel of the fee: online, at the counter, or collected by the post"""
    result_channel: Channel
    paper_digests: dict[Code, Sha256 | None]
    """SHA-256 of each paper's file in hex, by the paper's code; null if the paper was handed in on paper"""
    client_id: Key | None = None
    submission_id: Key | None = None
    accountable: Accountable | None = None
    """the officers who answer for the filing if it is approved without a decision"""
    digests: Digests | None = None
    """digests of the rules and the calendar that apply to the filing"""
    missing: tuple[SupplementNeed, ...] = ()
    """missing parts of a paper dossier, which counts as received and is accepted once the missing parts have come"""
    received_at: Instant | None = None
    assisted: bool = False
    """whether an officer filled the form in for the applicant"""
    partners: tuple[Partner, ...] = ()
    """the other agencies that decide parts of the procedure"""
    scan: ScanState | None = None
    """state of the virus scan of the files: clean, unscanned (no scanner), pending, infected"""
    signature_check: SignatureRecord | None = None
    """result of the signature's check at the receipt"""
    signs: bool | None = None
    """whether the agency's officers sign its results; not set if they do not"""
    applicant: Annotated[Applicant, Personal]
    filed_by: Annotated[Actor, Personal]
    form: Annotated[dict[Code, FormValue], Personal]
    papers: Annotated[tuple[Paper, ...], Personal]
    authorisation: Annotated[Authorisation | None, Personal] = None
    by_law: Annotated[LegalRepresentative | None, Personal] = None
    signature: Annotated[FileRef | None, Personal] = None
    address: Annotated[Address | None, Personal] = None
    payer_account: Annotated[str | None, Personal] = None
    payer_address: Annotated[str | None, Personal] = None
    possible_duplicates: Annotated[tuple[str, ...], Personal] = ()
    read_back: Annotated[FileRef | None, Personal] = None
    incident: Annotated[str | None, Personal, Field(exclude_if=unset)] = None


class Accepted(Model):
    """The filing was accepted. `automatic`: whether the procedure's standing order accepted it.

    `since` is the start of the filing's time limit; if it is not set, the limit starts at the time of this event.
    """

    kind: Literal["accepted"] = "accepted"
    automatic: bool = False
    """whether the procedure's standing order accepted it, without an officer"""
    since: Instant | None = None
    """start of the filing's time limit; not set: the time of this event"""


class AcceptanceRevoked(Model):
    """A mistaken acceptance was taken back: the filing is at its intake again, as if it had never been accepted."""

    kind: Literal["acceptance_revoked"] = "acceptance_revoked"
    officer: str
    reason: Annotated[str, Personal]


class RefusalRevoked(Model):
    """A mistaken refusal of intake was taken back: the filing is at its intake again, as if never refused."""

    kind: Literal["refusal_revoked"] = "refusal_revoked"
    officer: str
    reason: Annotated[str, Personal]


class ApplicantCorrected(Model):
    """The applicant's mistyped name or number was corrected. A signature on the form does not cover the correction."""

    kind: Literal["applicant_corrected"] = "applicant_corrected"
    officer: str
    before: Annotated[Applicant, Personal]
    after: Annotated[Applicant, Personal]
    reason: Annotated[str, Personal]


class FilesScanned(Model):
    """The virus scanner reported on files only after the submission. `scanned` are the digests of these files.

    The files of the papers with the codes `infected` contain viruses, all others do not.
    """

    kind: Literal["files_scanned"] = "files_scanned"
    scanned: tuple[Sha256, ...]
    """SHA-256 of the scanned files"""
    infected: tuple[Code, ...] = ()
    """codes of the papers whose files contain viruses"""


class SignatureJudged(Model):
    """An officer accepted or rejected a signature whose check had no definite outcome."""

    kind: Literal["signature_judged"] = "signature_judged"
    accepted: bool
    """whether the signature is accepted"""
    officer: str
    reason: Annotated[str, Personal]


class IntakeRefused(Model):
    """The filing was not accepted, for this reason and on this legal basis."""

    kind: Literal["intake_refused"] = "intake_refused"
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str | None, Personal] = None


class SupplementRequested(Model):
    """The applicant was asked, in one complete request, for the missing parts.

    `late` is true if a leader made the request, with a reason, after the time in which officers could make it.
    """

    kind: Literal["supplement_requested"] = "supplement_requested"
    n: int
    needs: tuple[SupplementNeed, ...]
    """the requested papers and form fields"""
    officer: str
    late: bool = False
    """whether a leader made the request after the time in which officers could make it"""
    late_reason: Annotated[str | None, Personal] = None
    notes: Annotated[tuple[str, ...], Personal]
    legal_basis: Annotated[str, Personal]


class SupplementCancelled(Model):
    """The request for a supplement was cancelled before it was answered, as if it had never been made."""

    kind: Literal["supplement_cancelled"] = "supplement_cancelled"
    n: int
    officer: str
    reason: Annotated[str, Personal]


class Supplemented(Model):
    """The applicant supplied the requested parts.

    `desk` is the agency whose desk received them; not set if it is the deciding agency. `received_at` is the time at
    which the papers were handed over to the desk, if this was before the event.
    """

    kind: Literal["supplemented"] = "supplemented"
    n: int
    channel: Channel
    received_at: Instant | None = None
    desk: AgencyCode | None = None
    scan: ScanState | None = None
    """state of the virus scan of the files: clean, unscanned (no scanner), pending, infected"""
    paper_digests: dict[Code, Sha256 | None]
    """SHA-256 of each paper's file in hex, by the paper's code; null if the paper was handed in on paper"""
    form: Annotated[dict[Code, FormValue], Personal]
    papers: Annotated[tuple[Paper, ...], Personal]


class MoreTimeRequested(Model):
    """The applicant asked for more time to answer the `n`-th supplement request."""

    kind: Literal["more_time_requested"] = "more_time_requested"
    n: int
    reason: Annotated[str, Personal]


class MoreTimeGranted(Model):
    """The applicant got more time to answer the `n`-th supplement request."""

    kind: Literal["more_time_granted"] = "more_time_granted"
    n: int
    officer: str
    by: Limit


class MoreTimeRefused(Model):
    """The applicant did not get more time to answer the `n`-th supplement request."""

    kind: Literal["more_time_refused"] = "more_time_refused"
    n: int
    officer: str
    reason: Annotated[str, Personal]


class SupplementExpired(Model):
    """Nothing was supplied in time: the filing is refused at the intake, or ended in the review."""

    kind: Literal["supplement_expired"] = "supplement_expired"
    n: int


class DossierTransferred(Model):
    """The desk sent its papers of the dossier to the deciding agency (bàn giao hồ sơ).

    `papers` are the codes of the papers, and `originals` the codes of the originals among these papers.
    """

    kind: Literal["dossier_transferred"] = "dossier_transferred"
    officer: str
    papers: tuple[Code, ...]
    """codes of the papers that were sent"""
    originals: tuple[Code, ...] = ()
    """codes of the originals among the papers"""


class DossierReceived(Model):
    """The deciding agency signed for the papers that were sent. `note` describes any deviation from the list."""

    kind: Literal["dossier_received"] = "dossier_received"
    officer: str
    papers: tuple[Code, ...]
    """codes of the received papers"""
    note: Annotated[str | None, Personal] = None


class FeeShare(Model):
    """The part of a paid sum that belongs to one item of the fee, in đồng."""

    code: Code
    amount: Annotated[Dong, Field(gt=0)]


class FeeRequested(Model):
    """A fee was requested: the sum of the lines, less the `waived` amount, in đồng.

    If `adds_to` is set, it is the number of a fee that was paid before. The requested fee is then the difference after
    a change of the dossier, or the amount that was charged back, and its lines are the additional amount of each item.
    """

    kind: Literal["fee_requested"] = "fee_requested"
    n: int
    amount: Dong
    lines: tuple[FeeLine, ...]
    """the items of the fee"""
    channel: Channel
    waived: int = 0
    """waived amount in đồng"""
    adds_to: int | None = None
    """number of the paid fee to which this fee adds the difference; not set: it is the whole fee"""


class FeePaid(Model):
    """A fee was paid. `means` is set only for a payment at the counter.

    `receipt_no` is the number of the payment among the payments of the agency. `reference` is the number that the
    terminal, the bank or the post gave; not set for cash. `parcel` is the number of the parcel with which the post
    collected the fee; not set if the post did not. `forgone` is the unpaid part of the fee in đồng, which the agency
    forgoes.
    """

    kind: Literal["fee_paid"] = "fee_paid"
    n: int
    amount: Dong
    channel: Channel
    means: PaymentMeans | None = None
    """means of payment at the counter: cash, card, transfer, or post (the post brought the papers and the money)"""
    receipt_no: Annotated[str | None, Numbered("receipt")] = None
    """number of the payment among the payments to the agency; not set before the ledger fills it"""
    reference: str | None = None
    """number on the terminal's slip, or the number given by the bank or the post; not set for cash"""
    parcel: int | None = None
    """number of the parcel with which the post has collected the fee; not set if the post did not"""
    forgone: Dong | None = None


class FeeExpired(Model):
    """The fee was not paid in time; the filing has ended."""

    kind: Literal["fee_expired"] = "fee_expired"
    n: int


class ResultUnclaimed(Model):
    """The fee for a finished result was not paid in time. The result is kept until it is paid at the counter."""

    kind: Literal["result_unclaimed"] = "result_unclaimed"
    n: int


class FeeWaived(Model):
    """An officer waived `percent` per cent of the fee; the rest is requested again."""

    kind: Literal["fee_waived"] = "fee_waived"
    n: int
    waiver: Code
    """code of the waiver in the procedure"""
    percent: int
    officer: str
    reason: Annotated[str, Personal]
    accepted_by: str | None = Field(default=None, exclude_if=unset)
    """identity of the officer who accepted the filing, who may not waive its fee; not set if none did"""


class FeeWaiverRevoked(Model):
    """An officer took a waiver back: the fee is requested in full, less what was paid."""

    kind: Literal["fee_waiver_revoked"] = "fee_waiver_revoked"
    waiver: Code
    """code of the waiver in the procedure"""
    officer: str
    reason: Annotated[str, Personal]


class FeeWaiverDeclined(Model):
    """An officer declined a waiver: the fee stays due."""

    kind: Literal["fee_waiver_declined"] = "fee_waiver_declined"
    waiver: Code
    """code of the waiver in the procedure"""
    officer: str
    reason: Annotated[str, Personal]


class FeeReduced(Model):
    """A change of the dossier reduced the `n`-th fee: `amount` đồng of the paid sum are to be refunded."""

    kind: Literal["fee_reduced"] = "fee_reduced"
    n: int
    amount: Annotated[Dong, Field(gt=0)]
    lines: tuple[FeeShare, ...]
    """the items of the refunded sum"""


class FeeChargedBack(Model):
    """The payer's bank charged back `amount` đồng of the fee with the number `fee`.

    A leader decided in the `n`-th refund that this amount is requested again.
    """

    kind: Literal["fee_charged_back"] = "fee_charged_back"
    n: int
    """number of the refund in which a leader decided to request the amount again"""
    fee: int
    """number of the fee"""
    amount: Annotated[Dong, Field(gt=0)]


class StepStarted(Model):
    """A review step began."""

    kind: Literal["step_started"] = "step_started"
    step: Code


class Claimed(Model):
    """An officer claimed the current task."""

    kind: Literal["claimed"] = "claimed"
    officer: str


class Released(Model):
    """The current task went back to its queue."""

    kind: Literal["released"] = "released"


class Recused(Model):
    """An officer of an agency declared that they will handle nothing of this filing, for a reason such as kinship."""

    kind: Literal["recused"] = "recused"
    officer: str
    agency: AgencyCode
    reason: Annotated[str, Personal]


class Reassigned(Model):
    """The team lead gave the current task to an officer. `acting_for`: the absent officer for whom they act."""

    kind: Literal["reassigned"] = "reassigned"
    officer: str
    role: Role
    acting_for: str | None = None


class PassedOn(Model):
    """The filing was passed on to another agency, which has it from this event on, with its code and its clocks.

    A due fee is no longer owed to the previous agency. Parts of the procedure that were not referred yet go to the
    `partners` of the new agency.
    """

    kind: Literal["passed_on"] = "passed_on"
    officer: str
    origin: AgencyCode
    """code of the agency that had the filing before"""
    to: AgencyCode
    """code of the agency that has the filing now"""
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]
    papers: tuple[Code, ...] = ()
    """codes of the papers that are sent to the new agency"""
    desk: AgencyCode | None = None
    """code of another agency whose desk keeps receiving the filing's papers"""
    result_desk: AgencyCode | None = None
    """code of another agency whose desk hands over the result"""
    partners: tuple[Partner, ...] = ()
    """agencies that decide parts of the procedure"""
    accountable: Accountable = Accountable()
    """officers of the new agency who answer for an approval without a decision"""
    signs: bool | None = None
    """whether officers of the new agency sign its results; not set if they do not"""


class Recalled(Model):
    """An officer took back the step that they had just finished. The officer has this step as a task again."""

    kind: Literal["recalled"] = "recalled"
    step: Code
    officer: str


class Asked(Model):
    """The applicant was asked a question; nothing waits for the answer."""

    kind: Literal["asked"] = "asked"
    n: int
    officer: str
    question: Annotated[str, Personal]


class Answered(Model):
    """The applicant answered a question."""

    kind: Literal["answered"] = "answered"
    n: int
    """number of the question"""
    answer: Annotated[str, Personal]


class Inspected(Model):
    """An inspection on site was recorded: its time, place, participants and findings (Decree 61/2018 art. 19 k3)."""

    kind: Literal["inspected"] = "inspected"
    step: Code
    officer: str
    held_at: Instant
    place: Annotated[str, Personal]
    participants: Annotated[tuple[str, ...], Personal]
    findings: Annotated[str, Personal]


class OpinionRecorded(Model):
    """A consulted body answered. `consent`: whether it consents."""

    kind: Literal["opinion_recorded"] = "opinion_recorded"
    step: Code
    party: Code
    consent: bool
    officer: str
    note: Annotated[str | None, Personal] = None


class ConsultationClosed(Model):
    """The consultation ended: all bodies have answered, or are `silent`, which the procedure counts as consent."""

    kind: Literal["consultation_closed"] = "consultation_closed"
    step: Code
    silent: tuple[Code, ...] = ()
    """codes of the bodies that did not answer in time, which counts as consent"""


class Referred(Model):
    """The filing's `n`-th part that another agency decides was referred to this agency (liên thông)."""

    kind: Literal["referred"] = "referred"
    n: int
    step: Code
    part: Code
    agency: AgencyCode


class PartOverdue(Model):
    """The agency that decides a part missed its limit; the task is now in the queue of the lead agency's team lead."""

    kind: Literal["part_overdue"] = "part_overdue"
    n: int
    part: Code


class PartAnswered(Model):
    """The agency that decides a part has decided. The reasons are in the part's own stream."""

    kind: Literal["part_answered"] = "part_answered"
    n: int
    part: Code
    outcome: Outcome
    officer: str
    result: FileRef | None = None


class PartsDecided(Model):
    """Every referred part of the step has been decided by its agency."""

    kind: Literal["parts_decided"] = "parts_decided"
    step: Code


class ObligationReferred(Model):
    """Another authority was asked to state the applicant's financial obligation to it (phiếu chuyển thông tin)."""

    kind: Literal["obligation_referred"] = "obligation_referred"
    step: Code
    officer: str
    reference: str


class ObligationDemanded(Model):
    """The other authority's notice of the financial obligation was passed on to the applicant. `amount` is in đồng.

    `agency` is the tax office that issued the notice. If this office takes money online, the `n`-th payment collects
    the amount.
    """

    kind: Literal["obligation_demanded"] = "obligation_demanded"
    step: Code
    officer: str
    reference: str
    amount: Dong
    agency: AgencyCode | None = None
    """code of the tax office that issued the notice; not set if unknown"""
    n: int | None = None
    """number of the payment that collects the amount online; not set if the applicant can't pay here"""


class ObligationFulfilled(Model):
    """The applicant has met the obligation, or has none. `reference` is the number of the proof.

    If the `n`-th payment met the obligation, `reference` is the reference of the payment's first request.
    """

    kind: Literal["obligation_fulfilled"] = "obligation_fulfilled"
    step: Code
    officer: str
    reference: str
    n: int | None = None
    """number of the payment that met the obligation; not set if an officer has the proof"""


class Suspended(Model):
    """The agency suspended the filing (tạm dừng), for `limit` or for the time in the procedure if `limit` is not set.

    `awaits` names the event for which the suspension waits, if any.
    """

    kind: Literal["suspended"] = "suspended"
    officer: str
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]
    limit: Limit | None = None
    awaits: Annotated[str | None, Personal] = None


class SuspensionProlonged(Model):
    """A suspension was prolonged (kéo dài tạm dừng)."""

    kind: Literal["suspension_prolonged"] = "suspension_prolonged"
    officer: str
    by: Limit
    reason: Annotated[str, Personal]


class Resumed(Model):
    """A suspended filing continues."""

    kind: Literal["resumed"] = "resumed"
    officer: str


class Stopped(Model):
    """The agency ended the filing (dừng giải quyết). `unproposed`: whether no specialist had proposed to refuse it."""

    kind: Literal["stopped"] = "stopped"
    officer: str
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]
    unproposed: bool = False
    """whether the leader ended the filing without a specialist's proposal to refuse it"""
    unproposed_reason: Annotated[str | None, Personal] = None


class Extended(Model):
    """The processing limit was extended (gia hạn) as the procedure's own law allows."""

    kind: Literal["extended"] = "extended"
    officer: str
    by: Limit
    reason: Annotated[str, Personal]


class CaseApplied(Model):
    """An officer applied another processing limit of the procedure, such as the limit for cases that need verification.

    The new limit starts at the same moment as the previous limit.
    """

    kind: Literal["case_applied"] = "case_applied"
    officer: str
    case: Code
    """code of the other processing limit of the procedure, which now applies to the filing"""
    limit: Limit
    reason: Annotated[str, Personal]


class Forwarded(Model):
    """A review step was finished. `passed_over`: the step was not needed, for the reason in the note."""

    kind: Literal["forwarded"] = "forwarded"
    step: Code
    passed_over: Annotated[bool, Field(exclude_if=unset)] = False
    """whether the inspection or consultation of this step was not needed"""
    note: Annotated[str | None, Personal] = None


class DraftShown(Model):
    """The applicant was shown a draft of the result, and has time to confirm or correct it."""

    kind: Literal["draft_shown"] = "draft_shown"
    step: Code
    n: int
    officer: str
    draft: Annotated[FileRef, Personal]


class DraftConfirmed(Model):
    """The applicant confirmed the draft, or did not answer in time (`silent`), which confirms it too."""

    kind: Literal["draft_confirmed"] = "draft_confirmed"
    n: int
    silent: bool = False
    """whether the applicant did not answer in time"""


class DraftCorrected(Model):
    """The applicant described the errors of the draft. The agency makes another draft."""

    kind: Literal["draft_corrected"] = "draft_corrected"
    n: int
    note: Annotated[str, Personal]
    form: Annotated[dict[Code, FormValue], Personal]


class Proposed(Model):
    """A decision was proposed. `acting_for` is the absent officer for whom `officer` acts, if any."""

    kind: Literal["proposed"] = "proposed"
    step: Code
    outcome: Outcome
    officer: str
    acting_for: str | None = None
    reason: Annotated[str | None, Personal] = None
    legal_basis: Annotated[str | None, Personal] = None


class Decided(Model):
    """The filing was decided. `officer` answers for the decision.

    `acting_for` is the absent officer for whom `officer` acts, if any. An automatic decision has the number of its
    `standing_order`. `silence` is the law by which the agency's silence counts as approval, for an approval by silence.
    """

    kind: Literal["decided"] = "decided"
    outcome: Outcome
    officer: str
    """identity of the officer who answers for the decision"""
    acting_for: str | None = None
    standing_order: str | None = None
    """number of the standing order that decided; not set if an officer did"""
    silence: str | None = None
    """legal basis of an approval by the agency's silence; not set for any other decision"""
    reason: Annotated[str | None, Personal] = None
    legal_basis: Annotated[str | None, Personal] = None
    proposed_by: tuple[str, ...] = Field(default=(), exclude_if=unset)
    """identities of the officers who proposed or handled it, and may not decide it; empty if one officer may do both"""


class ResultIssued(Model):
    """The signed result, or the notice of refusal, was made and handed to the one-stop desk.

    If the result was signed in a stream of its own, the stream of the filing's `n`-th result, that stream has taken the
    number `registered` before. Otherwise this event takes the `number` in the register. `expires_on` is the last day on
    which the result is in force, `copies` the number of originals. Results from before the register have no number.
    """

    kind: Literal["result_issued"] = "result_issued"
    result: FileRef
    number: Annotated[str | None, Numbered("result", unless="registered")] = None
    """number in the agency's register, taken with this event; not set if the result has the number `registered`"""
    registered: str | None = None
    """number in the agency's register, taken before the officers signed the result; not set if none signed it"""
    n: int | None = None
    """number of the filing's result, if officers signed it in a stream of its own; not set otherwise"""
    expires_on: date | None = None
    copies: int | None = None


class ResultOffered(Model):
    """The result can be read online at its `n`-th link. The ledger creates the link; only the applicant gets it."""

    kind: Literal["result_offered"] = "result_offered"
    n: int
    """number of the link to the result"""
    link_sha256: Sha256 | None = None
    """SHA-256 of the link, in hex"""
    link: Annotated[Link | None, Personal] = None


class PickupOffered(Model):
    """The result waits at the counter. The ledger creates its pick-up `code`; only the applicant gets it."""

    kind: Literal["pickup_offered"] = "pickup_offered"
    code: Annotated[PickupCode | None, Personal] = None


class WrongCodeGiven(Model):
    """A wrong pick-up code was given at the counter, for the `n`-th time."""

    kind: Literal["wrong_code_given"] = "wrong_code_given"
    n: int
    """number of wrong pick-up codes so far"""


class ParcelRequested(Model):
    """The result goes by post."""

    kind: Literal["parcel_requested"] = "parcel_requested"
    n: int


class ParcelRecalled(Model):
    """The `n`-th parcel was recalled before its dispatch; the post reports whether this was in time."""

    kind: Literal["parcel_recalled"] = "parcel_recalled"
    n: int
    officer: str | None = None


class ParcelFailed(Model):
    """The parcel did not arrive: it came back or never left, and the result waits at the counter; or it is lost."""

    kind: Literal["parcel_failed"] = "parcel_failed"
    n: int
    outcome: ParcelOutcome
    """outcome of the parcel"""


class DeliveryChanged(Model):
    """The applicant chose another `channel` for the result, or another address."""

    kind: Literal["delivery_changed"] = "delivery_changed"
    channel: Channel
    address: Annotated[Address | None, Personal] = None


class ReissueRequested(Model):
    """The content of the parcel with the number `parcel` is lost or damaged.

    The agency makes another copy of the result, with the number `copy_number`, at the post's cost.
    """

    kind: Literal["reissue_requested"] = "reissue_requested"
    copy_number: int
    """number of the copy to be made"""
    parcel: int
    """number of the parcel, from 1"""
    outcome: ParcelOutcome
    """outcome of the parcel"""


class ParcelFound(Model):
    """A parcel with a revoked copy of the result was found. Only the copy with the number `copy_number` is valid."""

    kind: Literal["parcel_found"] = "parcel_found"
    n: int
    outcome: ParcelOutcome
    """outcome of the parcel"""
    copy_number: int


class HandedOver(Model):
    """The applicant has the result. `n` is the number of the parcel that brought it; not set if none did.

    At the counter, the recipient gave the pick-up code (`by_code`) or showed a `document`, and signed. The recipient
    signed on paper if `signature` is not set. `receiver` is the recipient's role.
    """

    kind: Literal["handed_over"] = "handed_over"
    channel: Channel
    n: int | None = None
    """number of the parcel that brought the result; not set if none did"""
    receiver: Receiver | None = None
    """role of the recipient: the applicant, or a representative"""
    by_code: bool | None = None
    """whether the recipient gave the pick-up code"""
    document: IdentityDocument | None = None
    """kind of the identity document that the recipient showed"""
    recipient: Annotated[str | None, Personal] = None
    identity: Annotated[Identity | None, Personal] = None
    authorisation: Annotated[Authorisation | None, Personal] = None
    signature: Annotated[FileRef | None, Personal] = None


class Withdrawn(Model):
    """The applicant withdrew the filing. `request` is the signed request, if the desk recorded the withdrawal."""

    kind: Literal["withdrawn"] = "withdrawn"
    reason: Annotated[str, Personal]
    request: Annotated[FileRef | None, Personal] = None


class MandateRevoked(Model):
    """The representation under an authorisation ended before its last day; `request` is the signed request, if any."""

    kind: Literal["mandate_revoked"] = "mandate_revoked"
    request: Annotated[FileRef | None, Personal] = None


class RepresentativeNamed(Model):
    """The applicant named a representative under a new authorisation, in the place of the present one."""

    kind: Literal["representative_named"] = "representative_named"
    representative: Annotated[str, Personal]
    authorisation: Annotated[Authorisation | None, Personal] = None


class ApplicantCeased(Model):
    """The applicant died or, as an organisation, ceased to exist. From now on nobody acts under their authorisation.

    `limit` is the time in which a successor may step in; it is not set if the right does not pass on.
    """

    kind: Literal["applicant_ceased"] = "applicant_ceased"
    officer: str
    limit: Limit | None = None
    evidence: Annotated[FileRef, Personal]


class Succeeded(Model):
    """A successor stepped in for the applicant who had ceased to exist, and is the applicant from now on."""

    kind: Literal["succeeded"] = "succeeded"
    officer: str
    applicant: Annotated[Applicant, Personal]
    evidence: Annotated[FileRef, Personal]


class CessationRevoked(Model):
    """A mistaken record that the applicant had ceased to exist was taken back, before a successor stepped in."""

    kind: Literal["cessation_revoked"] = "cessation_revoked"
    officer: str
    reason: Annotated[str, Personal]


class Lapsed(Model):
    """The filing ended, since its applicant ceased to exist and no successor stepped in."""

    kind: Literal["lapsed"] = "lapsed"


class Reopened(Model):
    """A complaint was upheld: the filing starts again at the review step `step`, or at the intake if `step` is not set.

    `complaint` is the number of the complaint, `about` the seq of the act that is undone. `officer` upheld the
    complaint.
    """

    kind: Literal["reopened"] = "reopened"
    complaint: int
    """number of the complaint that was upheld"""
    about: int
    step: Code | None = None
    """code of the review step where the filing starts again; not set for the intake"""
    officer: str


class Stayed(Model):
    """A complaint has stopped the disputed act (tạm đình chỉ): no decision is made, and no result is handed over.

    `complaint` is the number of the complaint, `stay` that of the stay among those of the complaint. The stay ends at
    the latest with the time limit for the complaint's answer: `limit` from `since`.
    """

    kind: Literal["stayed"] = "stayed"
    complaint: int
    """number of the complaint that stops the act"""
    stay: int
    """number of the stay among those of the complaint"""
    since: Instant
    """start of the time limit for the complaint's answer"""
    limit: Limit
    """time limit for the complaint's answer, at whose end the stay ends at the latest"""


class StayOver(Model):
    """A stay of the disputed act ended. `lapsed`: whether its time ended before the complaint reported its end."""

    kind: Literal["stay_over"] = "stay_over"
    complaint: int
    """number of the complaint that had stopped the act"""
    stay: int
    """number of the stay among those of the complaint"""
    lapsed: bool = False
    """whether the time of the stay has ended, before the complaint reported its end"""


class Reminded(Model):
    """The people who must act before a clock is due were reminded."""

    kind: Literal["reminded"] = "reminded"
    clock: Clock
    due: Instant


class ApologyDrafted(Model):
    """An apology (phiếu xin lỗi và hẹn lại ngày trả kết quả) waits for the leader (Decree 61/2018 art. 19 k9).

    `clock` is the limit: of the processing, or of the intake once the date that an apology told is over, too. `due` is
    the date that will be missed. `proposed` is the new appointment; not set if it is too late for one.
    """

    kind: Literal["apology_drafted"] = "apology_drafted"
    clock: Clock = Clock.PROCESSING
    """missed limit: of the processing, or of the intake"""
    due: Instant
    proposed: Instant | None = None
    """the new appointment that the agency proposes; not set if it is too late for one"""


class Reappointed(Model):
    """The applicant got an apology and a new appointment. `by` is the time between the old and the new appointment."""

    kind: Literal["reappointed"] = "reappointed"
    officer: str
    by: Limit
    reason: Annotated[str, Personal]


class Apologised(Model):
    """The reason for the delay was explained to the applicant; the appointment stays missed.

    `clock` is the missed limit: of the processing, or of the intake. `by` is the time from this event to the date that
    the applicant was told instead; it is not set if the missed limit runs no more.
    """

    kind: Literal["apologised"] = "apologised"
    officer: str
    clock: Clock = Clock.PROCESSING
    by: Limit | None = None
    """time from this event to the date that the applicant was told instead"""
    reason: Annotated[str, Personal]


class Overdue(Model):
    """A clock passed its due instant (recorded once for each); the filing is in the team lead's queue."""

    kind: Literal["overdue"] = "overdue"
    clock: Clock
    due: Instant


class FinishedEarly(Model):
    """The result was ready before its appointment. `due` is the time of the appointment."""

    kind: Literal["finished_early"] = "finished_early"
    due: Instant


class MachineWork(StrEnum):
    """The tasks of an agency's back office."""

    CHECK = "check"
    ISSUE = "issue"


class MachineWorkFailing(Model):
    """The agency's back office failed `tries` times in a row; the task is in the team lead's queue.

    `error` is the type of the last error, if it was reported. The error's message is left out, since it may contain
    personal data. For a result, `error` may be the rule by which no officer can sign at present.
    """

    kind: Literal["machine_work_failing"] = "machine_work_failing"
    work: MachineWork
    """task of the back office: `check` or `issue`"""
    tries: int
    """number of failures in a row"""
    error: str | None = None
    """type of the last error, if it was reported; never its message"""


class MachineWorkAnswered(Model):
    """The back office, which had been failing, has answered."""

    kind: Literal["machine_work_answered"] = "machine_work_answered"
    work: MachineWork
    """task of the back office: `check` or `issue`"""


class CalendarChanged(Model):
    """Another calendar is in force: every running clock's due instant is computed on it, from the clock's start."""

    kind: Literal["calendar_changed"] = "calendar_changed"
    calendar: Calendar
    """the new calendar"""


_Intake = Submitted | Accepted | FilesScanned | SignatureJudged | IntakeRefused
_Undone = AcceptanceRevoked | RefusalRevoked | ApplicantCorrected
_Supplement = SupplementRequested | SupplementCancelled | Supplemented | SupplementExpired
_MoreTime = MoreTimeRequested | MoreTimeGranted | MoreTimeRefused
_Dossier = DossierTransferred | DossierReceived
_Fee = FeeRequested | FeePaid | FeeExpired | ResultUnclaimed | FeeWaived | FeeWaiverRevoked | FeeWaiverDeclined
_Task = StepStarted | Claimed | Released | Reassigned | Recused | Recalled | PassedOn
_Review = Asked | Answered | Inspected | OpinionRecorded | ConsultationClosed
_Part = Referred | PartOverdue | PartAnswered | PartsDecided
_Obligation = ObligationReferred | ObligationDemanded | ObligationFulfilled
_Interruption = Suspended | SuspensionProlonged | Resumed | Stopped | Extended | CaseApplied
_Decision = Forwarded | DraftShown | DraftConfirmed | DraftCorrected | Proposed | Decided
_Result = ResultIssued | ResultOffered | PickupOffered | WrongCodeGiven
_Delivery = ParcelRequested | ParcelRecalled | ParcelFailed | DeliveryChanged | ReissueRequested | ParcelFound
_Person = MandateRevoked | RepresentativeNamed | ApplicantCeased | CessationRevoked | Succeeded
_End = HandedOver | Withdrawn | Lapsed | Reopened
_Stay = Stayed | StayOver
_Limit = Reminded | ApologyDrafted | Reappointed | Apologised | Overdue | FinishedEarly
_Other = MachineWorkFailing | MachineWorkAnswered | CalendarChanged | FeeReduced | FeeChargedBack
_UntilDecision = (
    _Intake
    | _Undone
    | _Supplement
    | _MoreTime
    | _Dossier
    | _Fee
    | _Task
    | _Review
    | _Part
    | _Obligation
    | _Interruption
    | _Decision
)

Event = Annotated[
    _UntilDecision | _Result | _Delivery | _Person | _End | _Stay | _Limit | _Other, Field(discriminator="kind")
]
"""Any event of a filing."""

Events = tuple[Event, ...]

_STOP_ALL: Final = dict.fromkeys(Clock, Effect.STOP)
_ENDED_BY_THE_AGENCY: Final = _STOP_ALL | {Clock.APPEAL: Effect.START}
"""The effects of an end by the agency: all clocks stop, and the time for a complaint begins with the notice of the end.
"""

_PAUSED: Final = {Clock.PROCESSING: Effect.PAUSE, Clock.STEP: Effect.PAUSE}

_NEVER_PAUSED: Final = dict.fromkeys((Clock.INTAKE, Clock.PROCESSING, Clock.STEP), Effect.UNPAUSE)

_AGENCYS: Final = (Clock.INTAKE, Clock.PROCESSING, Clock.STEP, Clock.SUSPENSION)
_ANSWERED: Final = (Clock.SUPPLEMENT, Clock.OBLIGATION, Clock.CONFIRMATION)
"""The clocks that are paused during the wait for a successor: the agency's, and those for an answer to the agency."""
_STANDS_FOR_ITSELF: Final = dict.fromkeys(_ANSWERED, Effect.RESTART) | {
    Clock.PAYMENT: Effect.START,
    Clock.SUCCESSION: Effect.STOP,
}
"""The effects on the clocks of the applicant's side once there is an applicant again: a successor or the old one."""

_STAYED: Final = (*_AGENCYS, Clock.ISSUE)
_STAYED_OF_APPLICANT: Final = (*_ANSWERED, Clock.SUCCESSION)
"""The clocks that are paused while a complaint stops the disputed act: the agency's, and the applicant's."""

_FEE_SETTLED: Final = {
    Clock.PAYMENT: Effect.STOP,
    Clock.INTAKE: Effect.RESTART,
    Clock.PROCESSING: Effect.RESUME,
    Clock.STEP: Effect.RESUME,
}

EFFECTS: Final[dict[str, dict[Clock, Effect]]] = {
    "submitted": {Clock.INTAKE: Effect.START},
    "accepted": {Clock.INTAKE: Effect.STOP, Clock.PROCESSING: Effect.START, Clock.TRANSFER: Effect.START},
    "acceptance_revoked": dict.fromkeys((Clock.PROCESSING, Clock.STEP, Clock.TRANSFER, Clock.PAYMENT), Effect.STOP)
    | {Clock.INTAKE: Effect.REVIVE},
    "applicant_corrected": {},
    "files_scanned": {},
    "signature_judged": {},
    "intake_refused": _ENDED_BY_THE_AGENCY,
    "refusal_revoked": {Clock.INTAKE: Effect.REVIVE, Clock.APPEAL: Effect.STOP},
    "supplement_requested": {Clock.INTAKE: Effect.PAUSE} | _PAUSED | {Clock.SUPPLEMENT: Effect.START},
    "supplement_cancelled": _NEVER_PAUSED | {Clock.SUPPLEMENT: Effect.STOP},
    "supplemented": {
        Clock.SUPPLEMENT: Effect.STOP,
        Clock.INTAKE: Effect.RESTART,
        Clock.PROCESSING: Effect.RESTART,
        Clock.STEP: Effect.RESTART,
        Clock.TRANSFER: Effect.START,
    },
    "more_time_requested": {},
    "more_time_granted": {Clock.SUPPLEMENT: Effect.EXTEND},
    "more_time_refused": {},
    "dossier_transferred": {},
    "dossier_received": {Clock.TRANSFER: Effect.STOP},
    "supplement_expired": _ENDED_BY_THE_AGENCY,
    "fee_requested": {Clock.PAYMENT: Effect.START, Clock.INTAKE: Effect.PAUSE} | _PAUSED,
    "fee_reduced": {},
    "fee_charged_back": {},
    "fee_paid": _FEE_SETTLED,
    "fee_expired": _ENDED_BY_THE_AGENCY,
    "result_unclaimed": {},
    "fee_waived": _FEE_SETTLED,
    "fee_waiver_revoked": {},
    "fee_waiver_declined": {},
    "step_started": {Clock.STEP: Effect.START},
    "claimed": {},
    "released": {},
    "reassigned": {},
    "recused": {},
    "passed_on": {Clock.TRANSFER: Effect.START},
    "recalled": {
        Clock.STEP: Effect.START,
        Clock.PROCESSING: Effect.RESUME,
        Clock.OBLIGATION: Effect.STOP,
        Clock.CONFIRMATION: Effect.STOP,
    },
    "asked": {},
    "answered": {},
    "inspected": {Clock.STEP: Effect.STOP},
    "opinion_recorded": {},
    "consultation_closed": {Clock.STEP: Effect.STOP},
    "referred": {},
    "part_overdue": {},
    "part_answered": {},
    "parts_decided": {Clock.STEP: Effect.STOP},
    "obligation_referred": _PAUSED | {Clock.OBLIGATION: Effect.START},
    "obligation_demanded": {Clock.OBLIGATION: Effect.START},
    "obligation_fulfilled": {Clock.PROCESSING: Effect.RESUME, Clock.STEP: Effect.STOP, Clock.OBLIGATION: Effect.STOP},
    "suspended": _PAUSED | {Clock.SUSPENSION: Effect.START, Clock.APPEAL: Effect.START},
    "suspension_prolonged": {Clock.SUSPENSION: Effect.EXTEND},
    "resumed": {Clock.PROCESSING: Effect.RESUME, Clock.STEP: Effect.RESUME, Clock.SUSPENSION: Effect.STOP},
    "stopped": _ENDED_BY_THE_AGENCY,
    "extended": {Clock.PROCESSING: Effect.EXTEND},
    "case_applied": {Clock.PROCESSING: Effect.EXTEND},
    "forwarded": {Clock.STEP: Effect.STOP},
    "draft_shown": {Clock.STEP: Effect.STOP, Clock.CONFIRMATION: Effect.START},
    "draft_confirmed": {Clock.CONFIRMATION: Effect.STOP},
    "draft_corrected": {Clock.CONFIRMATION: Effect.STOP},
    "proposed": {Clock.STEP: Effect.STOP},
    "decided": {Clock.STEP: Effect.STOP, Clock.CONFIRMATION: Effect.STOP, Clock.ISSUE: Effect.START},
    "result_issued": {Clock.ISSUE: Effect.STOP, Clock.PROCESSING: Effect.STOP},
    "result_offered": {Clock.READING: Effect.START},
    "pickup_offered": {Clock.PICKUP: Effect.START},
    "wrong_code_given": {},
    "parcel_requested": {Clock.DELIVERY: Effect.START, Clock.PAYMENT: Effect.STOP},
    "parcel_recalled": {},
    "parcel_failed": {Clock.DELIVERY: Effect.STOP, Clock.PAYMENT: Effect.START},
    "delivery_changed": {Clock.READING: Effect.STOP, Clock.PICKUP: Effect.STOP, Clock.PAYMENT: Effect.START},
    "reissue_requested": {Clock.ISSUE: Effect.START},
    "parcel_found": {},
    "handed_over": _ENDED_BY_THE_AGENCY,
    "withdrawn": _STOP_ALL,
    "mandate_revoked": {},
    "representative_named": {},
    "applicant_ceased": dict.fromkeys((*_AGENCYS, *_ANSWERED), Effect.PAUSE)
    | dict.fromkeys((Clock.PAYMENT, Clock.READING, Clock.PICKUP), Effect.STOP)
    | {Clock.SUCCESSION: Effect.START},
    "succeeded": dict.fromkeys(_AGENCYS, Effect.RESUME) | _STANDS_FOR_ITSELF,
    "cessation_revoked": dict.fromkeys(_AGENCYS, Effect.UNPAUSE) | _STANDS_FOR_ITSELF,
    "lapsed": _ENDED_BY_THE_AGENCY,
    "reopened": _STOP_ALL
    | dict.fromkeys((Clock.INTAKE, Clock.PROCESSING, Clock.TRANSFER), Effect.START)
    | dict.fromkeys((Clock.SUCCESSION, Clock.STAY), Effect.NONE),
    "stayed": dict.fromkeys((*_STAYED, *_STAYED_OF_APPLICANT), Effect.PAUSE)
    | dict.fromkeys((Clock.PAYMENT, Clock.READING, Clock.PICKUP), Effect.STOP)
    | {Clock.STAY: Effect.START},
    "stay_over": dict.fromkeys(_STAYED, Effect.RESUME)
    | dict.fromkeys(_STAYED_OF_APPLICANT, Effect.RESTART)
    | {Clock.PAYMENT: Effect.START, Clock.STAY: Effect.STOP},
    "reminded": {},
    "apology_drafted": {},
    "reappointed": {Clock.PROCESSING: Effect.EXTEND},
    "apologised": {},
    "overdue": {},
    "finished_early": {},
    "machine_work_failing": {},
    "machine_work_answered": {},
    "calendar_changed": {},
}
"""The effect of each kind of event on each clock. Clocks that are not named are unchanged.

After a supplement the limit restarts (Decree 61/2018 art. 19 k4); after any other interruption the limit resumes. In
both cases the procedure may state otherwise (`schemas.publishing.time_limits.Resumption`).

While an undecided filing waits for a successor, the agency's clocks and the clocks for an answer are paused. With the
successor the agency's clocks go on, and the limits for an answer begin again. The making of a decided result, the post
and the transfer of papers are not paused.

While a complaint stops the disputed act, every clock is paused except those of the post and of the transfer of papers.
After the stay the agency's clocks go on, with later due times; the limits of the applicant begin again.

A fee that was paid or waived restarts the intake's limit. The transfer clock runs only while another agency's desk has
papers of the accepted filing. The intake clock runs until the acceptance, and the processing clock from then on: a
reopened filing has one of these two clocks.
"""
