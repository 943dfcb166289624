"""The events of refunds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..base import Dong, Model, Personal
from ..files import FileRef
from ..publishing.fee import RefundCase
from .state import CaptureTaken, ChargeBackOutcome, RefundCause, RefundLine, RefundMeans


class RefundBegun(CaptureTaken):
    """There is something to be said about giving this capture back. `apart` are those on the applicant's side."""

    kind: Literal["refund_begun"] = "refund_begun"
    apart: Annotated[tuple[str, ...], Personal] = ()


class RefundUndecided(Model):
    """The fee was paid, this became of the filing, and the procedure does not say what goes back: a leader does."""

    kind: Literal["refund_undecided"] = "refund_undecided"
    rule: RefundCase
    """what became of the filing"""


class RefundDecided(Model):
    """A leader said how many đồng are to go back, perhaps none."""

    kind: Literal["refund_decided"] = "refund_decided"
    rule: RefundCase
    """what became of the filing"""
    amount: Dong
    """money in đồng that is to go back; 0: nothing"""
    officer: str
    acting_for: str | None = None
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


class RefundOpened(Model):
    """So many đồng are to go back; without an `officer` the system asks for it. `lines` say of which items.

    `asked` is what was asked for where the money was more than that. Those by whose act the filing `ended`, from which
    it follows by a rule, or who granted the waiver by which money is not owed, count as who has asked.
    """

    kind: Literal["refund_opened"] = "refund_opened"
    case: int
    """number of the case in the refund, from 1"""
    payment: int
    """number of the payment in the filing, from 1"""
    capture_id: str
    amount: Dong
    cause: RefundCause
    """why it goes back: nobody owes it (late, second, excess, difference), by rule, or on request"""
    lines: tuple[RefundLine, ...] = ()
    """what goes back of each item of the fee"""
    rule: RefundCase | None = None
    """what became of the filing; only where it goes back by rule"""
    percent: int | None = None
    """how many hundredths of the money the procedure gives back"""
    asked: Dong | None = None
    officer: str | None = None
    acting_for: str | None = None
    reason: Annotated[str | None, Personal] = None
    legal_basis: Annotated[str | None, Personal] = None
    ended: tuple[str, ...] = ()
    """identities of the officers by whose act the filing ended; they do not approve it"""


class RefundApproved(Model):
    """Another officer than who asked approved it; `asked_by` is empty where the system did."""

    kind: Literal["refund_approved"] = "refund_approved"
    case: int
    """number of the case in the refund, from 1"""
    officer: str
    acting_for: str | None = None
    asked_by: tuple[str, ...] = ()


class RefundDeclined(Model):
    """Another officer than who asked declined it."""

    kind: Literal["refund_declined"] = "refund_declined"
    case: int
    """number of the case in the refund, from 1"""
    officer: str
    acting_for: str | None = None
    asked_by: tuple[str, ...] = ()
    reason: Annotated[str, Personal]


class RefundAsked(Model):
    """Its provider is to be asked to give it back, for the `n`-th time: from now on it may be giving it.

    It is recorded before, and the provider is called once for each such event.
    """

    kind: Literal["refund_asked"] = "refund_asked"
    case: int
    """number of the case in the refund, from 1"""
    n: Annotated[int, Field(ge=1)] = 1
    """for the how many-th time its provider is asked to give it back"""


class RefundLeftToHand(Model):
    """It was approved, and its provider gives it never back, by this `rule`: people have to."""

    kind: Literal["refund_left_to_hand"] = "refund_left_to_hand"
    case: int
    """number of the case in the refund, from 1"""
    rule: str
    """why people have to give it back: not_offered, counter, or the provider's own code"""


class RefundGiven(Model):
    """The provider gave it back, in a transaction of its own."""

    kind: Literal["refund_given"] = "refund_given"
    case: int
    """number of the case in the refund, from 1"""
    capture_id: str
    amount: Dong
    transaction: str | None = None
    """the provider's own number of it"""


class RefundGivenByHand(Model):
    """An officer gave it back, another one than `approved_by`: by a transfer with the bank's reference, or in cash."""

    kind: Literal["refund_given_by_hand"] = "refund_given_by_hand"
    case: int
    """number of the case in the refund, from 1"""
    capture_id: str
    amount: Dong
    officer: str
    acting_for: str | None = None
    approved_by: tuple[str, ...] = ()
    """identity of the officer who approved it, and of the absent one in whose place that was"""
    means: RefundMeans
    """how it went back: by transfer or in cash"""
    evidence: FileRef
    """file that shows that it went back"""
    bank_reference: str | None = None
    """the bank's own number of the transfer; not there for cash"""


class RefundDisputed(Model):
    """Less came than was `asked`, and the fee is still due: people say what becomes of it."""

    kind: Literal["refund_disputed"] = "refund_disputed"
    capture_id: str
    amount: Dong
    asked: Dong


class ShortfallProposed(Model):
    """An officer would take it for the whole fee, and have the agency go without the `forgone` đồng."""

    kind: Literal["shortfall_proposed"] = "shortfall_proposed"
    forgone: Dong
    officer: str
    acting_for: str | None = None
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


class ShortfallAccepted(Model):
    """Another officer than who asked agreed: it is taken for the whole fee, if that is still due."""

    kind: Literal["shortfall_accepted"] = "shortfall_accepted"
    capture_id: str
    amount: Dong
    forgone: Dong
    officer: str
    acting_for: str | None = None
    asked_by: tuple[str, ...]


class RefundChargedBack(Model):
    """The payer's bank took so many đồng back. Cases for which too little is left are `void`, but if it may be going.

    `owed`: they were the fee's, and a leader says what becomes of it.
    """

    kind: Literal["refund_charged_back"] = "refund_charged_back"
    capture_id: str
    amount: Dong
    owed: bool
    """whether it was the fee's; otherwise nobody owes it any more"""
    void: tuple[int, ...] = ()
    """numbers of the cases for which too little is left"""


class RefundCalledOff(Model):
    """The filing began again, for the `reopened`-th time: what was to go back as it had ended is `void`.

    But if it may be going: that stands. `given` đồng went back before, and a leader says what becomes of the fee. How
    the filing ends next is judged anew.
    """

    kind: Literal["refund_called_off"] = "refund_called_off"
    reopened: Annotated[int, Field(ge=1)]
    """how often the filing has begun again"""
    void: tuple[int, ...] = ()
    """numbers of the cases that are called off"""
    given: Dong = 0
    """money in đồng that went back before"""


class ChargeBackAnswered(Model):
    """A leader said what becomes of the fee that was charged back, or given back too early, `amount` đồng in all.

    Where it is asked for again, `again` says for the how many-th time.
    """

    kind: Literal["charge_back_answered"] = "charge_back_answered"
    outcome: ChargeBackOutcome
    """what becomes of the fee: claimed elsewhere, written off, asked for again, or the result is withdrawn"""
    amount: Dong
    again: int | None = None
    """the how many-th time it is asked for again"""
    officer: str
    acting_for: str | None = None
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


RefundEvent = (
    RefundBegun
    | RefundUndecided
    | RefundDecided
    | RefundOpened
    | RefundApproved
    | RefundDeclined
    | RefundAsked
    | RefundLeftToHand
    | RefundGiven
    | RefundGivenByHand
    | RefundDisputed
    | ShortfallProposed
    | ShortfallAccepted
    | RefundChargedBack
    | RefundCalledOff
    | ChargeBackAnswered
)
