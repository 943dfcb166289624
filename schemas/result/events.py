"""The events of results."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from ..base import (
    Instant,
    Model,
    Numbered,
    Personal,
)
from ..files import FileRef
from ..filing.events import MachineWorkAnswered, MachineWorkFailing, Outcome
from ..people import Role
from .state import ResultOrder, Signatory, SigningPlace


class ResultEntered(Model):
    """The result took a number (vào sổ) before it is made, so that the number stands on it; the `signers` will sign it.

    Or the filing's own result was `adopted` under the number that it has: somebody wants to revoke or correct it. A
    later one `corrects` the result of that number, for that reason and by that law, in the file that was `brought`, if
    there is one; or it follows one that somebody would not sign.
    """

    kind: Literal["result_entered"] = "result_entered"
    n: int
    number: Annotated[str | None, Numbered("result", unless="adopted")] = None
    adopted: str | None = None
    """number of the result that the filing had issued by itself; not there for one made in this stream"""
    decided: int | None = None
    """seq of the filing's event that decided it"""
    outcome: Outcome | None = None
    signers: tuple[Signatory, ...] = ()
    """who signs it, in this order; none where nobody does"""
    result: FileRef | None = None
    issued_at: Instant | None = None
    """when it was issued; not there before that"""
    expires_on: date | None = None
    copies: int | None = None
    corrects: str | None = None
    """number of the result that it corrects; not there for any other"""
    officer: str | None = None
    """identity of the officer who had it corrected or signed again; not there at first"""
    brought: FileRef | None = None
    """the corrected file, where it was there already; without it the agency's back office makes it"""
    order: Annotated[ResultOrder | None, Personal] = None
    reason: Annotated[str | None, Personal] = None
    legal_basis: Annotated[str | None, Personal] = None


class ResultMade(Model):
    """The file of the result was made, with a place for every signature."""

    kind: Literal["result_made"] = "result_made"
    result: FileRef
    expires_on: date | None = None
    copies: int | None = None


class SignatureRequested(Model):
    """The officer was asked to sign, in the place of the absent one for whom they are `acting_for` (ký thay)."""

    kind: Literal["signature_requested"] = "signature_requested"
    place: SigningPlace
    """what is to be signed: initials, signature or seal"""
    officer: str
    role: Role
    acting_for: str | None = None


class ResultSigned(Model):
    """The officer signed: the file has one more revision. `acting_for` as in the request.

    `proof`, with the last signature, is the verdict that was kept of the file as it then was.
    """

    kind: Literal["result_signed"] = "result_signed"
    place: SigningPlace
    """what was signed: initials, signature or seal"""
    officer: str
    result: FileRef
    acting_for: str | None = None
    proof: FileRef | None = None
    """the file that holds all that was seen of the signature"""


class SignatureDeclined(Model):
    """The officer would not sign; without a `reason` they said so to the signing service alone."""

    kind: Literal["signature_declined"] = "signature_declined"
    place: SigningPlace
    """what was to be signed: initials, signature or seal"""
    officer: str
    reason: Annotated[str | None, Personal] = None


class NumberVoided(Model):
    """A number of the register stands for nothing: what was made under it was never signed."""

    kind: Literal["number_voided"] = "number_voided"
    registered: str


class ResultReleased(Model):
    """Everybody has signed: the result is in force (phát hành)."""

    kind: Literal["result_released"] = "result_released"
    n: int
    registered: str
    result: FileRef
    expires_on: date | None = None
    copies: int | None = None


class ResultReplaced(Model):
    """A corrected result has taken its place: it stays, and is marked so."""

    kind: Literal["result_replaced"] = "result_replaced"
    registered: str
    by: str
    """number of the result that has taken its place"""


class ResultRevoked(Model):
    """The result was revoked (thu hồi): it stays, and is marked so."""

    kind: Literal["result_revoked"] = "result_revoked"
    registered: str
    officer: str
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


class ResultRenewed(Model):
    """The file has another time-stamp, before the last one could not be checked any more: it is another file now."""

    kind: Literal["result_renewed"] = "result_renewed"
    registered: str
    result: FileRef


ResultEvent = (
    ResultEntered
    | ResultMade
    | SignatureRequested
    | ResultSigned
    | SignatureDeclined
    | NumberVoided
    | ResultReleased
    | ResultReplaced
    | ResultRevoked
    | ResultRenewed
    | MachineWorkFailing
    | MachineWorkAnswered
)
