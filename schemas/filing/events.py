"""Events of a filing: past-tense facts, and the effect of each on each clock.

A field marked `Personal` is sealed by the ledger; a field marked `Numbered` is filled by it from a locked counter.
Changes are additive: a changed meaning is a new kind.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from ..base import AgencyCode, Code, Dong, Instant, Key, Model, Numbered, Personal, Sha256, Version
from ..files import FileRef, Paper, ScanState
from ..form import FormValue
from ..level import Channel, Level
from ..limit import Limit
from ..people import Actor, Address, Applicant, Role
from ..publishing.calendar import Calendar, CalendarName
from ..publishing.procedure import ProcedureCode
from ..signature import SignatureRecord
from .authorisation import Authorisation
from .delivery import Identity, IdentityDocument, Link, PickupCode, Receiver

__all__ = ["Clock", "FeeLine", "FeeSettlement", "FeeShare", "Moment", "Outcome", "ParcelOutcome"]


class Outcome(StrEnum):
    """What was decided."""

    APPROVED = "approved"
    REFUSED = "refused"


class FeeSettlement(StrEnum):
    """The outcome of an online request for money."""

    PAID = "paid"
    EXPIRED = "expired"


class PaymentMeans(StrEnum):
    """With what a fee is paid at the counter; `post`: the post has collected it with the papers that it brought."""

    CASH = "cash"
    CARD = "card"
    TRANSFER = "transfer"
    POST = "post"


class ParcelOutcome(StrEnum):
    """How a consignment ended; `cancelled` before it left."""

    DELIVERED = "delivered"
    RETURNED = "returned"
    LOST = "lost"
    DAMAGED = "damaged"
    CANCELLED = "cancelled"


SPOILT: Final = frozenset({ParcelOutcome.LOST, ParcelOutcome.DAMAGED})
"""Ends after which the parcel can't be fetched anywhere, and the post pays for a new copy (QĐ 45/2016 Đ14)."""


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


class Moment(StrEnum):
    """What a running clock tells: that it is soon due, that an apology must be drafted by now, that it is due."""

    REMINDER = "reminder"
    APOLOGY = "apology"
    DUE = "due"


class Effect(StrEnum):
    """The effect of an event on a clock. Pause, resume, restart and extend do nothing to a clock that does not run."""

    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    RESTART = "restart"
    EXTEND = "extend"
    NONE = "none"


class SupplementNeed(Model):
    """A paper or form field asked for. The note may speak of a person: it stands beside, sealed."""

    target: str
    """what is asked for: a paper or a form field"""
    code: Code


class FeeLine(Model):
    """One item of a fee: amount × quantity in đồng, or what it is `bounded` to by its minimum or maximum."""

    code: Code
    amount: Dong
    quantity: int
    """how many times the amount"""
    bounded: Dong | None = None
    """what the line comes to in đồng, where its minimum or maximum says otherwise than amount × quantity"""

    @property
    def total(self) -> int:
        """The sum of the line, in đồng."""
        return self.amount * self.quantity if self.bounded is None else self.bounded


class Accountable(Model):
    """Who answers for a filing that nobody decides: for an approval by the standing order, and for one by silence."""

    standing: str | None = None
    """who answers for an approval by the standing order"""
    silent: str | None = None
    """who answers for an approval by silence"""


class Digests(Model):
    """SHA-256 of the published rules and of the calendar, byte for byte, by which a filing goes."""

    rules: Sha256
    """SHA-256 of the published rules, in hex"""
    calendar: Sha256
    """SHA-256 of the published calendar, in hex"""


class Partner(Model):
    """The agency that decides a part of the procedure which is not for the filing's own agency to decide."""

    part: Code
    agency: AgencyCode


class Submitted(Model):
    """The filing was handed in. `code` is the dossier code (mã hồ sơ); `paper_digests` are by paper code.

    Of a paper filing `missing` is what it lacks, and `received_at` when the post handed it over, if not now; `assisted`
    says that an officer filled it in for the applicant, who signed what was `read_back` to them. `desk` and
    `result_desk` are the agencies at whose desks it was handed in and the result is fetched, where they are not the one
    that decides.

    What was decided elsewhere when it was handed in stands here, so that the log alone tells the filing: who answers
    for it (`accountable`), who decides parts of it (`partners`), and what it goes by (`digests`). `client_id` and
    `submission_id` are the filer's own names for it. `possible_duplicates` are the codes of the same person's open
    filings for the same procedure; the ledger looks. `scan` is what was known of viruses in its files, and
    `signature_check` how its signature stood. `signs`: the agency's officers sign its result, in a stream of its own.
    """

    kind: Literal["submitted"] = "submitted"
    code: Annotated[str | None, Numbered("dossier")] = None
    """dossier code (mã hồ sơ)"""
    agency: AgencyCode
    desk: AgencyCode | None = None
    result_desk: AgencyCode | None = None
    """code of the agency at whose desk the result is fetched, where that is not the usual one"""
    procedure: ProcedureCode
    version: Version
    procedure_sha256: Sha256
    """SHA-256 of the procedure as it was published, in hex"""
    calendar: CalendarName
    level: Level
    channel: Channel
    fee_channel: Channel | None = None
    """how the fee will be paid: online, at the counter, or to the post"""
    result_channel: Channel
    """how the result is received: online, at the counter or by post"""
    paper_digests: dict[Code, Sha256 | None]
    """SHA-256 of each paper's file by the paper's code, in hex; null where it came on paper"""
    client_id: Key | None = None
    submission_id: Key | None = None
    """the filing's id in the system that files, unique there"""
    accountable: Accountable | None = None
    """who answers for the filing where nobody decides it by hand"""
    digests: Digests | None = None
    """what the filing goes by, byte for byte: its rules and its calendar"""
    missing: tuple[SupplementNeed, ...] = ()
    """what a dossier on paper lacks: it is recorded as received, and taken in once that has come"""
    received_at: Instant | None = None
    """when the hand-over record of a dossier by post was signed; its time runs from then"""
    assisted: bool = False
    """whether an officer filled it in for the applicant"""
    partners: tuple[Partner, ...] = ()
    """which agencies decide the parts that are not for the filing's own agency"""
    scan: ScanState | None = None
    """what is known of viruses in the files: clean, unscanned (there is no scanner), pending, infected"""
    signature_check: SignatureRecord | None = None
    """how the signature stood when it was received"""
    signs: bool | None = None
    """whether the agency's officers sign its results; not there where they do not"""
    applicant: Annotated[Applicant, Personal]
    filed_by: Annotated[Actor, Personal]
    form: Annotated[dict[Code, FormValue], Personal]
    papers: Annotated[tuple[Paper, ...], Personal]
    authorisation: Annotated[Authorisation | None, Personal] = None
    signature: Annotated[FileRef | None, Personal] = None
    address: Annotated[Address | None, Personal] = None
    payer_account: Annotated[str | None, Personal] = None
    possible_duplicates: Annotated[tuple[str, ...], Personal] = ()
    read_back: Annotated[FileRef | None, Personal] = None


class Accepted(Model):
    """The filing was taken in; `automatic` under the procedure's standing order. Its time runs from `since`, or now."""

    kind: Literal["accepted"] = "accepted"
    automatic: bool = False
    """whether it was taken in by the procedure's standing order, without an officer"""
    since: Instant | None = None
    """when its time began, if that was before it was recorded"""


class FilesScanned(Model):
    """The scanner answered late for the files of these digests: viruses are in those of the `infected` papers alone."""

    kind: Literal["files_scanned"] = "files_scanned"
    scanned: tuple[Sha256, ...]
    """SHA-256 of the files that were scanned"""
    infected: tuple[Code, ...] = ()
    """the papers in whose files there are viruses"""


class SignatureJudged(Model):
    """An officer said whether a signature counts that could not be checked to the end."""

    kind: Literal["signature_judged"] = "signature_judged"
    accepted: bool
    """whether the signature counts"""
    officer: str
    reason: Annotated[str, Personal]


class IntakeRefused(Model):
    """The filing was not taken in, on a `legal_basis`."""

    kind: Literal["intake_refused"] = "intake_refused"
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str | None, Personal] = None


class SupplementRequested(Model):
    """The applicant was asked, once and fully, for what is missing; `late` by a leader, with a reason."""

    kind: Literal["supplement_requested"] = "supplement_requested"
    n: int
    needs: tuple[SupplementNeed, ...]
    """the papers and form fields that were asked for"""
    officer: str
    late: bool = False
    """whether it was asked later than the officers of the review may ask"""
    late_reason: Annotated[str | None, Personal] = None
    notes: Annotated[tuple[str, ...], Personal]
    legal_basis: Annotated[str, Personal]


class Supplemented(Model):
    """The applicant supplied what was asked for; `desk` is the agency at whose desk, if at another."""

    kind: Literal["supplemented"] = "supplemented"
    n: int
    channel: Channel
    desk: AgencyCode | None = None
    scan: ScanState | None = None
    """what is known of viruses in the files: clean, unscanned (there is no scanner), pending, infected"""
    paper_digests: dict[Code, Sha256 | None]
    """SHA-256 of each paper's file by the paper's code, in hex; null where it came on paper"""
    form: Annotated[dict[Code, FormValue], Personal]
    papers: Annotated[tuple[Paper, ...], Personal]


class SupplementExpired(Model):
    """Nothing was supplied in time: refused at intake, ended later."""

    kind: Literal["supplement_expired"] = "supplement_expired"
    n: int


class DossierTransferred(Model):
    """The desk sent the papers that it had to the agency that decides (bàn giao hồ sơ), some of them `originals`."""

    kind: Literal["dossier_transferred"] = "dossier_transferred"
    officer: str
    papers: tuple[Code, ...]
    """codes of the papers that were sent"""
    originals: tuple[Code, ...] = ()
    """codes of those of the papers that are originals"""


class DossierReceived(Model):
    """The agency that decides has the papers that were sent, all of them unless the `note` says otherwise."""

    kind: Literal["dossier_received"] = "dossier_received"
    officer: str
    papers: tuple[Code, ...]
    """codes of the papers that were signed for"""
    note: Annotated[str | None, Personal] = None


class FeeShare(Model):
    """So many đồng of what was paid are for this item of the fee."""

    code: Code
    amount: Annotated[Dong, Field(gt=0)]


class FeeRequested(Model):
    """A fee was asked for: the sum of the lines, less what was `waived`, in đồng.

    One that `adds_to` a fee paid before is the difference that a change of the dossier makes, or what a charge-back has
    left missing; its lines are what each item costs more.
    """

    kind: Literal["fee_requested"] = "fee_requested"
    n: int
    amount: Dong
    lines: tuple[FeeLine, ...]
    """what the fee is made of"""
    channel: Channel
    waived: int = 0
    """money in đồng that a waiver took off"""
    adds_to: int | None = None
    """number of the fee paid before to which this is the difference; not there: it is the whole fee"""


class FeePaid(Model):
    """A fee was paid, at the counter by what `means`. `receipt_no` is the number of the receipt.

    `reference` is that of the terminal, the bank, or the post's consignment, where it was no cash. `parcel` is the
    number of the parcel with which the post has collected it. `forgone` đồng of it were not paid, and the agency goes
    without them.
    """

    kind: Literal["fee_paid"] = "fee_paid"
    n: int
    amount: Dong
    channel: Channel
    means: PaymentMeans | None = None
    """with what it is paid at the counter: cash, card, transfer, or to the post with the papers it brought"""
    receipt_no: Annotated[str | None, Numbered("receipt")] = None
    """number of the fee's receipt; not there before it is paid"""
    reference: str | None = None
    """number on the terminal's slip, the bank's, or the post's; not for cash"""
    parcel: int | None = None
    """number of the parcel with which the post has collected it"""
    forgone: Dong | None = None


class FeeExpired(Model):
    """The fee was not paid in time; the filing has ended."""

    kind: Literal["fee_expired"] = "fee_expired"
    n: int


class ResultUnclaimed(Model):
    """The fee for a result that is there was not paid in time: the result is kept, and is paid for at the counter."""

    kind: Literal["result_unclaimed"] = "result_unclaimed"
    n: int


class FeeWaived(Model):
    """An officer let the applicant off the fee, by `percent`; what is left is asked for anew."""

    kind: Literal["fee_waived"] = "fee_waived"
    n: int
    waiver: Code
    """code of the waiver in the procedure"""
    percent: int
    officer: str
    reason: Annotated[str, Personal]


class FeeReduced(Model):
    """A change of the dossier made the fee less: so many đồng of what was paid for the `n`-th are to go back."""

    kind: Literal["fee_reduced"] = "fee_reduced"
    n: int
    amount: Annotated[Dong, Field(gt=0)]
    lines: tuple[FeeShare, ...]
    """what the fee is made of"""


class FeeChargedBack(Model):
    """The payer's bank took so many đồng of a `fee` back, and they are asked for again, as the `n`-th refund says."""

    kind: Literal["fee_charged_back"] = "fee_charged_back"
    n: int
    """number of the refund by which it is asked for again"""
    fee: int
    """number of the fee"""
    amount: Annotated[Dong, Field(gt=0)]


class StepStarted(Model):
    """A review step began."""

    kind: Literal["step_started"] = "step_started"
    step: Code


class Claimed(Model):
    """An officer took the current task."""

    kind: Literal["claimed"] = "claimed"
    officer: str


class Released(Model):
    """The current task went back to its queue."""

    kind: Literal["released"] = "released"


class Reassigned(Model):
    """The current task was given to an officer by their team lead; in the place of an absent one, `acting_for` whom."""

    kind: Literal["reassigned"] = "reassigned"
    officer: str
    role: Role
    acting_for: str | None = None


class Recalled(Model):
    """An officer took back what they had just sent on: the filing is at this step again, with them."""

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
    """What was found on site: when, where, with whom (Decree 61/2018 art. 19 k3)."""

    kind: Literal["inspected"] = "inspected"
    step: Code
    officer: str
    held_at: Instant
    """when it was held"""
    place: Annotated[str, Personal]
    participants: Annotated[tuple[str, ...], Personal]
    findings: Annotated[str, Personal]


class OpinionRecorded(Model):
    """A consulted body answered: it consents, or not."""

    kind: Literal["opinion_recorded"] = "opinion_recorded"
    step: Code
    party: Code
    """code of the consulted body in the procedure"""
    consent: bool
    """true: it agrees; false: it objects"""
    officer: str
    note: Annotated[str | None, Personal] = None


class ConsultationClosed(Model):
    """Everybody consulted has answered; the `silent` have not, which the procedure takes for consent."""

    kind: Literal["consultation_closed"] = "consultation_closed"
    step: Code
    silent: tuple[Code, ...] = ()
    """codes of the bodies that said nothing in time, which counts as consent"""


class Referred(Model):
    """A part of the procedure, the filing's n-th, went to the agency that decides it (liên thông)."""

    kind: Literal["referred"] = "referred"
    n: int
    step: Code
    part: Code
    agency: AgencyCode


class PartOverdue(Model):
    """The agency that decides a part has let its limit pass; the lead's team lead has it in their queue."""

    kind: Literal["part_overdue"] = "part_overdue"
    n: int
    part: Code


class PartAnswered(Model):
    """The agency that decides a part has decided it; why, its own stream says."""

    kind: Literal["part_answered"] = "part_answered"
    n: int
    part: Code
    outcome: Outcome
    officer: str
    result: FileRef | None = None


class PartsDecided(Model):
    """Every part of the step has been decided, each by its agency."""

    kind: Literal["parts_decided"] = "parts_decided"
    step: Code


class ObligationReferred(Model):
    """The other authority was asked what the applicant owes it (phiếu chuyển thông tin)."""

    kind: Literal["obligation_referred"] = "obligation_referred"
    step: Code
    officer: str
    reference: str


class ObligationDemanded(Model):
    """The other authority's notice of what is owed went to the applicant, in đồng.

    It is the notice of the tax office `agency`, for which the `n`-th payment asks for the money if it takes money by
    itself.
    """

    kind: Literal["obligation_demanded"] = "obligation_demanded"
    step: Code
    officer: str
    reference: str
    amount: Dong
    agency: AgencyCode | None = None
    """code of the tax office whose notice it is; not there where it is not said"""
    n: int | None = None
    """number of the payment that asks for it; not there where it can't be paid here"""


class ObligationFulfilled(Model):
    """The applicant has met the obligation, or has none. `reference` is that of the proof.

    Was it met by the `n`-th payment, it is that by which its first request is known.
    """

    kind: Literal["obligation_fulfilled"] = "obligation_fulfilled"
    step: Code
    officer: str
    reference: str
    n: int | None = None
    """number of the payment by which it was met; not there where an officer has the proof"""


class Suspended(Model):
    """The agency suspended the filing (tạm dừng) for `limit`, or as the procedure says; `awaits` is what it is for."""

    kind: Literal["suspended"] = "suspended"
    officer: str
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]
    limit: Limit | None = None
    awaits: Annotated[str | None, Personal] = None


class SuspensionProlonged(Model):
    """A suspension lasts longer (kéo dài tạm dừng)."""

    kind: Literal["suspension_prolonged"] = "suspension_prolonged"
    officer: str
    by: Limit
    reason: Annotated[str, Personal]


class Resumed(Model):
    """A suspended filing goes on."""

    kind: Literal["resumed"] = "resumed"
    officer: str


class Stopped(Model):
    """The agency stopped the filing for good (dừng giải quyết); `unproposed` by a leader alone, who says why."""

    kind: Literal["stopped"] = "stopped"
    officer: str
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]
    unproposed: bool = False
    """whether the leader ended it without a specialist's proposal to refuse it"""
    unproposed_reason: Annotated[str | None, Personal] = None


class Extended(Model):
    """The processing limit was extended (gia hạn) as the procedure's own law allows."""

    kind: Literal["extended"] = "extended"
    officer: str
    by: Limit
    reason: Annotated[str, Personal]


class CaseApplied(Model):
    """An officer found that another processing limit of the procedure applies, such as that for what is verified.

    It runs from the same moment as the limit before it.
    """

    kind: Literal["case_applied"] = "case_applied"
    officer: str
    case: Code
    """another processing limit of the procedure that applies to the filing"""
    limit: Limit
    reason: Annotated[str, Personal]


class Forwarded(Model):
    """A review step was finished."""

    kind: Literal["forwarded"] = "forwarded"
    step: Code
    note: Annotated[str | None, Personal] = None


class DraftShown(Model):
    """The applicant was shown what the result will say, and has time to confirm or correct it."""

    kind: Literal["draft_shown"] = "draft_shown"
    step: Code
    n: int
    officer: str
    draft: Annotated[FileRef, Personal]


class DraftConfirmed(Model):
    """The draft is right: the applicant said so, or was `silent`."""

    kind: Literal["draft_confirmed"] = "draft_confirmed"
    n: int
    silent: bool = False
    """whether the applicant said nothing in time, which confirms it"""


class DraftCorrected(Model):
    """The applicant said what is wrong with the draft; it is made again."""

    kind: Literal["draft_corrected"] = "draft_corrected"
    n: int
    note: Annotated[str, Personal]
    form: Annotated[dict[Code, FormValue], Personal]


class Proposed(Model):
    """A decision was proposed; in the place of an absent officer, `acting_for` whom."""

    kind: Literal["proposed"] = "proposed"
    step: Code
    outcome: Outcome
    officer: str
    acting_for: str | None = None
    reason: Annotated[str | None, Personal] = None
    legal_basis: Annotated[str | None, Personal] = None


class Decided(Model):
    """The decision. `officer` answers for it; an automatic one names its standing order.

    In the place of an absent officer it says `acting_for` whom.
    `silence` is the legal text by which the agency's silence is its approval.
    """

    kind: Literal["decided"] = "decided"
    outcome: Outcome
    officer: str
    """identity of the officer who answers for the decision"""
    acting_for: str | None = None
    standing_order: str | None = None
    """number of the standing order that decided; not there where an officer did"""
    silence: str | None = None
    """the law by which the agency's silence is its approval; not there where somebody decided"""
    reason: Annotated[str | None, Personal] = None
    legal_basis: Annotated[str | None, Personal] = None


class ResultIssued(Model):
    """The signed result, or notice of refusal, was made and handed to the one-stop desk.

    Its `number` in the register was taken with it; or before, by the stream of the filing's `n`-th result, in which the
    agency's officers signed it, and as which it is `registered`. It is in force until `expires_on`; `copies` originals
    were made of it. Those of before there was a register have no number.
    """

    kind: Literal["result_issued"] = "result_issued"
    result: FileRef
    number: Annotated[str | None, Numbered("result", unless="registered")] = None
    """number that it took in the agency's register; not there where its signing took one"""
    registered: str | None = None
    """number in the agency's register that the signing of the result took"""
    n: int | None = None
    """number of the filing's result, where its officers signed it in a stream of its own"""
    expires_on: date | None = None
    copies: int | None = None


class ResultOffered(Model):
    """The result can be read at the `n`-th link to it, which the ledger draws and the applicant alone is told."""

    kind: Literal["result_offered"] = "result_offered"
    n: int
    """number of the link to the result"""
    link_sha256: Sha256 | None = None
    """SHA-256 of the link, in hex"""
    link: Annotated[Link | None, Personal] = None


class PickupOffered(Model):
    """The result waits at the counter. The ledger draws its `code`, which the applicant alone is told."""

    kind: Literal["pickup_offered"] = "pickup_offered"
    code: Annotated[PickupCode | None, Personal] = None


class WrongCodeGiven(Model):
    """Somebody gave a wrong pick-up code at the counter, for the `n`-th time."""

    kind: Literal["wrong_code_given"] = "wrong_code_given"
    n: int
    """how many wrong pick-up codes were given by now"""


class ParcelRequested(Model):
    """The result goes by post."""

    kind: Literal["parcel_requested"] = "parcel_requested"
    n: int


class ParcelRecalled(Model):
    """The `n`-th parcel is to be had back before it leaves; whether that was in time the post says."""

    kind: Literal["parcel_recalled"] = "parcel_recalled"
    n: int
    officer: str | None = None


class ParcelFailed(Model):
    """The parcel did not arrive: it came back or never left, and the result waits at the counter; or it is lost."""

    kind: Literal["parcel_failed"] = "parcel_failed"
    n: int
    outcome: ParcelOutcome
    """what became of the parcel"""


class DeliveryChanged(Model):
    """The applicant wants the result by another `channel`, or brought elsewhere."""

    kind: Literal["delivery_changed"] = "delivery_changed"
    channel: Channel
    address: Annotated[Address | None, Personal] = None


class ReissueRequested(Model):
    """What the `parcel`-th parcel brought is lost or damaged: the agency makes another copy, at the post's cost."""

    kind: Literal["reissue_requested"] = "reissue_requested"
    copy_number: int
    """which copy is to be made"""
    parcel: int
    """number of the parcel, from 1"""
    outcome: ParcelOutcome
    """what became of the parcel"""


class ParcelFound(Model):
    """A parcel that counts no longer has turned up: what is in it is revoked, and `copy_number` is what counts."""

    kind: Literal["parcel_found"] = "parcel_found"
    n: int
    outcome: ParcelOutcome
    """what became of the parcel"""
    copy_number: int
    """which copy of the result, from 1"""


class HandedOver(Model):
    """The result is in the applicant's hands; by post it came with the `n`-th parcel.

    At the counter the `receiver` gave the pick-up code (`by_code`), or a `document` was looked at; they signed, on
    paper where there is no file of it.
    """

    kind: Literal["handed_over"] = "handed_over"
    channel: Channel
    n: int | None = None
    """number of the parcel that brought it; not there where none did"""
    receiver: Receiver | None = None
    """who receives it: the applicant, or a representative"""
    by_code: bool | None = None
    """true: who received it gave the pick-up code"""
    document: IdentityDocument | None = None
    """which document was looked at to know who received it"""
    recipient: Annotated[str | None, Personal] = None
    identity: Annotated[Identity | None, Personal] = None
    authorisation: Annotated[Authorisation | None, Personal] = None
    signature: Annotated[FileRef | None, Personal] = None


class Withdrawn(Model):
    """The applicant withdrew the filing; `request` is what they signed, where the desk recorded it for them."""

    kind: Literal["withdrawn"] = "withdrawn"
    reason: Annotated[str, Personal]
    request: Annotated[FileRef | None, Personal] = None


class Reopened(Model):
    """A complaint was upheld: the filing starts again at the review `step`, without one at its intake.

    `complaint` is the number of the complaint, `about` the seq of the act that is undone; `officer` has upheld it.
    """

    kind: Literal["reopened"] = "reopened"
    complaint: int
    """number of the complaint that was upheld"""
    about: int
    step: Code | None = None
    """code of the review step where it starts again; not there for the intake"""
    officer: str


class Reminded(Model):
    """Who must act before a clock is due was told that it soon is."""

    kind: Literal["reminded"] = "reminded"
    clock: Clock
    due: Instant


class ApologyDrafted(Model):
    """An apology (phiếu xin lỗi và hẹn lại ngày trả kết quả) waits for the leader.

    `due` is the appointment that will not be kept, `proposed` the new one (Decree 61/2018 art. 19 k9); none where it is
    too late to give one.
    """

    kind: Literal["apology_drafted"] = "apology_drafted"
    due: Instant
    proposed: Instant | None = None
    """the new appointment: by when the agency proposes to be done instead"""


class Reappointed(Model):
    """The applicant was given an apology and a new appointment, `by` so much later."""

    kind: Literal["reappointed"] = "reappointed"
    officer: str
    by: Limit
    reason: Annotated[str, Personal]


class Apologised(Model):
    """The applicant was told why the result is late; the appointment stays missed."""

    kind: Literal["apologised"] = "apologised"
    officer: str
    reason: Annotated[str, Personal]


class Overdue(Model):
    """A clock passed its due instant, and the team lead has it in their queue. Recorded once for each due instant."""

    kind: Literal["overdue"] = "overdue"
    clock: Clock
    due: Instant


class FinishedEarly(Model):
    """The result was there before the appointment, which was `due`."""

    kind: Literal["finished_early"] = "finished_early"
    due: Instant


class MachineWork(StrEnum):
    """What an agency's back office is asked for."""

    CHECK = "check"
    ISSUE = "issue"


class MachineWorkFailing(Model):
    """The agency's back office came to nothing `tries` times in a row, and the team lead has it in their queue.

    `error` is the type of the last one, if it was told: what it said may speak of a person. Of a result it may be the
    rule by which nobody can sign it as things are.
    """

    kind: Literal["machine_work_failing"] = "machine_work_failing"
    work: MachineWork
    """what the back office is asked for: `check` or `issue`"""
    tries: int
    """how often it was tried in a row"""
    error: str | None = None
    """the type of the last error, if it was told; never what it said"""


class MachineWorkAnswered(Model):
    """The back office, which had been failing, has answered."""

    kind: Literal["machine_work_answered"] = "machine_work_answered"
    work: MachineWork
    """what the back office is asked for: `check` or `issue`"""


class CalendarChanged(Model):
    """Another calendar is in force: every running clock is projected again, on it, from where it began."""

    kind: Literal["calendar_changed"] = "calendar_changed"
    calendar: Calendar


Event = Annotated[
    Submitted
    | Accepted
    | FilesScanned
    | SignatureJudged
    | IntakeRefused
    | SupplementRequested
    | Supplemented
    | SupplementExpired
    | DossierTransferred
    | DossierReceived
    | FeeRequested
    | FeePaid
    | FeeExpired
    | ResultUnclaimed
    | FeeWaived
    | StepStarted
    | Claimed
    | Released
    | Reassigned
    | Recalled
    | Asked
    | Answered
    | Inspected
    | OpinionRecorded
    | ConsultationClosed
    | Referred
    | PartOverdue
    | PartAnswered
    | PartsDecided
    | ObligationReferred
    | ObligationDemanded
    | ObligationFulfilled
    | Suspended
    | SuspensionProlonged
    | Resumed
    | Stopped
    | Extended
    | CaseApplied
    | Forwarded
    | DraftShown
    | DraftConfirmed
    | DraftCorrected
    | Proposed
    | Decided
    | ResultIssued
    | ResultOffered
    | PickupOffered
    | WrongCodeGiven
    | ParcelRequested
    | ParcelRecalled
    | ParcelFailed
    | DeliveryChanged
    | ReissueRequested
    | ParcelFound
    | HandedOver
    | Withdrawn
    | Reopened
    | Reminded
    | ApologyDrafted
    | Reappointed
    | Apologised
    | Overdue
    | FinishedEarly
    | MachineWorkFailing
    | MachineWorkAnswered
    | CalendarChanged
    | FeeReduced
    | FeeChargedBack,
    Field(discriminator="kind"),
]
"""Any event of a filing."""

Events = tuple[Event, ...]

_STOP_ALL: Final = dict.fromkeys(Clock, Effect.STOP)
_ENDED_BY_THE_AGENCY: Final = _STOP_ALL | {Clock.APPEAL: Effect.START}
"""The notice of each of these starts the time for a complaint."""

_FEE_SETTLED: Final = {
    Clock.PAYMENT: Effect.STOP,
    Clock.INTAKE: Effect.RESTART,
    Clock.PROCESSING: Effect.RESUME,
    Clock.STEP: Effect.RESUME,
}

EFFECTS: Final[dict[str, dict[Clock, Effect]]] = {
    "submitted": {Clock.INTAKE: Effect.START},
    "accepted": {Clock.INTAKE: Effect.STOP, Clock.PROCESSING: Effect.START, Clock.TRANSFER: Effect.START},
    "files_scanned": {},
    "signature_judged": {},
    "intake_refused": _ENDED_BY_THE_AGENCY,
    "supplement_requested": {
        Clock.INTAKE: Effect.PAUSE,
        Clock.PROCESSING: Effect.PAUSE,
        Clock.STEP: Effect.PAUSE,
        Clock.SUPPLEMENT: Effect.START,
    },
    "supplemented": {
        Clock.SUPPLEMENT: Effect.STOP,
        Clock.INTAKE: Effect.RESTART,
        Clock.PROCESSING: Effect.RESTART,
        Clock.STEP: Effect.RESTART,
        Clock.TRANSFER: Effect.START,
    },
    "dossier_transferred": {},
    "dossier_received": {Clock.TRANSFER: Effect.STOP},
    "supplement_expired": _ENDED_BY_THE_AGENCY,
    "fee_requested": {
        Clock.PAYMENT: Effect.START,
        Clock.INTAKE: Effect.PAUSE,
        Clock.PROCESSING: Effect.PAUSE,
        Clock.STEP: Effect.PAUSE,
    },
    "fee_reduced": {},
    "fee_charged_back": {},
    "fee_paid": _FEE_SETTLED,
    "fee_expired": _STOP_ALL,
    "result_unclaimed": {},
    "fee_waived": _FEE_SETTLED,
    "step_started": {Clock.STEP: Effect.START},
    "claimed": {},
    "released": {},
    "reassigned": {},
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
    "obligation_referred": {
        Clock.PROCESSING: Effect.PAUSE,
        Clock.STEP: Effect.PAUSE,
        Clock.OBLIGATION: Effect.START,
    },
    "obligation_demanded": {Clock.OBLIGATION: Effect.START},
    "obligation_fulfilled": {
        Clock.PROCESSING: Effect.RESUME,
        Clock.STEP: Effect.STOP,
        Clock.OBLIGATION: Effect.STOP,
    },
    "suspended": {
        Clock.PROCESSING: Effect.PAUSE,
        Clock.STEP: Effect.PAUSE,
        Clock.SUSPENSION: Effect.START,
        Clock.APPEAL: Effect.START,
    },
    "suspension_prolonged": {Clock.SUSPENSION: Effect.EXTEND},
    "resumed": {
        Clock.PROCESSING: Effect.RESUME,
        Clock.STEP: Effect.RESUME,
        Clock.SUSPENSION: Effect.STOP,
    },
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
    "reopened": _STOP_ALL | dict.fromkeys((Clock.INTAKE, Clock.PROCESSING, Clock.TRANSFER), Effect.START),
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
"""The effect of each kind of event on each clock; other clocks are unchanged. A supplement restarts the limit (Decree
61/2018 art. 19 k4), other interruptions let it resume, unless the procedure says otherwise
(`schemas.publishing.procedure.Resumption`); a fee paid or waived restarts that of the intake. The clock of a dossier's
transfer runs only while another agency's desk has papers of the accepted filing, that of the intake until acceptance,
that of the processing from then on: a reopened filing has one of the two."""
