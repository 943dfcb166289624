"""The commands of results."""

from datetime import date
from typing import Final, Literal

from ..base import DocumentNumber, ShortText
from ..files import FileRef
from ..filing.commands import Command, SystemCommand
from .state import Adopted, ResultOrder, Signatory, SigningPlace

__all__ = ["RESULT_COMMANDS", "CorrectResult", "DeclineSignature", "RenewResult", "RevokeResult", "SignAgain"]


class DeclineSignature(Command):
    """Decline to sign the result (từ chối ký), with the reason. The result's number is then void."""

    kind: Literal["decline_signature"] = "decline_signature"
    reason: ShortText


class SignAgain(Command):
    """Have the result made and signed under another number, after an officer has declined to sign."""

    kind: Literal["sign_again"] = "sign_again"


class RevokeResult(Command):
    """Revoke the result (thu hồi), with the reason and the legal basis."""

    kind: Literal["revoke_result"] = "revoke_result"
    reason: ShortText
    legal_basis: ShortText


class CorrectResult(Command):
    """Replace the result by a corrected one with its own number (đính chính, cấp lại), with reason and legal basis.

    `result` is the corrected file, if it exists already; otherwise the agency's back office makes the file.
    """

    kind: Literal["correct_result"] = "correct_result"
    reason: ShortText
    legal_basis: ShortText
    result: FileRef | None = None


class RenewResult(Command):
    """Store the file of the result with a further time-stamp. Nothing else in the file may have changed."""

    kind: Literal["renew_result"] = "renew_result"
    registered: DocumentNumber
    result: FileRef


RESULT_COMMANDS: Final[tuple[type[Command], ...]] = (
    *(DeclineSignature, SignAgain, RevokeResult, CorrectResult, RenewResult),
)
"""The public commands of a result; each is an Update of `Result` under its kind."""


class EnterResult(SystemCommand):
    """Begin the stream of a result: with the order to make the result and its present signers, or with `adopted`.

    `adopted` is a result that the filing itself issued; None for a result to be made.
    """

    kind: Literal["enter_result"] = "enter_result"
    n: int
    order: ResultOrder
    signers: tuple[Signatory, ...] = ()
    adopted: Adopted | None = None


class SignAgainBy(SignAgain):
    """A `SignAgain` with the present signers. Internal to the stream: clients send a `SignAgain`."""

    signers: tuple[Signatory, ...] = ()


class CorrectResultBy(CorrectResult):
    """A `CorrectResult` with the present signers. Internal to the stream: clients send a `CorrectResult`."""

    signers: tuple[Signatory, ...] = ()


class NameSigners(SystemCommand):
    """Record the signers that the directory names by now for a result that has none."""

    kind: Literal["name_signers"] = "name_signers"
    signers: tuple[Signatory, ...]


class RecordMade(SystemCommand):
    """Record the file of the result, with a field for every signature. `asks` is the first signer at present."""

    kind: Literal["record_made"] = "record_made"
    asks: Signatory | None = None
    result: FileRef
    expires_on: date | None = None
    copies: int | None = None


class RecordSigned(SystemCommand):
    """Record that the officer has signed.

    `asks` is the next signer in the present directory; None after the last signature. `proof` is set with the last one.
    """

    kind: Literal["record_signed"] = "record_signed"
    place: SigningPlace
    result: FileRef
    asks: Signatory | None = None
    proof: FileRef | None = None


class RecordDeclined(SystemCommand):
    """Record that the officer declined to sign, at the signing service."""

    kind: Literal["record_declined"] = "record_declined"
    place: SigningPlace


class AskOther(SystemCommand):
    """Request another signer's signature, since the directory now has this signer in place of the requested one."""

    kind: Literal["ask_other"] = "ask_other"
    signer: Signatory
