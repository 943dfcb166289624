"""The commands of results."""

from datetime import date
from typing import Final, Literal

from ..base import DocumentNumber, ShortText
from ..files import FileRef
from ..filing.commands import Command, SystemCommand
from .state import Adopted, ResultOrder, Signatory, SigningPlace

__all__ = ["RESULT_COMMANDS", "CorrectResult", "DeclineSignature", "RenewResult", "RevokeResult", "SignAgain"]


class DeclineSignature(Command):
    """Refuse to sign the result (từ chối ký), with the reason. The result's number is then void."""

    kind: Literal["decline_signature"] = "decline_signature"
    reason: ShortText


class SignAgain(Command):
    """Have the result made and signed again under another number, after an officer has declined to sign."""

    kind: Literal["sign_again"] = "sign_again"


class RevokeResult(Command):
    """Revoke the result (thu hồi), with the reason and the legal basis."""

    kind: Literal["revoke_result"] = "revoke_result"
    reason: ShortText
    legal_basis: ShortText


class CorrectResult(Command):
    """Replace the result by a corrected one with its own number (đính chính, cấp lại), with reason and legal basis.

    `result` is the corrected file, if it exists already; if it is not set, the agency's back office makes it.
    """

    kind: Literal["correct_result"] = "correct_result"
    reason: ShortText
    legal_basis: ShortText
    result: FileRef | None = None


class RenewResult(Command):
    """Store the file with a further time-stamp: nothing else in it may have changed."""

    kind: Literal["renew_result"] = "renew_result"
    registered: DocumentNumber
    result: FileRef


RESULT_COMMANDS: Final[tuple[type[Command], ...]] = (
    *(DeclineSignature, SignAgain, RevokeResult, CorrectResult, RenewResult),
)
"""The public commands of a result; each is an Update of `Result` under its kind."""


class EnterResult(SystemCommand):
    """Begin the stream: with an order and its signers at present, or with a result that the filing issued itself."""

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


class RecordMade(SystemCommand):
    """The file was made, with a place for every signature. `asks` is the first signer, from the present directory."""

    kind: Literal["record_made"] = "record_made"
    asks: Signatory | None = None
    result: FileRef
    expires_on: date | None = None
    copies: int | None = None


class RecordSigned(SystemCommand):
    """The officer has signed. `asks` is the next signer, from the present directory; after the last, `proof` is set."""

    kind: Literal["record_signed"] = "record_signed"
    place: SigningPlace
    result: FileRef
    asks: Signatory | None = None
    proof: FileRef | None = None


class RecordDeclined(SystemCommand):
    """The officer declined at the signing service."""

    kind: Literal["record_declined"] = "record_declined"
    place: SigningPlace


class AskOther(SystemCommand):
    """The directory now has another signer in place of the requested one: request the new signer's signature."""

    kind: Literal["ask_other"] = "ask_other"
    signer: Signatory
