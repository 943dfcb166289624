"""The events of results."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from ..base import Instant, Model, Numbered, Personal, unset
from ..files import FileRef
from ..filing.events import MachineWorkAnswered, MachineWorkFailing, Outcome
from ..people import Role
from .state import ResultOrder, Signatory, SigningPlace


class ResultEntered(Model):
    """The result got a number in the register (vào sổ), before its file is made. The `signers` will sign the file.

    If `adopted` is set, the filing itself had issued the result under this number, and the result is now to be revoked
    or corrected. If `corrects` is set, this result corrects the one with that number, for the reason and the legal
    basis here; `brought` is then the corrected file, if it exists already. If neither is set, this is the first number
    of the result, or the next one after an officer has declined to sign.
    """

    kind: Literal["result_entered"] = "result_entered"
    n: int
    number: Annotated[str | None, Numbered("result", unless="adopted")] = None
    adopted: str | None = None
    """number of the result that the filing itself had issued; not set for a result that is made in this stream"""
    decided: int | None = None
    """seq of the filing's event with the decision"""
    outcome: Outcome | None = None
    signers: tuple[Signatory, ...] = ()
    """the signers of the result, in this order; empty if nobody signs"""
    result: FileRef | None = None
    issued_at: Instant | None = None
    """time of the issue; set only for a result that the filing itself had issued"""
    expires_on: date | None = None
    copies: int | None = None
    corrects: str | None = None
    officer: str | None = None
    """identity of the officer who ordered the correction or the new signatures; not set for the first result"""
    brought: FileRef | None = None
    """the corrected file, if it existed already; not set if the agency's back office makes it"""
    order: Annotated[ResultOrder | None, Personal] = None
    reason: Annotated[str | None, Personal] = None
    legal_basis: Annotated[str | None, Personal] = None


class SignersNamed(Model):
    """The directory now names the signers for a number that had none, and whose file is not made yet."""

    kind: Literal["signers_named"] = "signers_named"
    signers: tuple[Signatory, ...]
    """the signers of the result, in this order"""


class ResultMade(Model):
    """The file of the result was made, with a field for every signature."""

    kind: Literal["result_made"] = "result_made"
    result: FileRef
    expires_on: date | None = None
    copies: int | None = None


class SignatureRequested(Model):
    """An officer was requested to sign. `acting_for` is the absent officer for whom they sign, if any."""

    kind: Literal["signature_requested"] = "signature_requested"
    place: SigningPlace
    """kind of signature: initials, signature or seal"""
    officer: str
    role: Role
    acting_for: str | None = None


class ResultSigned(Model):
    """An officer signed, which adds a revision to the file.

    `acting_for` is the absent officer for whom they signed, if any. `proof` is the stored verdict on the signed file;
    set only with the last signature.
    """

    kind: Literal["result_signed"] = "result_signed"
    place: SigningPlace
    """kind of signature: initials, signature or seal"""
    officer: str
    result: FileRef
    acting_for: str | None = None
    proof: FileRef | None = None
    """file with all evidence of the signatures; set only with the last signature"""


class SignatureDeclined(Model):
    """An officer declined to sign. If `reason` is not set, the officer declined at the signing service and not here."""

    kind: Literal["signature_declined"] = "signature_declined"
    place: SigningPlace
    """kind of signature: initials, signature or seal"""
    officer: str
    reason: Annotated[str | None, Personal] = None
    registered: str | None = Field(default=None, exclude_if=unset)
    """number of the result; set only if the officer declined at the signing service"""


class NumberVoided(Model):
    """A number of the register was voided, since its file never got all signatures."""

    kind: Literal["number_voided"] = "number_voided"
    registered: str


class ResultReleased(Model):
    """All signers have signed: the result is in force (phát hành)."""

    kind: Literal["result_released"] = "result_released"
    n: int
    registered: str
    result: FileRef
    expires_on: date | None = None
    copies: int | None = None


class ResultReplaced(Model):
    """The result was replaced by a corrected one. It stays in the register, marked as replaced."""

    kind: Literal["result_replaced"] = "result_replaced"
    registered: str
    by: str
    """number of the corrected result"""


class ResultRevoked(Model):
    """The result was revoked (thu hồi): it stays in the register, marked as revoked."""

    kind: Literal["result_revoked"] = "result_revoked"
    registered: str
    officer: str
    reason: Annotated[str, Personal]
    legal_basis: Annotated[str, Personal]


class ResultRenewed(Model):
    """The file got a further time-stamp, while its last time-stamp could still be checked. Its bytes have changed."""

    kind: Literal["result_renewed"] = "result_renewed"
    registered: str
    result: FileRef


_Making = ResultEntered | SignersNamed | ResultMade
_Signing = SignatureRequested | ResultSigned | SignatureDeclined | NumberVoided
_Validity = ResultReleased | ResultReplaced | ResultRevoked | ResultRenewed
ResultEvent = _Making | _Signing | _Validity | MachineWorkFailing | MachineWorkAnswered
