"""Money that goes back (hoàn phí): of one capture of a payment, asked for by one and approved by another."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from .base import AgencyCode, Code, DocumentNumber, Dong, Instant, Model, Personal, ShortText, Subject, unset
from .files import FileRef
from .filing.commands import Command, SystemCommand
from .payment import DEFAULT_PROVIDER
from .publishing.fee import RefundCase

MOST_CASES: Final = 50
"""So many cases a capture may have: people ask for no more then."""

CAPTURES: Final = 1000
"""A payment has fewer captures: the number of a stream holds both. None of them, 0, is what was paid without it."""

WITHOUT_PROVIDER: Final = "counter"
"""Who has taken what was paid at the counter, or to the post: the agency itself gives it back."""

OPENING: Final = "begin"
"""The id of the command by which every refund begins."""

LOOK: Final = "look"
"""The signal by which a refund hears that the logs may say more about its capture."""

HEARD: Final = "refunded"
"""The signal by which a payment hears what went back."""


ACCEPTED: Final = "accepted"
"""The signal by which a payment hears that less than was asked is taken for the whole fee."""


class RefundCause(StrEnum):
    """Why money goes back: nobody owes it (`late`, `second`, `excess`), the procedure says so, or somebody asks.

    `late` came when the fee was no longer owed, `excess` is more than was asked, `second` came beside it. By a
    `difference` a change of the dossier has made the fee less.
    """

    LATE = "late"
    SECOND = "second"
    EXCESS = "excess"
    RULE = "rule"
    REQUEST = "request"
    DIFFERENCE = "difference"


UNOWED: Final = frozenset({RefundCause.LATE, RefundCause.SECOND, RefundCause.EXCESS})
"""The system asks for all of it to go back by itself."""

NOT_TO_DECLINE: Final = UNOWED | {RefundCause.DIFFERENCE}
"""The law leaves nobody a choice."""


class RefundMeans(StrEnum):
    """How people give money back."""

    TRANSFER = "transfer"
    CASH = "cash"


class RefundLine(Model):
    """What goes back of one item of the fee, in đồng."""

    code: Code
    """code of the item of the fee"""
    amount: Annotated[Dong, Field(gt=0)]


class CaptureTaken(Model):
    """A capture as its payment's log has it: the payment's number, the bank's id, đồng, who took it and was asked how.

    `asked` đồng were asked for on `requested_at`, payable until `due`, under that `description`, by the payment's first
    request or that `attempt`.
    """

    payment: int
    """number of the payment in the filing, from 1"""
    capture_id: str
    amount: Dong
    provider: Code = DEFAULT_PROVIDER
    """who takes the money, such as bank"""
    asked: Dong
    description: str
    """what the money is asked for, in words that the payer sees"""
    requested_at: Instant
    """when the money was asked for"""
    due: Instant
    attempt: int | None = None
    """number of the request that was paid, if it was not the first"""


class RefundBegun(CaptureTaken):
    """There is something to be said about giving this capture back. `apart` are those on the applicant's side."""

    kind: Literal["refund_begun"] = "refund_begun"
    apart: Annotated[tuple[str, ...], Personal] = ()


class RefundUndecided(Model):
    """The fee was paid, this became of the filing, and the procedure does not say what goes back: a leader does."""

    kind: Literal["refund_undecided"] = "refund_undecided"
    rule: RefundCase
    """what became of the filing"""


class RefundDecided(Model):
    """A leader said how many đồng are to go back, perhaps none."""

    kind: Literal["refund_decided"] = "refund_decided"
    rule: RefundCase
    """what became of the filing"""
    amount: Dong
    """money in đồng that is to go back; 0: nothing"""
    officer: str
    acting_for: str | None = None
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


class RefundOpened(Model):
    """So many đồng are to go back; without an `officer` the system asks for it. `lines` say of which items.

    `asked` is what was asked for where the money was more than that. Those by whose act the filing `ended`, from which
    it follows by a rule, or who granted the waiver by which money is not owed, count as who has asked.
    """

    kind: Literal["refund_opened"] = "refund_opened"
    case: int
    """number of the case in the refund, from 1"""
    payment: int
    """number of the payment in the filing, from 1"""
    capture_id: str
    amount: Dong
    cause: RefundCause
    """why it goes back: nobody owes it (late, second, excess, difference), by rule, or on request"""
    lines: tuple[RefundLine, ...] = ()
    """what goes back of each item of the fee"""
    rule: RefundCase | None = None
    """what became of the filing; only where it goes back by rule"""
    percent: int | None = None
    """how many hundredths of the money the procedure gives back"""
    asked: Dong | None = None
    officer: str | None = None
    acting_for: str | None = None
    reason: Annotated[str | None, Personal] = None
    legal_basis: Annotated[str | None, Personal] = None
    ended: tuple[str, ...] = ()
    """identities of the officers by whose act the filing ended; they do not approve it"""


class RefundApproved(Model):
    """Another officer than who asked approved it; `asked_by` is empty where the system did."""

    kind: Literal["refund_approved"] = "refund_approved"
    case: int
    """number of the case in the refund, from 1"""
    officer: str
    acting_for: str | None = None
    asked_by: tuple[str, ...] = ()


class RefundDeclined(Model):
    """Another officer than who asked declined it."""

    kind: Literal["refund_declined"] = "refund_declined"
    case: int
    """number of the case in the refund, from 1"""
    officer: str
    acting_for: str | None = None
    asked_by: tuple[str, ...] = ()
    reason: Annotated[str, Personal]


class RefundAsked(Model):
    """Its provider is to be asked to give it back, for the `n`-th time: from now on it may be giving it.

    It is recorded before, and the provider is called once for each such event.
    """

    kind: Literal["refund_asked"] = "refund_asked"
    case: int
    """number of the case in the refund, from 1"""
    n: Annotated[int, Field(ge=1)] = 1
    """for the how many-th time its provider is asked to give it back"""


class RefundLeftToHand(Model):
    """It was approved, and its provider gives it never back, by this `rule`: people have to."""

    kind: Literal["refund_left_to_hand"] = "refund_left_to_hand"
    case: int
    """number of the case in the refund, from 1"""
    rule: str
    """why people have to give it back: not_offered, counter, or the provider's own code"""


class RefundGiven(Model):
    """The provider gave it back, in a transaction of its own."""

    kind: Literal["refund_given"] = "refund_given"
    case: int
    """number of the case in the refund, from 1"""
    capture_id: str
    amount: Dong
    transaction: str | None = None
    """the provider's own number of it"""


class RefundGivenByHand(Model):
    """An officer gave it back, another one than `approved_by`: by a transfer with the bank's reference, or in cash."""

    kind: Literal["refund_given_by_hand"] = "refund_given_by_hand"
    case: int
    """number of the case in the refund, from 1"""
    capture_id: str
    amount: Dong
    officer: str
    acting_for: str | None = None
    approved_by: tuple[str, ...] = ()
    """identity of the officer who approved it, and of the absent one in whose place that was"""
    means: RefundMeans
    """how it went back: by transfer or in cash"""
    evidence: FileRef
    """file that shows that it went back"""
    bank_reference: str | None = None
    """the bank's own number of the transfer; not there for cash"""


class RefundDisputed(Model):
    """Less came than was `asked`, and the fee is still due: people say what becomes of it."""

    kind: Literal["refund_disputed"] = "refund_disputed"
    capture_id: str
    amount: Dong
    asked: Dong


class ShortfallProposed(Model):
    """An officer would take it for the whole fee, and have the agency go without the `forgone` đồng."""

    kind: Literal["shortfall_proposed"] = "shortfall_proposed"
    forgone: Dong
    officer: str
    acting_for: str | None = None
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


class ShortfallAccepted(Model):
    """Another officer than who asked agreed: it is taken for the whole fee, if that is still due."""

    kind: Literal["shortfall_accepted"] = "shortfall_accepted"
    capture_id: str
    amount: Dong
    forgone: Dong
    officer: str
    acting_for: str | None = None
    asked_by: tuple[str, ...]


class RefundChargedBack(Model):
    """The payer's bank took so many đồng back. Cases for which too little is left are `void`, but if it may be going.

    `owed`: they were the fee's, and a leader says what becomes of it.
    """

    kind: Literal["refund_charged_back"] = "refund_charged_back"
    capture_id: str
    amount: Dong
    owed: bool
    """whether it is what was asked for; otherwise it goes back"""
    void: tuple[int, ...] = ()
    """numbers of the cases for which too little is left"""


class RefundCalledOff(Model):
    """The filing began again, for the `reopened`-th time: what was to go back as it had ended is `void`.

    But if it may be going: that stands. `given` đồng went back before, and a leader says what becomes of the fee. How
    the filing ends next is judged anew.
    """

    kind: Literal["refund_called_off"] = "refund_called_off"
    reopened: Annotated[int, Field(ge=1)]
    """how often the filing has begun again"""
    void: tuple[int, ...] = ()
    """numbers of the cases that are called off"""
    given: Dong = 0
    """money in đồng that went back before"""


class ChargeBackOutcome(StrEnum):
    """What becomes of a fee that is gone: claimed outside of here, gone for good, the result is, or asked for again."""

    CLAIMED = "claimed"
    WRITTEN_OFF = "written_off"
    RESULT_WITHDRAWN = "result_withdrawn"
    ASKED_AGAIN = "asked_again"


class ChargeBackAnswered(Model):
    """A leader said what becomes of the fee that was charged back, or given back too early, `amount` đồng in all.

    Where it is asked for again, `again` says for the how many-th time.
    """

    kind: Literal["charge_back_answered"] = "charge_back_answered"
    outcome: ChargeBackOutcome
    amount: Dong
    again: int | None = None
    """the how many-th time it is asked for again"""
    officer: str
    acting_for: str | None = None
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


RefundEvent = (
    RefundBegun
    | RefundUndecided
    | RefundDecided
    | RefundOpened
    | RefundApproved
    | RefundDeclined
    | RefundAsked
    | RefundLeftToHand
    | RefundGiven
    | RefundGivenByHand
    | RefundDisputed
    | ShortfallProposed
    | ShortfallAccepted
    | RefundChargedBack
    | RefundCalledOff
    | ChargeBackAnswered
)


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"
    LEFT_TO_HAND = "left_to_hand"
    GIVEN = "given"
    VOID = "void"


class RefundEntry(Model):
    """A case: đồng that are to go back, or went. `asked_by` and `approved_by` name who did, and in whose place.

    It is `overtaken` where the filing by whose ending it is to go back has begun again. With the first of the
    `requests` to its provider it may be going back.
    """

    case: int
    """number of the case in the refund, from 1"""
    amount: Dong
    cause: RefundCause
    """why it goes back: nobody owes it (late, second, excess, difference), by rule, or on request"""
    lines: tuple[RefundLine, ...] = ()
    """what goes back of each item of the fee"""
    asked_by: tuple[str, ...] = ()
    approved_by: tuple[str, ...] = ()
    """identity of the officer who approved it, and of the absent one in whose place that was"""
    state: CaseState = CaseState.OPEN
    overtaken: bool = False
    """the filing has begun again, by whose ending it was to go back"""
    requests: int = 0
    """how often its provider was asked to give it back"""

    @property
    def separate(self) -> bool:
        """Whether two have done it: who asked is another than who approved."""
        return bool(self.approved_by) and not set(self.asked_by) & set(self.approved_by)


class Refund(Model):
    """The fold of the events of a refund: one `capture`, and the cases about it.

    `undecided` is what a leader has to decide; it was `ruled` already by how the filing ended, after it had `reopened`
    so often. `unowed` says why nobody owes any of it, once that is so. It is `disputed` where less came than was asked:
    those who would take it for the whole fee stand in `accepted_by`, and once another agrees it is `accepted`. Of what
    was `charged_back`, or went back before the filing began again, a leader has to say what becomes of so many đồng as
    are `unanswered`; these many were `asked_again`, each time. Of the one so many went back `too_early`, of the other
    `too_early_again`.
    """

    snapshot_version: int = 3
    filing_id: UUID
    n: int
    agency: AgencyCode
    seq: int = 0
    erased_at: Instant | None = Field(default=None, exclude_if=unset)
    capture: CaptureTaken | None = None
    apart: tuple[str, ...] = ()
    entries: tuple[RefundEntry, ...] = ()
    unowed: RefundCause | None = None
    ruled: bool = False
    reopened: int = 0
    undecided: RefundCase | None = None
    disputed: bool = False
    accepted_by: tuple[str, ...] = ()
    accepted: bool = False
    charged_back: Dong = 0
    unanswered: Dong = 0
    asked_again: tuple[Dong, ...] = ()
    too_early: Dong = 0
    too_early_again: Dong = 0


class RefundStart(Model):
    """What the refund of a capture is started with: `n` is the payment's number × 1000 + the capture's in its log.

    With 0 in place of the capture's it is of what was paid for that fee at the counter, or to the post.
    """

    filing_id: UUID
    n: int = Field(ge=CAPTURES, lt=2**31)
    """number of the payment × 1000 + number of the capture in it, from 1; 0: not paid online"""


class _InWhosePlace(Command):
    """What an officer does, perhaps in the place of the absent one for whom they are `acting_for`."""

    acting_for: Subject | None = None


class RequestRefund(_InWhosePlace):
    """Ask that money goes back (đề nghị hoàn): all that is left, an `amount` in đồng, or line by line."""

    kind: Literal["request_refund"] = "request_refund"
    amount: Annotated[Dong, Field(gt=0)] | None = None
    """money in đồng that is to go back; without it and without lines, all that is left"""
    lines: tuple[RefundLine, ...] = Field(default=(), max_length=100)
    """what goes back of each item of the fee"""
    reason: ShortText
    legal_basis: ShortText


class DecideRefund(_InWhosePlace):
    """Say how many đồng go back where the procedure does not (quyết định hoàn), perhaps none; another approves it."""

    kind: Literal["decide_refund"] = "decide_refund"
    amount: Dong
    """money in đồng that is to go back; 0: nothing"""
    reason: ShortText
    legal_basis: ShortText


class ApproveRefund(_InWhosePlace):
    """Approve a case (duyệt hoàn) that another has asked for."""

    kind: Literal["approve_refund"] = "approve_refund"
    case: int = Field(ge=1)
    """number of the case in the refund, from 1"""


class DeclineRefund(_InWhosePlace):
    """Decline a case (không duyệt hoàn) that another has asked for, with the reason."""

    kind: Literal["decline_refund"] = "decline_refund"
    case: int = Field(ge=1)
    """number of the case in the refund, from 1"""
    reason: ShortText


class GiveBackByHand(_InWhosePlace):
    """Say that an approved case was given back by hand, with the evidence; a transfer names the bank's reference."""

    kind: Literal["give_back_by_hand"] = "give_back_by_hand"
    case: int = Field(ge=1)
    """number of the case in the refund, from 1"""
    means: RefundMeans
    """how it went back: by transfer or in cash"""
    evidence: FileRef
    """file that shows that it went back"""
    bank_reference: DocumentNumber | None = None
    """the bank's own number of the transfer; not there for cash"""


class AcceptShortPayment(_InWhosePlace):
    """Ask that less than was asked is taken for the whole fee (đề nghị chấp nhận nộp thiếu); another approves it."""

    kind: Literal["accept_short_payment"] = "accept_short_payment"
    reason: ShortText
    legal_basis: ShortText


class ApproveShortPayment(_InWhosePlace):
    """Agree that less than was asked is taken for the whole fee (duyệt chấp nhận nộp thiếu)."""

    kind: Literal["approve_short_payment"] = "approve_short_payment"


class AnswerChargeBack(_InWhosePlace):
    """Say what becomes of a fee that the payer's bank took back (xử lý khoản bị đòi hoàn).

    Or of one that went back as its filing ended, which has begun again.
    """

    kind: Literal["answer_charge_back"] = "answer_charge_back"
    outcome: ChargeBackOutcome
    reason: ShortText
    legal_basis: ShortText


REFUND_COMMANDS: Final[tuple[type[Command], ...]] = (
    RequestRefund,
    DecideRefund,
    ApproveRefund,
    DeclineRefund,
    GiveBackByHand,
    AcceptShortPayment,
    ApproveShortPayment,
    AnswerChargeBack,
)
"""What may be asked of a refund; each is an Update of `Refund` under its kind."""


class Claim(Model):
    """What the logs say about a capture now.

    Attributes:
        unowed: Why nobody owes it.
        excess: So many đồng of it are more than was asked.
        short: It is less than was asked, and the fee is still due.
        charged_back: So many đồng of it the payer's bank has taken back.
        rule: What became of the filing whose fee it is; `percent` of it go back then, if the procedure says so.
        ended: The officers by whose act that was, and in whose place; who granted a waiver by which it is not owed too.
        reopened: How often that filing has begun again.
        returned: What changes of the dossier have made the fee less since it was paid, all in all.
    """

    unowed: RefundCause | None = None
    excess: Dong = 0
    short: bool = False
    charged_back: Dong = 0
    rule: RefundCase | None = None
    percent: int | None = None
    ended: tuple[str, ...] = ()
    reopened: int = 0
    returned: tuple[RefundLine, ...] = ()


class BeginRefund(SystemCommand):
    """Begin, with the capture as its payment has it."""

    kind: Literal["begin_refund"] = "begin_refund"
    capture: CaptureTaken
    apart: tuple[str, ...] = ()


class OpenClaimed(SystemCommand):
    """Open what the logs say is to go back."""

    kind: Literal["open_claimed"] = "open_claimed"
    claim: Claim


class RecordAsked(SystemCommand):
    """The provider is asked to give it back, for the `n`-th time."""

    kind: Literal["record_asked"] = "record_asked"
    case: int
    n: int


class RecordGiven(SystemCommand):
    """The provider gave it back."""

    kind: Literal["record_given"] = "record_given"
    case: int
    transaction: str | None = None


class LeaveToHand(SystemCommand):
    """The provider never gives it back."""

    kind: Literal["leave_to_hand"] = "leave_to_hand"
    case: int
    rule: str


class RefundView(Model):
    """What a refund shows, and its workflow ends with: the capture's đồng, and every case about it.

    `gone_twice` are đồng that were given back and charged back: who took the money owes them to the agency.
    """

    filing_id: UUID
    n: int
    """number of the payment × 1000 + number of the capture in it, from 1; 0: not paid online"""
    payment: int
    """number of the payment in the filing, from 1"""
    captured: Dong
    """money in đồng that this capture took"""
    given: Dong
    """money in đồng that went back of this capture so far"""
    charged_back: Dong | None = None
    """money in đồng that the payer's bank took back"""
    gone_twice: Dong | None = None
    """money in đồng that was given back and charged back too"""
    entries: tuple[RefundEntry, ...]
    """every case, in order"""
