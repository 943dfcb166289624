"""The commands of referrals."""

from typing import Literal

from ..backoffice import PartDecision
from ..base import ShortText
from ..files import FileRef
from ..filing.commands import Claim, Command, Reassign, Release, SystemCommand
from ..filing.events import Outcome
from .state import ReferralStart

__all__ = ["REFERRAL_COMMANDS", "AnswerPart"]


class AnswerPart(Command):
    """Decide the part (trả lời liên thông). A refusal needs its reason and its legal basis.

    `result` is the file of the part's own result, if there is one.
    """

    kind: Literal["answer_part"] = "answer_part"
    outcome: Outcome
    reason: ShortText | None = None
    legal_basis: ShortText | None = None
    result: FileRef | None = None


REFERRAL_COMMANDS: tuple[type[Command], ...] = (Claim, Release, Reassign, AnswerPart)
"""The commands that officers of the deciding agency may give to a referral."""


class RequestDecision(SystemCommand):
    """Request the deciding agency's decision."""

    kind: Literal["request_decision"] = "request_decision"
    start: ReferralStart


class AnswerByMachine(SystemCommand):
    """Record the answer of the agency's back office. `decision` is None if the officers are to decide."""

    kind: Literal["answer_by_machine"] = "answer_by_machine"
    decision: PartDecision | None = None


class LookAtDeadline(SystemCommand):
    """A timer has fired. The rules compare the time with the reminder date and the due date, and record what is due."""

    kind: Literal["look_at_deadline"] = "look_at_deadline"


class CancelReferral(SystemCommand):
    """Cancel the referral, since the decision is no longer needed."""

    kind: Literal["cancel_referral"] = "cancel_referral"
