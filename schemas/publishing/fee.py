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
    """When the fee is requested: with the submission (thu trước), after the acceptance, or with the result."""

    SUBMISSION = "submission"
    ACCEPTANCE = "acceptance"
    RESULT = "result"


class GoverningDay(StrEnum):
    """The day whose amounts and waivers apply: the day of the receipt, of the request to pay, or of the payment."""

    RECEIPT = "receipt"
    REQUEST = "request"
    PAYMENT = "payment"


AmountInDong = Annotated[int, Field(gt=0, le=1_000_000_000, description="đồng")]

BasisPoints = Annotated[int, Field(gt=0, le=10_000, description="hundredths of a percent")]
"""A rate in hundredths of a percent: 50 is 0.5%."""


class FeeItem(Fact):
    """An item of a fee: an amount in đồng, or a rate. It is due only if the conditions in `when` hold.

    An amount is due once, or for each unit if `per` is set: the form field with this code has the number of units. A
    rate, in `basis_points`, applies to a sum in đồng: the form field with the code `of` has this sum. A rate, or an
    amount for each unit, gives at least `minimum` and at most `maximum` đồng. The item is in force from `valid_from` to
    `valid_until`, both included.
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
    """role of the officers who may grant the waiver"""
    when: When = ()
    valid_from: Day | None = None
    """first day on which it is in force; not set: no first day"""
    valid_until: Day | None = None
    """last day on which it is in force; not set: without end"""
    evidence: Code | None = None
    """code of the paper that proves the right to the waiver"""


class RefundCase(StrEnum):
    """The way in which a filing with a paid fee ended. `fee_expired`: an additional fee was not paid in time.

    `lapsed`: the applicant ceased to exist, and no successor stepped in.
    """

    WITHDRAWN_BEFORE_ACCEPTANCE = "withdrawn_before_acceptance"
    WITHDRAWN_AFTERWARDS = "withdrawn_afterwards"
    REFUSED_AT_INTAKE = "refused_at_intake"
    SUPPLEMENT_EXPIRED = "supplement_expired"
    FEE_EXPIRED = "fee_expired"
    REFUSED = "refused"
    STOPPED = "stopped"
    LAPSED = "lapsed"
    AGENCY_FAULT = "agency_fault"


class RefundRule(Fact):
    """The percentage of the fee that is refunded if a filing ends in the way `case`. 0 is no refund."""

    case: RefundCase
    """way in which the filing ends"""
    percent: int = Field(ge=0, le=100)


class FeeRule(Fact):
    """The fee: its items, its channels, the time of the request, the time to pay, its waivers and its refunds.

    `governed_by` is the day whose amounts and waivers apply. `cash`: whether the counter takes cash. If a filing ends
    in a way for which there is no refund rule, an officer has to decide.
    """

    items: tuple[FeeItem, ...] = Field(min_length=1)
    """items of the fee"""
    waivers: tuple[WaiverRule, ...] = ()
    """exemptions and reductions of the fee"""
    refunds: tuple[RefundRule, ...] = ()
    """refunded share of the fee, by the way in which the filing ends"""
    due: FeeDue
    """time at which the fee is requested: with the submission, after the acceptance, or with the result"""
    governed_by: GoverningDay = GoverningDay.RECEIPT
    """day whose amounts and waivers apply: of the receipt, of the request to pay, or of the payment"""
    channels: tuple[Channel, ...] = Field(min_length=1)
    """possible channels of the payment: online, at the counter, by post"""
    cash: bool = True
    """whether the counter takes cash"""
    limit: Limit
