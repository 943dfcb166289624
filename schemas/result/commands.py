"""The commands of results."""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

from ..base import (
    DocumentNumber,
    ShortText,
)
from ..files import FileRef
from ..filing.commands import Command, SystemCommand
from .state import Adopted, ResultOrder, Signatory, SigningPlace


class DeclineSignature(Command):
    """Refuse to sign the result (từ chối ký), with the reason: its number is given up."""

    kind: Literal["decline_signature"] = "decline_signature"
    reason: ShortText


class SignAgain(Command):
    """Have the result made and signed again, under another number, after somebody has declined."""

    kind: Literal["sign_again"] = "sign_again"


class RevokeResult(Command):
    """Revoke the result (thu hồi), with the reason and the law that says so."""

    kind: Literal["revoke_result"] = "revoke_result"
    reason: ShortText
    legal_basis: ShortText


class CorrectResult(Command):
    """Correct the result (đính chính, cấp lại) by another one with a number of its own, for this reason, by this law.

    `result` is the corrected file, if it is there already; without it the agency's back office makes it.
    """

    kind: Literal["correct_result"] = "correct_result"
    reason: ShortText
    legal_basis: ShortText
    result: FileRef | None = None


class RenewResult(Command):
    """Keep the file with a further time-stamp: nothing else of it may have changed."""

    kind: Literal["renew_result"] = "renew_result"
    registered: DocumentNumber
    result: FileRef


RESULT_COMMANDS: Final[tuple[type[Command], ...]] = (
    DeclineSignature,
    SignAgain,
    RevokeResult,
    CorrectResult,
    RenewResult,
)
"""What may be asked of a result; each is an Update of `Result` under its kind."""


class EnterResult(SystemCommand):
    """Begin: with an order and who signs it now, or with what the filing has issued by itself."""

    kind: Literal["enter_result"] = "enter_result"
    n: int
    order: ResultOrder
    signers: tuple[Signatory, ...] = ()
    adopted: Adopted | None = None


class SignAgainBy(SignAgain):
    """The same with those who sign now. It is the stream's own: what is sent is a `SignAgain`."""

    signers: tuple[Signatory, ...] = ()


class CorrectResultBy(CorrectResult):
    """The same with those who sign now. It is the stream's own: what is sent is a `CorrectResult`."""

    signers: tuple[Signatory, ...] = ()


class RecordMade(SystemCommand):
    """The file is there, with a place for every signature; `asks` who signs first now."""

    kind: Literal["record_made"] = "record_made"
    asks: Signatory | None = None
    result: FileRef
    expires_on: date | None = None
    copies: int | None = None


class RecordSigned(SystemCommand):
    """The officer signed; `asks` who signs next now. With the last one comes the `proof` of all."""

    kind: Literal["record_signed"] = "record_signed"
    place: SigningPlace
    result: FileRef
    asks: Signatory | None = None
    proof: FileRef | None = None


class RecordDeclined(SystemCommand):
    """The officer told the signing service no."""

    kind: Literal["record_declined"] = "record_declined"
    place: SigningPlace


class AskOther(SystemCommand):
    """The directory has somebody else sign in the place of who was asked: ask them."""

    kind: Literal["ask_other"] = "ask_other"
    signer: Signatory
