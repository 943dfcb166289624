"""The events of refunds."""

from typing import Annotated, Literal

from pydantic import Field

from ..base import Dong, Model, Personal
from ..files import FileRef
from ..publishing.fee import RefundCase
from .state import CaptureTaken, ChargeBackOutcome, RefundCause, RefundLine, RefundMeans


class RefundBegun(CaptureTaken):
    """The refund of this capture began. `apart` are people on the applicant's side: they may not handle the refund."""

    kind: Literal["refund_begun"] = "refund_begun"
    apart: Annotated[tuple[str, ...], Personal] = ()


class RefundUndecided(Model):
    """The filing of a paid fee ended. The procedure has no refund rule for this end (`rule`): a leader decides."""

    kind: Literal["refund_undecided"] = "refund_undecided"
    rule: RefundCase
    """end of the filing"""


class RefundDecided(Model):
    """A leader decided the refunded amount in đồng, perhaps 0."""

    kind: Literal["refund_decided"] = "refund_decided"
    rule: RefundCase
    """end of the filing"""
    amount: Dong
    """amount in đồng to refund; 0: nothing"""
    officer: str
    acting_for: str | None = None
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


class RefundOpened(Model):
    """A refund of `amount` đồng was requested by the `officer`, or by the system if no officer is set.

    `lines` are the items of the fee.

    `asked` is the amount of the fee, if more was paid. `ended` are the officers whose act ended the filing, or who
    granted the waiver because of which the money is not owed: they may not approve the refund.
    """

    kind: Literal["refund_opened"] = "refund_opened"
    case: int
    payment: int
    capture_id: str
    amount: Dong
    cause: RefundCause
    """not owed (late, second, excess, difference), by rule, or on request"""
    lines: tuple[RefundLine, ...] = ()
    """refunded amount of each item of the fee"""
    rule: RefundCase | None = None
    """end of the filing; only for a refund by rule"""
    percent: int | None = None
    """refunded percentage by the procedure"""
    asked: Dong | None = None
    officer: str | None = None
    acting_for: str | None = None
    reason: Annotated[str | None, Personal] = None
    legal_basis: Annotated[str | None, Personal] = None
    ended: tuple[str, ...] = ()
    """identities of the officers whose act ended the filing, or waived the fee; they may not approve the refund"""


class RefundApproved(Model):
    """An officer other than the requester approved the refund; `asked_by` is empty if the system requested it."""

    kind: Literal["refund_approved"] = "refund_approved"
    case: int
    officer: str
    acting_for: str | None = None
    asked_by: tuple[str, ...] = ()


class RefundDeclined(Model):
    """An officer other than the requester declined the refund."""

    kind: Literal["refund_declined"] = "refund_declined"
    case: int
    officer: str
    acting_for: str | None = None
    asked_by: tuple[str, ...] = ()
    reason: Annotated[str, Personal]


class RefundAsked(Model):
    """The refund is about to be requested from the provider, for the `n`-th time: from now on it may be under way.

    The event is recorded before the request. The provider gets one request for each such event.
    """

    kind: Literal["refund_asked"] = "refund_asked"
    case: int
    n: Annotated[int, Field(ge=1)] = 1
    """number of the request to the provider, from 1"""


class RefundLeftToHand(Model):
    """The provider will never pay out this approved refund, for the reason `rule`: officers have to pay it out."""

    kind: Literal["refund_left_to_hand"] = "refund_left_to_hand"
    case: int
    rule: str
    """reason why officers have to pay it out: not_offered, counter, or the provider's own code"""


class RefundGiven(Model):
    """The provider paid the refund, in a transaction of its own."""

    kind: Literal["refund_given"] = "refund_given"
    case: int
    capture_id: str
    amount: Dong
    transaction: str | None = None


class RefundGivenByHand(Model):
    """An officer other than `approved_by` paid the refund: by a transfer with the bank's reference, or in cash."""

    kind: Literal["refund_given_by_hand"] = "refund_given_by_hand"
    case: int
    capture_id: str
    amount: Dong
    officer: str
    acting_for: str | None = None
    approved_by: tuple[str, ...] = ()
    """identity of the officer who approved it, and of the absent officer for whom they acted"""
    means: RefundMeans
    """means of the refund: by transfer or in cash"""
    evidence: FileRef
    """file that proves the refund"""
    bank_reference: str | None = None
    """the bank's own number of the transfer; not set for cash"""


class RefundDisputed(Model):
    """The paid `amount` is below the requested amount `asked`, and the fee is still due: officers decide."""

    kind: Literal["refund_disputed"] = "refund_disputed"
    capture_id: str
    amount: Dong
    asked: Dong


class ShortfallProposed(Model):
    """An officer proposed to accept a short payment as the whole fee, so that the agency forgoes `forgone` đồng."""

    kind: Literal["shortfall_proposed"] = "shortfall_proposed"
    forgone: Dong
    officer: str
    acting_for: str | None = None
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


class ShortfallAccepted(Model):
    """An officer other than the proposer approved: the short payment counts as the whole fee, if that fee is due."""

    kind: Literal["shortfall_accepted"] = "shortfall_accepted"
    capture_id: str
    amount: Dong
    forgone: Dong
    officer: str
    acting_for: str | None = None
    asked_by: tuple[str, ...]


class RefundChargedBack(Model):
    """The payer's bank took back `amount` đồng. Cases that exceed the remaining money are `void`, unless under way.

    `owed`: the money had paid the fee, so a leader decides the consequence.
    """

    kind: Literal["refund_charged_back"] = "refund_charged_back"
    capture_id: str
    amount: Dong
    owed: bool
    """whether the money had paid the fee; otherwise it was not owed"""
    void: tuple[int, ...] = ()
    """numbers of the cases that exceed the remaining money"""


class RefundCalledOff(Model):
    """The filing was reopened, for the `reopened`-th time: the refunds because of its end are `void`.

    Refunds that may be under way are not voided. `given` đồng were refunded before; a leader decides the consequence
    for the fee. The refund rules apply again at the next end of the filing.
    """

    kind: Literal["refund_called_off"] = "refund_called_off"
    reopened: Annotated[int, Field(ge=1)]
    """number of reopenings of the filing"""
    void: tuple[int, ...] = ()
    """numbers of the voided cases"""
    given: Dong = 0
    """amount in đồng refunded before"""


class ChargeBackAnswered(Model):
    """A leader decided the consequence for a fee that was charged back, or refunded too early, `amount` đồng in all.

    If the fee is requested again, `again` is the number of this request.
    """

    kind: Literal["charge_back_answered"] = "charge_back_answered"
    outcome: ChargeBackOutcome
    """the fee is claimed elsewhere, written off, or requested again, or the result is withdrawn"""
    amount: Dong
    again: int | None = None
    """number of the repeated request, from 1"""
    officer: str
    acting_for: str | None = None
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


_Consent = RefundBegun | RefundUndecided | RefundDecided | RefundOpened | RefundApproved | RefundDeclined
_GivingBack = RefundAsked | RefundLeftToHand | RefundGiven | RefundGivenByHand | RefundDisputed
_Shortfall = ShortfallProposed | ShortfallAccepted
_ChargeBack = RefundChargedBack | RefundCalledOff | ChargeBackAnswered
RefundEvent = _Consent | _GivingBack | _Shortfall | _ChargeBack
