"""The commands of refunds."""

from typing import Annotated, Final, Literal

from pydantic import Field

from ..base import DocumentNumber, Dong, ShortText, Subject
from ..files import FileRef
from ..filing.commands import Command, SystemCommand
from .state import CaptureTaken, ChargeBackOutcome, Claim, RefundLine, RefundMeans

__all__ = ["REFUND_COMMANDS", "AcceptShortPayment", "AnswerChargeBack", "ApproveRefund", "ApproveShortPayment"]
__all__ += ["DecideRefund", "DeclineRefund", "GiveBackByHand", "RequestRefund"]


class _InWhosePlace(Command):
    """A command of an officer. `acting_for` is the absent officer for whom the officer acts, if any."""

    acting_for: Subject | None = None


class RequestRefund(_InWhosePlace):
    """Request a refund (đề nghị hoàn): an `amount` in đồng, or amounts for the items of the fee (`lines`).

    If neither is set, the refund is the whole remaining money.
    """

    kind: Literal["request_refund"] = "request_refund"
    amount: Annotated[Dong, Field(gt=0)] | None = None
    """amount in đồng to refund; if neither amount nor lines are set, the whole remaining money"""
    lines: tuple[RefundLine, ...] = Field(default=(), max_length=100)
    """refunded amount of each item of the fee"""
    reason: ShortText
    legal_basis: ShortText


class DecideRefund(_InWhosePlace):
    """Decide the amount to refund if no rule applies (quyết định hoàn). Another officer approves the refund."""

    kind: Literal["decide_refund"] = "decide_refund"
    amount: Dong
    """amount in đồng to refund; 0 is no refund"""
    reason: ShortText
    legal_basis: ShortText


class ApproveRefund(_InWhosePlace):
    """Approve a case (duyệt hoàn) that another officer has requested."""

    kind: Literal["approve_refund"] = "approve_refund"
    case: int = Field(ge=1)


class DeclineRefund(_InWhosePlace):
    """Decline a case (không duyệt hoàn) that another officer has requested, with the reason."""

    kind: Literal["decline_refund"] = "decline_refund"
    case: int = Field(ge=1)
    reason: ShortText


class GiveBackByHand(_InWhosePlace):
    """Record that an approved case was paid by hand, with the evidence. A transfer needs `bank_reference`."""

    kind: Literal["give_back_by_hand"] = "give_back_by_hand"
    case: int = Field(ge=1)
    means: RefundMeans
    """means of the refund: by transfer or in cash"""
    evidence: FileRef
    """file that proves the refund"""
    bank_reference: DocumentNumber | None = None
    """the bank's own number of the transfer; not set for cash"""


class AcceptShortPayment(_InWhosePlace):
    """Propose to accept a short payment as the whole fee (đề nghị chấp nhận nộp thiếu). Another officer approves it."""

    kind: Literal["accept_short_payment"] = "accept_short_payment"
    reason: ShortText
    legal_basis: ShortText


class ApproveShortPayment(_InWhosePlace):
    """Approve another officer's proposal to accept a short payment as the whole fee (duyệt chấp nhận nộp thiếu)."""

    kind: Literal["approve_short_payment"] = "approve_short_payment"


class AcceptWithOthers(AcceptShortPayment):
    """Made only by the refund's workflow: an `AcceptShortPayment` with the sum of the payment's other captures."""

    beside: Dong


class ApproveWithOthers(ApproveShortPayment):
    """Made only by the refund's workflow: an `ApproveShortPayment` with the sum of the payment's other captures."""

    beside: Dong


class AnswerChargeBack(_InWhosePlace):
    """Decide the consequence for a fee that the payer's bank took back (xử lý khoản bị đòi hoàn).

    The command also serves for a fee that was refunded at the end of a filing, if the filing was then reopened.
    """

    kind: Literal["answer_charge_back"] = "answer_charge_back"
    outcome: ChargeBackOutcome
    """consequence: the fee is claimed elsewhere, written off, or requested again, or the result is withdrawn"""
    reason: ShortText
    legal_basis: ShortText


REFUND_COMMANDS: Final[tuple[type[Command], ...]] = (
    *(RequestRefund, DecideRefund, ApproveRefund, DeclineRefund, GiveBackByHand),
    *(AcceptShortPayment, ApproveShortPayment, AnswerChargeBack),
)
"""The public commands of a refund; each is an Update of `Refund` under its kind."""


class BeginRefund(SystemCommand):
    """Begin the refund of a `capture` from the payment's log. `apart` are people who may not handle the refund."""

    kind: Literal["begin_refund"] = "begin_refund"
    capture: CaptureTaken
    apart: tuple[str, ...] = ()


class OpenClaimed(SystemCommand):
    """Open the cases that follow from the logs of the payment and its filing."""

    kind: Literal["open_claimed"] = "open_claimed"
    claim: Claim


class RecordAsked(SystemCommand):
    """Record the `n`-th request for the refund to the provider, before the request is sent."""

    kind: Literal["record_asked"] = "record_asked"
    case: int
    n: int


class RecordGiven(SystemCommand):
    """Record that the provider paid the refund."""

    kind: Literal["record_given"] = "record_given"
    case: int
    transaction: str | None = None


class LeaveToHand(SystemCommand):
    """Record that the provider will never pay the refund, so that officers have to pay it. `rule` is the reason."""

    kind: Literal["leave_to_hand"] = "leave_to_hand"
    case: int
    rule: str
