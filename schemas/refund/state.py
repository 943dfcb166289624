"""The state of refunds, and their messages apart from events and commands."""

from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from ..base import AgencyCode, Code, Dong, Instant, Model, unset
from ..payment.state import DEFAULT_PROVIDER
from ..publishing.fee import RefundCase
from ..stream.part import OnDemandStart

__all__ = ["CaseState", "ChargeBackOutcome", "RefundCause", "RefundEntry", "RefundLine", "RefundMeans", "RefundStart"]
__all__ += ["RefundView"]

MOST_CASES: Final = 50
"""The maximum number of cases of a capture. Once there are as many, officers can request no more."""

CAPTURES: Final = 1000
"""A payment has fewer captures than this, so that the number of a stream can hold both numbers.

The capture number 0 stands for money without a payment.
"""

WITHOUT_PROVIDER: Final = "counter"
"""The provider of money paid at the counter or to the post: the agency itself returns it."""

OPENING: Final = "begin"
"""The id of the command that begins every refund."""

LOOK: Final = "look"
"""The signal that makes a refund read the logs about its capture again."""

HEARD: Final = "refunded"
"""The signal that reports refunded money to a payment."""

ACCEPTED: Final = "accepted"
"""The signal that reports to a payment that a short payment is accepted as the whole fee."""


class RefundCause(StrEnum):
    """The reason of a refund: not owed (`late`, `second`, `excess`), by a rule of the procedure, or on request.

    `late` came when the fee was no longer owed, `excess` is above the requested amount, `second` came beside it.
    `difference`: a change of the dossier has reduced the fee.
    """

    LATE = "late"
    SECOND = "second"
    EXCESS = "excess"
    RULE = "rule"
    REQUEST = "request"
    DIFFERENCE = "difference"


UNOWED: Final = frozenset({RefundCause.LATE, RefundCause.SECOND, RefundCause.EXCESS})
"""The causes for which the system itself requests the refund of all the money."""

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
    """A capture in its payment's log: the payment's number, the bank's id, đồng, the provider, and its request.

    `asked` đồng were requested on `requested_at`, payable until `due`, under that `description`, by the payment's first
    request or that `attempt`.
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
    """A case: đồng to refund, or refunded. `asked_by` and `approved_by` are its officers and those for whom they acted.

    It is `overtaken` if it is due to the end of its filing, and the filing was reopened. With the first of the
    `requests` to the provider, it may be under way.
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


class Refund(Model):
    """The fold of the events of a refund: one `capture`, and the cases about it.

    `undecided` is the case for a leader to decide. `ruled`: the filing's end was applied already, after `reopened`
    restarts. `unowed` is the reason why none of it is owed, if so. It is `disputed` if the payment was short: the
    officers who propose to accept it as the whole fee are in `accepted_by`; it is `accepted` once another approves.
    `charged_back` is the charged-back sum. A leader has to answer for the `unanswered` đồng that were charged back, or
    returned before the filing was reopened; `asked_again` are the sums requested again. `too_early` is the unanswered
    part that was returned too early, `too_early_again` the part of it requested again. `since` are the times at which
    cases were approved, or left to officers.
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
    since: dict[int, Instant] = Field(default={}, exclude_if=unset)


class RefundStart(OnDemandStart):
    """The start input of a capture's refund: `n` is the payment's number × 1000 + the capture's number.

    The capture's number is its place among the captures in the payment's log. If it is 0, this is the refund of the fee
    paid at the counter, or to the post.
    """

    stream = "refund"
    workflow = "Refund"
    n: int = Field(ge=CAPTURES, lt=2**31)
    """number of the payment × 1000 + number of the capture in it, from 1; 0: not paid online"""


class Claim(Model):
    """The claims on a capture that follow from the logs at present.

    Attributes:
        unowed: Why the money is not owed.
        excess: The part in đồng above the requested amount.
        short: Whether it is below the requested amount while the fee is still due.
        charged_back: The charged-back part in đồng.
        rule: How the fee's filing ended. `percent` of the fee are returned then, if the procedure has a rule.
        ended: The officers of that end, and those for whom they acted; also the officer of a waiver because of which
            the money is not owed.
        reopened: The number of restarts of that filing.
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
    """The visible part of a refund, and the result of its workflow: the capture's đồng, and every case about it.

    `gone_twice` đồng were refunded and charged back: the provider owes them to the agency.
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
