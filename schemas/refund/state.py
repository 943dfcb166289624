"""The state of refunds, and their messages apart from events and commands."""

from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from ..base import Code, Dong, Instant, Model, unset
from ..payment.state import DEFAULT_PROVIDER
from ..publishing.fee import RefundCase
from ..stream.part import OnDemandStart, StreamState

__all__ = ["CaseState", "ChargeBackOutcome", "RefundCause", "RefundEntry", "RefundLine", "RefundMeans", "RefundStart"]
__all__ += ["RefundView"]

MOST_CASES: Final = 50
"""The maximum number of cases of a capture. Officers can't request any more after that."""

CAPTURES: Final = 1000
"""A refund stream's number is the payment's number × 1000 + the capture's; a payment has fewer captures than 1000.

The capture number 0 is for a fee that was not paid online.
"""

WITHOUT_PROVIDER: Final = "counter"
"""The provider of money paid at the counter or to the post: the agency itself returns it."""

OPENING: Final = "begin"
"""The id of the command that begins every refund."""

LOOK: Final = "look"
"""The signal that makes a refund's workflow read the logs of its payment and filing again."""

HEARD: Final = "refunded"
"""The signal that reports refunded money to a payment."""

ACCEPTED: Final = "accepted"
"""The signal that reports to a payment that a short payment is accepted as the whole fee."""


class RefundCause(StrEnum):
    """The reason of a refund: not owed (`late`, `second`, `excess`), by a rule of the procedure, or on request.

    `late`: the money came when the fee was no longer owed. `excess`: it is above the requested amount. `second`: the
    fee had been paid already. `difference`: a change of the dossier has reduced the fee.
    """

    LATE = "late"
    SECOND = "second"
    EXCESS = "excess"
    RULE = "rule"
    REQUEST = "request"
    DIFFERENCE = "difference"


UNOWED: Final = frozenset({RefundCause.LATE, RefundCause.SECOND, RefundCause.EXCESS})
"""The causes of money that was not owed when it came. The system itself requests the refund."""

NOT_TO_DECLINE: Final = UNOWED | {RefundCause.DIFFERENCE}
"""The causes of a refund that officers can't decline, because of the law."""


class RefundMeans(StrEnum):
    """The means of a refund by hand."""

    TRANSFER = "transfer"
    CASH = "cash"


class RefundLine(Model):
    """The refunded amount of one item of the fee, in đồng."""

    code: Code
    """code of the item of the fee"""
    amount: Annotated[Dong, Field(gt=0)]


class CaptureTaken(Model):
    """A capture, from its payment's log: the payment's number, the bank's id, the amount in đồng, and the provider.

    The paid request: `asked` đồng, requested at `requested_at`, payable until `due`, with the text `description`;
    `attempt` is its number if it was not the first.
    """

    payment: int
    capture_id: str
    amount: Dong
    provider: Code = DEFAULT_PROVIDER
    asked: Dong
    description: str
    """purpose of the payment, as the payer sees it"""
    requested_at: Instant
    """time of the request for the money"""
    due: Instant
    attempt: int | None = None
    """number of the paid request, if it was not the first"""


class ChargeBackOutcome(StrEnum):
    """The consequence of a lost fee: claimed elsewhere, written off, result withdrawn, or requested again."""

    CLAIMED = "claimed"
    WRITTEN_OFF = "written_off"
    RESULT_WITHDRAWN = "result_withdrawn"
    ASKED_AGAIN = "asked_again"


class CaseState(StrEnum):
    """The state of a case."""

    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"
    LEFT_TO_HAND = "left_to_hand"
    GIVEN = "given"
    VOID = "void"


class RefundEntry(Model):
    """A case: a sum in đồng to refund, or refunded. `asked_by`, `approved_by`: its officers, and those they acted for.

    `overtaken`: the end of the filing caused the case, and the filing was reopened. `requests` is the number of
    requests to the provider; after the first one, the refund may be under way.
    """

    case: int
    amount: Dong
    cause: RefundCause
    """not owed (late, second, excess, difference), by rule, or on request"""
    lines: tuple[RefundLine, ...] = ()
    """refunded amount of each item of the fee"""
    asked_by: tuple[str, ...] = ()
    approved_by: tuple[str, ...] = ()
    """identity of the officer who approved it, and of the absent officer for whom they acted"""
    state: CaseState = CaseState.OPEN
    overtaken: bool = False
    """whether the filing whose end caused it was reopened"""
    requests: int = 0
    """number of requests to the provider"""

    @property
    def separate(self) -> bool:
        """Whether the requester and the approver are different people."""
        return bool(self.approved_by) and not set(self.asked_by) & set(self.approved_by)


class Refund(StreamState):
    """The fold of the events of a refund: one `capture`, and the cases about it.

    `undecided` is the end of the filing for which a leader must decide the refund. `ruled`: the refund rule was applied
    to the filing's end, after `reopened` restarts. `unowed` is the reason why none of the money is owed, if so.
    `disputed`: the payment was short; `accepted_by` are the officers who propose to accept it as the whole fee,
    `accepted`: another officer approved. `charged_back` is the charged-back sum. A leader has to decide about
    `unanswered` đồng, which were charged back, or refunded before the filing was reopened (`too_early`). `asked_again`
    are the sums requested again, `too_early_again` the part of them that was refunded too early. `since` are the times
    at which cases were approved, or left to officers.
    """

    snapshot_version: int = 3
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
    since: dict[int, Instant] = Field(default={}, exclude_if=unset)


class RefundStart(OnDemandStart):
    """The start input of a capture's refund: `n` is the payment's number × 1000 + the capture's number.

    The capture's number is its place among the captures in the payment's log, from 1. It is 0 for a fee paid at the
    counter, or to the post.
    """

    stream = "refund"
    workflow = "Refund"
    n: int = Field(ge=CAPTURES, lt=2**31)
    """number of the payment × 1000 + number of the capture in it, from 1; 0: not paid online"""


class Claim(Model):
    """The facts in the logs, at present, that decide the refunds of a capture.

    Attributes:
        unowed: Why the money is not owed.
        excess: The part in đồng above the requested amount.
        short: Whether the money is below the requested amount while the fee is still due.
        charged_back: The charged-back part in đồng.
        rule: The end of the filing. `percent` of the fee are refunded at this end, if the procedure has a rule.
        ended: The officers who ended the filing, and those for whom they acted; also the officer of a waiver because of
            which the money is not owed.
        reopened: The number of restarts of the filing.
        returned: The total reduction of the fee by changes of the dossier since it was paid.
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


class RefundView(Model):
    """The visible part of a refund, and the result of its workflow: the captured sum in đồng, and every case.

    `gone_twice` đồng were both refunded and charged back: the provider owes this sum to the agency.
    """

    filing_id: UUID
    n: int
    """number of the payment × 1000 + number of the capture in it, from 1; 0: not paid online"""
    payment: int
    captured: Dong
    """amount of this capture in đồng"""
    given: Dong
    """amount in đồng of this capture refunded so far"""
    charged_back: Dong | None = None
    gone_twice: Dong | None = None
    """amount in đồng that was both refunded and charged back"""
    entries: tuple[RefundEntry, ...]
    """every case, in order"""
