"""The events of refunds."""

from typing import Annotated, Literal

from pydantic import Field

from ..base import Dong, Model, Personal
from ..files import FileRef
from ..publishing.fee import RefundCase
from .state import CaptureTaken, ChargeBackOutcome, RefundCause, RefundLine, RefundMeans


class RefundBegun(CaptureTaken):
    """The refund of a capture began. `apart` are people on the applicant's side, who may not handle the refund."""

    kind: Literal["refund_begun"] = "refund_begun"
    apart: Annotated[tuple[str, ...], Personal] = ()


class RefundUndecided(Model):
    """A filing with a paid fee ended in a way that no refund rule of the procedure covers. A leader must decide.

    `rule` is the way in which the filing ended.
    """

    kind: Literal["refund_undecided"] = "refund_undecided"
    rule: RefundCase
    """way in which the filing ended"""


class RefundDecided(Model):
    """A leader decided the amount to refund. `rule` is the way in which the filing ended."""

    kind: Literal["refund_decided"] = "refund_decided"
    rule: RefundCase
    """way in which the filing ended"""
    amount: Dong
    """amount in đồng to refund; 0 is no refund"""
    officer: str
    acting_for: str | None = None
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


class RefundOpened(Model):
    """A refund of `amount` đồng was requested by `officer`, or by the system if `officer` is not set.

    `lines` are the refunded items of the fee. `asked` is the requested fee in đồng; set only if the payer paid
    more than the fee. `ended` are the officers whose act ended the filing, and the officers who waived the fee. No
    officer in `ended` may approve the refund. `by_leader` is set if a leader requested it, or ended the filing: then a
    team lead may approve it, too.
    """

    kind: Literal["refund_opened"] = "refund_opened"
    case: int
    payment: int
    capture_id: str
    amount: Dong
    cause: RefundCause
    """cause of the refund: late, second, excess or difference (not owed), rule, or request"""
    lines: tuple[RefundLine, ...] = ()
    """refunded amount of each item of the fee"""
    rule: RefundCase | None = None
    """way in which the filing ended; set only for a refund by rule"""
    percent: int | None = None
    """percentage of the fee that the procedure refunds; set only for a refund by rule"""
    asked: Dong | None = None
    officer: str | None = None
    acting_for: str | None = None
    reason: Annotated[str | None, Personal] = None
    legal_basis: Annotated[str | None, Personal] = None
    ended: tuple[str, ...] = ()
    """identities of the officers who ended the filing, or waived the fee; they may not approve the refund"""
    by_leader: Literal[True] | None = None
    """whether a leader requested the refund, or ended the filing"""


class RefundApproved(Model):
    """An officer approved the refund, who is none of the people in `asked_by`: they may not approve it."""

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
    """The refund is about to be requested from the provider, for the `n`-th time. From now on it may be under way.

    The event is recorded before the request is sent. Each such event is one request.
    """

    kind: Literal["refund_asked"] = "refund_asked"
    case: int
    n: Annotated[int, Field(ge=1)] = 1
    """number of the request to the provider, from 1"""


class RefundLeftToHand(Model):
    """The provider will never pay this approved refund, for the reason `rule`. Officers have to pay it."""

    kind: Literal["refund_left_to_hand"] = "refund_left_to_hand"
    case: int
    rule: str
    """reason why officers have to pay the refund: not_offered, counter, or the provider's own code"""


class RefundGiven(Model):
    """The provider paid the refund. `transaction` is the provider's number of this payment."""

    kind: Literal["refund_given"] = "refund_given"
    case: int
    capture_id: str
    amount: Dong
    transaction: str | None = None


class RefundGivenByHand(Model):
    """An officer who is not in `approved_by` paid the refund: by transfer, with the bank's reference, or in cash."""

    kind: Literal["refund_given_by_hand"] = "refund_given_by_hand"
    case: int
    capture_id: str
    amount: Dong
    officer: str
    acting_for: str | None = None
    approved_by: tuple[str, ...] = ()
    """identity of the officer who approved the refund, and of the absent officer for whom that officer acted"""
    means: RefundMeans
    """means of the refund: by transfer or in cash"""
    evidence: FileRef
    """file that proves the refund"""
    bank_reference: str | None = None
    """the bank's own number of the transfer; not set for cash"""


class RefundDisputed(Model):
    """The payer paid `amount`, less than the payment request's `asked`, and the fee is still due: officers decide."""

    kind: Literal["refund_disputed"] = "refund_disputed"
    capture_id: str
    amount: Dong
    asked: Dong


class ShortfallProposed(Model):
    """An officer proposed to accept all money that came as the whole fee, so that the agency forgoes `forgone` đồng."""

    kind: Literal["shortfall_proposed"] = "shortfall_proposed"
    forgone: Dong
    officer: str
    acting_for: str | None = None
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


class ShortfallAccepted(Model):
    """An officer other than the proposer accepted all money that came as the whole fee, if the fee is still due.

    `amount` is that of this capture. `forgone` is missing from all captures together.
    """

    kind: Literal["shortfall_accepted"] = "shortfall_accepted"
    capture_id: str
    amount: Dong
    forgone: Dong
    officer: str
    acting_for: str | None = None
    asked_by: tuple[str, ...]


class ShortfallMadeUp(Model):
    """A short payment is now part of the paid fee: other captures complete the fee, or were accepted with this one.

    The dispute is over. Cases that officers had requested are voided, unless the provider may be paying them out.
    """

    kind: Literal["shortfall_made_up"] = "shortfall_made_up"
    capture_id: str
    void: tuple[int, ...] = ()
    """numbers of the voided cases"""


class RefundChargedBack(Model):
    """The payer's bank took back `amount` đồng.

    `owed`: whether the money had paid the fee; a leader then has to decide. Cases that exceed the remaining money are
    voided, unless the provider may be paying them out.
    """

    kind: Literal["refund_charged_back"] = "refund_charged_back"
    capture_id: str
    amount: Dong
    owed: bool
    """whether the money had paid the fee; otherwise it was not owed"""
    void: tuple[int, ...] = ()
    """numbers of the cases that were voided, since they exceed the remaining money"""


class RefundCalledOff(Model):
    """The filing was reopened, for the `reopened`-th time. The cases because of its end are voided.

    A case that the provider may be paying out is not voided. `given` đồng had been refunded before: a leader decides
    the consequence for the fee. The refund rules apply again when the filing ends again.
    """

    kind: Literal["refund_called_off"] = "refund_called_off"
    reopened: Annotated[int, Field(ge=1)]
    """number of reopenings of the filing"""
    void: tuple[int, ...] = ()
    """numbers of the voided cases"""
    given: Dong = 0
    """amount in đồng that had been refunded before"""


class ChargeBackAnswered(Model):
    """A leader decided the consequence for `amount` đồng of a fee that were charged back, or refunded too early.

    `again` is the number of the repeated request for the fee; not set if the fee is not requested again.
    """

    kind: Literal["charge_back_answered"] = "charge_back_answered"
    outcome: ChargeBackOutcome
    """consequence: the fee is claimed elsewhere, written off, or requested again, or the result is withdrawn"""
    amount: Dong
    again: int | None = None
    """number of the repeated request for the fee, from 1; not set if the fee is not requested again"""
    officer: str
    acting_for: str | None = None
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


_Consent = RefundBegun | RefundUndecided | RefundDecided | RefundOpened | RefundApproved | RefundDeclined
_GivingBack = RefundAsked | RefundLeftToHand | RefundGiven | RefundGivenByHand | RefundDisputed
_Shortfall = ShortfallProposed | ShortfallAccepted | ShortfallMadeUp
_ChargeBack = RefundChargedBack | RefundCalledOff | ChargeBackAnswered
RefundEvent = _Consent | _GivingBack | _Shortfall | _ChargeBack
