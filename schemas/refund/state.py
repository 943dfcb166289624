"""The state of refunds, and their messages that are neither events nor commands."""

from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from ..base import Code, Dong, Instant, Model, unset
from ..payment.state import DEFAULT_PROVIDER
from ..people import Role
from ..publishing.fee import RefundCase
from ..stream.part import OnDemandStart, StreamState

__all__ = ["CaseState", "ChargeBackOutcome", "RefundCause", "RefundEntry", "RefundLine", "RefundMeans", "RefundStart"]
__all__ += ["RefundView"]

MOST_CASES: Final = 50
"""The maximum number of cases of a capture. Officers can't request any more after that."""

CAPTURES: Final = 1000
"""The number of a refund's stream is the payment's number × this + the capture's number in the payment.

A payment has fewer captures than this. The capture's number is 0 for a fee that was not paid online.
"""

WITHOUT_PROVIDER: Final = "counter"
"""The provider of money paid at the counter or to the post. Officers of the agency return such money by hand."""

OPENING: Final = "begin"
"""The id of the command that begins every refund."""

LOOK: Final = "look"
"""The signal to a refund's workflow to read the logs of its payment and its filing again."""

HEARD: Final = "refunded"
"""The signal by which a refund reports refunded money to its payment."""

ACCEPTED: Final = "accepted"
"""The signal by which a refund reports to its payment that a short payment is accepted as the whole fee."""


class RefundCause(StrEnum):
    """The cause of a refund: money that is not owed, a rule of the procedure, or a request.

    `late`: the money came when the fee was no longer owed. `second`: the fee had been paid already. `excess`: this
    money is above the requested amount. `difference`: a change of the dossier has reduced the fee.
    """

    LATE = "late"
    SECOND = "second"
    EXCESS = "excess"
    RULE = "rule"
    REQUEST = "request"
    DIFFERENCE = "difference"


UNOWED: Final = frozenset({RefundCause.LATE, RefundCause.SECOND, RefundCause.EXCESS})
"""The causes of a refund of money that was not owed on its arrival. The system itself requests such a refund."""

NOT_TO_DECLINE: Final = UNOWED | {RefundCause.DIFFERENCE}
"""The causes of a refund that officers can't decline: by law the money must be returned."""


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
    """A capture, as in the log of its payment: the payment's number, the bank's id, the amount in đồng, the provider.

    The other fields describe the paid request: the requested amount `asked` in đồng, the text `description`, the time
    of the request, and the time `due` until which it could be paid. `attempt` is its number; None for the first
    request.
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
    """number of the paid request; not set for the first request"""


class ChargeBackOutcome(StrEnum):
    """The consequence of a lost fee: claimed elsewhere, written off, requested again, or the result is withdrawn."""

    CLAIMED = "claimed"
    WRITTEN_OFF = "written_off"
    RESULT_WITHDRAWN = "result_withdrawn"
    ASKED_AGAIN = "asked_again"


class CaseState(StrEnum):
    """The state of a case of a refund."""

    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"
    LEFT_TO_HAND = "left_to_hand"
    GIVEN = "given"
    VOID = "void"


class RefundEntry(Model):
    """A case: a sum in đồng to refund, or refunded.

    `asked_by` are the requester, the absent officer for whom the requester acted, and the officers whose act ended
    the filing; `by_leader`: whether one of them is a leader. `approved_by` are the approver, and the absent officer
    for whom the approver acted. `overtaken`: whether the end of the filing caused the case, and the filing was then
    reopened. `requests` is the number of requests to the provider; after the first one, the refund may be under
    way.
    """

    case: int
    amount: Dong
    cause: RefundCause
    """cause of the refund: late, second, excess or difference (not owed), rule, or request"""
    lines: tuple[RefundLine, ...] = ()
    """refunded amount of each item of the fee"""
    asked_by: tuple[str, ...] = ()
    by_leader: bool = Field(default=False, exclude_if=unset)
    """whether a leader requested the refund, or ended the filing: then a team lead may approve it, too"""
    approved_by: tuple[str, ...] = ()
    """identity of the officer who approved the refund, and of the absent officer for whom that officer acted"""
    state: CaseState = CaseState.OPEN
    overtaken: bool = False
    """whether the end of the filing caused the case, and the filing was then reopened"""
    requests: int = 0
    """number of requests to the provider"""

    @property
    def agreeing(self) -> tuple[Role, ...]:
        """The roles that may approve or decline the case. If a leader has requested the case, so may the team lead."""
        return (Role.LEADER, Role.TEAM_LEAD) if self.by_leader else (Role.LEADER,)

    @property
    def separate(self) -> bool:
        """Whether the case is approved, and none of the people in `asked_by` is among the approvers."""
        return bool(self.approved_by) and not set(self.asked_by) & set(self.approved_by)


class Refund(StreamState):
    """The fold of the events of a refund: one `capture`, and the cases about it.

    `undecided` is the way in which the filing ended, if a leader must decide the refund; None otherwise. `ruled`:
    whether the refund rule was applied to the filing's last end. `reopened` is the number of restarts of the filing.
    `unowed` is the reason why none of the money is owed; None if some is. `disputed`: whether the payment was short.
    `accepted_by` are the officers who propose to accept the payment as the whole fee, and `forgone` is the missing
    amount in đồng; `accepted`: whether another officer approved the proposal.

    `charged_back` is the charged-back sum. `unanswered` is the sum about which a leader must decide: it was charged
    back, or refunded before the filing was reopened (`too_early`). `asked_again` are the sums that were requested
    again, and `too_early_again` the part of them that had been refunded too early. `since` maps the number of a case to
    the time at which the case was opened, approved, or left to officers, and 0 to the time since which a leader must
    decide.
    """

    snapshot_version: int = 4
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
    forgone: Dong = 0
    charged_back: Dong = 0
    unanswered: Dong = 0
    asked_again: tuple[Dong, ...] = ()
    too_early: Dong = 0
    too_early_again: Dong = 0
    since: dict[int, Instant] = Field(default={}, exclude_if=unset)


class RefundStart(OnDemandStart):
    """The start input of a capture's refund. `n` is the payment's number × 1000 + the capture's number.

    The capture's number is its position among the captures in the payment's log, from 1. It is 0 for a fee that was
    paid at the counter or to the post.
    """

    stream = "refund"
    workflow = "Refund"
    n: int = Field(ge=CAPTURES, lt=2**31)
    """number of the payment × 1000 + number of the capture in the payment, from 1, or 0 if not paid online"""


class Claim(Model):
    """The facts in the logs, at present, that decide the refunds of a capture.

    Attributes:
        unowed: The reason why none of the money is owed; None if some is.
        excess: The part in đồng above the requested amount.
        short: Whether the money is below the requested amount while the fee is still due.
        beside: The sum in đồng of the other captures that may settle the fee, while it is still due.
        before: The part of the fee in đồng that earlier captures had paid.
        elsewhere: The sum in đồng by which officers' requests on the fee's other captures exceed the refunds due there.
        charged_back: The charged-back part in đồng.
        rule: The way in which the filing ended; None if it has not ended.
        percent: The percentage of the fee that is refunded for `rule`; None if the procedure has no rule for it.
        ended: The officers who ended the filing, and those for whom they acted; also the officer of a waiver because of
            which the money is not owed.
        by_leader: Whether a leader ended the filing.
        reopened: The number of restarts of the filing.
        returned: The total reduction of the fee by changes of the dossier since the fee was paid.
    """

    unowed: RefundCause | None = None
    excess: Dong = 0
    short: bool = False
    beside: Dong = 0
    before: Dong = 0
    elsewhere: Dong = 0
    charged_back: Dong = 0
    rule: RefundCase | None = None
    percent: int | None = None
    ended: tuple[str, ...] = ()
    by_leader: bool = False
    reopened: int = 0
    returned: tuple[RefundLine, ...] = ()


class RefundView(Model):
    """A refund as its readers see it, also the result of its workflow: the captured sum in đồng, and every case.

    `gone_twice` is the sum in đồng that was both refunded and charged back: the provider owes it to the agency.
    """

    filing_id: UUID
    n: int
    """number of the payment × 1000 + number of the capture in the payment, from 1, or 0 if not paid online"""
    payment: int
    captured: Dong
    """amount of this capture in đồng"""
    given: Dong
    """amount in đồng of this capture refunded so far"""
    charged_back: Dong | None = None
    gone_twice: Dong | None = None
    """amount in đồng that was both refunded and charged back; not set if there is none"""
    entries: tuple[RefundEntry, ...]
    """every case, in order"""
