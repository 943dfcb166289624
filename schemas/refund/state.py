"""The state of refunds, and all that is said of them but events and commands."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from ..base import AgencyCode, Code, Dong, Instant, Model, unset
from ..part import OnDemandStart
from ..payment.state import DEFAULT_PROVIDER
from ..publishing.fee import RefundCase

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


class ChargeBackOutcome(StrEnum):
    """What becomes of a fee that is gone: claimed outside of here, gone for good, the result is, or asked for again."""

    CLAIMED = "claimed"
    WRITTEN_OFF = "written_off"
    RESULT_WITHDRAWN = "result_withdrawn"
    ASKED_AGAIN = "asked_again"


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
    `too_early_again`. A case that was approved, or left to people, has stood so `since` then.
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
    """What the refund of a capture is started with: `n` is the payment's number × 1000 + the capture's in its log.

    With 0 in place of the capture's it is of what was paid for that fee at the counter, or to the post.
    """

    stream = "refund"
    workflow = "Refund"
    n: int = Field(ge=CAPTURES, lt=2**31)
    """number of the payment × 1000 + number of the capture in it, from 1; 0: not paid online"""


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
