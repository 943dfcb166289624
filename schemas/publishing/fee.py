"""The published costs of a procedure: items, waivers, refunds."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from ..base import Code, Text
from ..level import Channel
from ..limit import Limit
from ..people import Role
from .calendar import Day
from .fact import Fact, When

__all__ = ["FeeDue", "FeeItem", "FeeKind", "FeeRule"]


class FeeKind(StrEnum):
    """Phí (pays for a service) or lệ phí (fixed for state administration); Law 97/2015/QH13 art. 3."""

    CHARGE = "phi"
    FEE = "le_phi"


class FeeDue(StrEnum):
    """When the fee is asked for: with the submission (thu trước), once the filing is accepted, or with the result."""

    SUBMISSION = "submission"
    ACCEPTANCE = "acceptance"
    RESULT = "result"


class GoverningDay(StrEnum):
    """Whose day says which amounts and waivers are in force: of the receipt, of the request to pay, of the payment."""

    RECEIPT = "receipt"
    REQUEST = "request"
    PAYMENT = "payment"


AmountInDong = Annotated[int, Field(gt=0, le=1_000_000_000, description="đồng")]

BasisPoints = Annotated[int, Field(gt=0, le=10_000, description="hundredths of a percent")]
"""A rate: 50 is 0.5%."""


class FeeItem(Fact):
    """An amount in đồng, once, or for each unit that the integer field `per` counts, `when` its conditions hold.

    Instead of an amount it may be a rate, in `basis_points`, of the đồng that the integer field `of` states. Units, and
    a rate, come to at least `minimum` and at most `maximum` đồng. It is in force from `valid_from` to `valid_until`,
    both included.
    """

    code: Code
    name: Text
    kind: FeeKind
    """phí (pays for a service) or lệ phí (fixed for state administration)"""
    amount: AmountInDong | None = None
    """đồng, once or for each unit; not there where the item is a rate"""
    per: Code | None = None
    """code of the whole-number form field that says how often the amount is due; without it once"""
    basis_points: BasisPoints | None = None
    """the rate, in hundredths of a percent"""
    of: Code | None = None
    """code of the whole-number form field, in đồng, that it is a rate of"""
    minimum: AmountInDong | None = None
    """the least that the item comes to, in đồng"""
    maximum: AmountInDong | None = None
    """the most that the item comes to, in đồng"""
    when: When = ()
    valid_from: Day | None = None
    """the first day on which it is in force; not there: since ever"""
    valid_until: Day | None = None
    """the last day on which it is in force; not there: without end"""


class WaiverRule(Fact):
    """An exemption or reduction (miễn, giảm) by `percent` of the fee, granted by an officer in the role `approver`.

    It may be granted `when` its conditions hold, from `valid_from` to `valid_until`, and where the paper that is its
    `evidence` was handed in.
    """

    code: Code
    name: Text
    percent: int = Field(ge=1, le=100)
    approver: Literal[Role.RECEPTION, Role.SPECIALIST, Role.LEADER, Role.CASHIER, Role.TEAM_LEAD]
    """the role of the officers who may grant it"""
    when: When = ()
    valid_from: Day | None = None
    """the first day on which it is in force; not there: since ever"""
    valid_until: Day | None = None
    """the last day on which it is in force; not there: without end"""
    evidence: Code | None = None
    """code of the paper that proves the right to it"""


class RefundCase(StrEnum):
    """What became of a filing whose fee was paid; `fee_expired`: the difference that came on top of it was not."""

    WITHDRAWN_BEFORE_ACCEPTANCE = "withdrawn_before_acceptance"
    WITHDRAWN_AFTERWARDS = "withdrawn_afterwards"
    REFUSED_AT_INTAKE = "refused_at_intake"
    SUPPLEMENT_EXPIRED = "supplement_expired"
    FEE_EXPIRED = "fee_expired"
    REFUSED = "refused"
    STOPPED = "stopped"
    AGENCY_FAULT = "agency_fault"


class RefundRule(Fact):
    """How much of the fee goes back in a case, in percent of it; 0: nothing does."""

    case: RefundCase
    """what became of the filing"""
    percent: int = Field(ge=0, le=100)


class FeeRule(Fact):
    """What is to be paid, when, by which channels, how long the applicant has to pay, and who may be let off.

    The day `governed_by` says which amounts and waivers are in force. Without `cash` the counter takes none. In a case
    without a refund rule nothing is known: somebody has to decide.
    """

    items: tuple[FeeItem, ...] = Field(min_length=1)
    """the amounts that the fee is made of"""
    waivers: tuple[WaiverRule, ...] = ()
    """who may be let off the fee, and by how much"""
    refunds: tuple[RefundRule, ...] = ()
    """how much of the fee goes back, by what became of the filing"""
    due: FeeDue
    """when the fee is asked for: with the submission, once accepted, or with the result"""
    governed_by: GoverningDay = GoverningDay.RECEIPT
    """whose day says which amounts and waivers are in force"""
    channels: tuple[Channel, ...] = Field(min_length=1)
    """the ways that are open: online, at the counter, by post"""
    cash: bool = True
    """whether the counter takes cash"""
    limit: Limit
