"""The published costs of a procedure: items, waivers, refunds."""

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
    """The time of the request for the fee: with the submission (thu trước), after acceptance, or with the result."""

    SUBMISSION = "submission"
    ACCEPTANCE = "acceptance"
    RESULT = "result"


class GoverningDay(StrEnum):
    """The day that selects the amounts and waivers in force: of the receipt, the request to pay, or the payment."""

    RECEIPT = "receipt"
    REQUEST = "request"
    PAYMENT = "payment"


AmountInDong = Annotated[int, Field(gt=0, le=1_000_000_000, description="đồng")]

BasisPoints = Annotated[int, Field(gt=0, le=10_000, description="hundredths of a percent")]
"""A rate: 50 is 0.5%."""


class FeeItem(Fact):
    """An item of a fee: an amount in đồng, or a rate. It is due only if the conditions in `when` hold.

    The amount is due once, or for each unit; the form field `per` has the number of units. The rate, in
    `basis_points`, applies to the sum in đồng in the form field `of`. A rate, or an amount for each unit, gives at
    least `minimum` and at most `maximum` đồng. The item is in force from `valid_from` to `valid_until`, both included.
    """

    code: Code
    name: Text
    kind: FeeKind
    """phí (pays for a service) or lệ phí (fixed for state administration)"""
    amount: AmountInDong | None = None
    """đồng, once or for each unit; not set if the item is a rate"""
    per: Code | None = None
    """code of the whole-number form field with the number of units; not set: the amount is due once"""
    basis_points: BasisPoints | None = None
    """the rate, in hundredths of a percent"""
    of: Code | None = None
    """code of the whole-number form field, in đồng, to which the rate applies"""
    minimum: AmountInDong | None = None
    """least sum of the item, in đồng"""
    maximum: AmountInDong | None = None
    """greatest sum of the item, in đồng"""
    when: When = ()
    valid_from: Day | None = None
    """first day on which it is in force; not set: no first day"""
    valid_until: Day | None = None
    """last day on which it is in force; not set: without end"""


class WaiverRule(Fact):
    """An exemption or reduction (miễn, giảm) by `percent` of the fee, granted by an officer in the role `approver`.

    It may be granted from `valid_from` to `valid_until`, only if the conditions in `when` hold, and only if the paper
    `evidence` was handed in.
    """

    code: Code
    name: Text
    percent: int = Field(ge=1, le=100)
    approver: Literal[Role.RECEPTION, Role.SPECIALIST, Role.LEADER, Role.CASHIER, Role.TEAM_LEAD]
    """role of the officers who may grant it"""
    when: When = ()
    valid_from: Day | None = None
    """first day on which it is in force; not set: no first day"""
    valid_until: Day | None = None
    """last day on which it is in force; not set: without end"""
    evidence: Code | None = None
    """code of the paper that proves the right to the waiver"""


class RefundCase(StrEnum):
    """The end of a filing whose fee was paid; `fee_expired`: an additional difference was not paid."""

    WITHDRAWN_BEFORE_ACCEPTANCE = "withdrawn_before_acceptance"
    WITHDRAWN_AFTERWARDS = "withdrawn_afterwards"
    REFUSED_AT_INTAKE = "refused_at_intake"
    SUPPLEMENT_EXPIRED = "supplement_expired"
    FEE_EXPIRED = "fee_expired"
    REFUSED = "refused"
    STOPPED = "stopped"
    AGENCY_FAULT = "agency_fault"


class RefundRule(Fact):
    """The percentage of the fee that is refunded at this end of a filing; 0: nothing."""

    case: RefundCase
    """end of the filing"""
    percent: int = Field(ge=0, le=100)


class FeeRule(Fact):
    """The fee: its items, its channels, the time of its request and the time to pay, its waivers and refunds.

    `governed_by` is the day that selects the amounts and waivers in force. `cash`: the counter takes cash. At an end of
    the filing that has no refund rule, an officer has to decide.
    """

    items: tuple[FeeItem, ...] = Field(min_length=1)
    """amounts of the fee"""
    waivers: tuple[WaiverRule, ...] = ()
    """exemptions and reductions of the fee"""
    refunds: tuple[RefundRule, ...] = ()
    """refunded share of the fee, by the end of the filing"""
    due: FeeDue
    """time of the request for the fee: with the submission, after the acceptance, or with the result"""
    governed_by: GoverningDay = GoverningDay.RECEIPT
    """day that selects the amounts and waivers in force"""
    channels: tuple[Channel, ...] = Field(min_length=1)
    """possible channels: online, at the counter, by post"""
    cash: bool = True
    """whether the counter takes cash"""
    limit: Limit
