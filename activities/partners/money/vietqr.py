"""Transfers by VietQR: a code for each demand, and the bank's credit notes about money received.

No official text of NAPAS, the national payment network, was read. Credit notes have the sandbox bank's format, until a
real bank's format is known. A transfer names its demand only in the memo, which banks cut and extend.
"""

import binascii
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError

from activities.partners.money import provider as pv
from activities.partners.money.codecs import object_once
from schemas.base import Instant

_NAPAS: Final = "A000000727"
_TO_ACCOUNT: Final = "QRIBFTTA"
_STATUS: Final = {pv.Verdict.BAD_SIGNATURE: 401, pv.Verdict.UNREADABLE: 422, pv.Verdict.NOT_KEPT: 503}
_OUTCOMES: Final = {"credit": pv.Outcome.PAID, "reversal": pv.Outcome.REVERSED}

_LONGEST: Final = 99
_CHECKSUM: Final = "6304"


class VietQrMerchant(pv.MerchantSettings):
    """An account that receives transfers, at the bank with this number (BIN).

    `secret` is the key of a credit note's signature: HMAC-SHA256 of the body, in hex, in the header `signature_header`.
    No query can replace a missing credit note, so a payment is awaited for a day.
    """

    pending_minutes: Annotated[float, Field(ge=0, le=44_640)] = 1440
    kind: Literal["vietqr"]
    bank: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
    account: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,19}$")]
    secret: SecretStr
    signature_header: str = "x-signature"


class _CreditNote(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    id: Annotated[str, Field(pattern=f"^{pv.TRANSACTION.pattern}$")]
    account: str
    amount: Annotated[int, Field(gt=0, le=pv.LARGEST)]
    currency: Literal["VND"]
    memo: Annotated[str, Field(max_length=500)]
    kind: Literal["credit", "reversal"]
    at: Instant


class VietQr(pv.AtMerchant[VietQrMerchant]):
    """Both the `Provider`, which makes the QR codes, and the `Door`, which receives the bank's credit notes."""

    def __init__(self, name: str, merchant: VietQrMerchant) -> None:
        super().__init__(name, merchant, "vietqr")

    def code(self, reference: str, amount: int) -> str:
        """Returns the content of a QR code for a transfer of this amount in đồng, with the reference as memo."""
        account = emv_field("00", self._merchant.bank) + emv_field("01", self._merchant.account)
        to = emv_field("00", _NAPAS) + emv_field("01", account) + emv_field("02", _TO_ACCOUNT)
        return emv_code(
            emv_field("00", "01"),
            emv_field("01", "12"),
            emv_field("38", to),
            emv_field("53", "704"),
            emv_field("54", str(amount)),
            emv_field("58", "VN"),
            emv_field("62", emv_field("08", reference)),
        )

    async def order(self, demand: pv.NewDemand) -> pv.PaymentMeans:
        return pv.PaymentMeans(code=self.code(demand.reference, demand.amount))

    def verified(self, received: pv.Received, now: datetime) -> pv.Notice | pv.Refused:
        """Returns the notice of a credit note. The notice names no demand: `match` finds the demand by the memo."""
        if not pv.is_signed(received, self._merchant.secret, self._merchant.signature_header):
            return pv.Refused(verdict=pv.Verdict.BAD_SIGNATURE)
        try:
            note = _CreditNote.model_validate_json(received.body)
            object_once(received.body)
        except (ValidationError, ValueError, OverflowError):  # the instant may be outside UTC's range
            return pv.Refused(verdict=pv.Verdict.UNREADABLE)
        if note.account != self._merchant.account:
            return pv.Refused(verdict=pv.Verdict.BAD_SIGNATURE)
        if note.at > now + pv.AHEAD:
            return pv.Refused(verdict=pv.Verdict.UNREADABLE)
        return pv.Notice(
            provider=self._name,
            reference=None,
            transaction=note.id,
            amount=note.amount,
            outcome=_OUTCOMES[note.kind],
            said=(note.kind,),
            at=note.at,
            memo="".join(filter(str.isprintable, note.memo)),
        )

    def reply(self, verdict: pv.Verdict) -> pv.Reply:
        """Returns the answer to the bank: a confirmation for every stored note, even if no demand matches the note."""
        return pv.Reply(status=_STATUS.get(verdict, 200), body={"code": verdict.value})


def emv_field(tag: str, value: str) -> str:
    """Returns one field of the code. Raises `ValueError` if its value is longer than 99 characters or not ASCII."""
    if not value.isascii() or len(value) > _LONGEST:
        raise ValueError("a field of an EMVCo code is at most 99 characters of ASCII")
    return f"{tag}{len(value):02}{value}"


def emv_code(*fields: str) -> str:
    """Returns the whole code; its last four digits are a CRC-16/CCITT-FALSE over everything before them."""
    content = "".join(fields) + _CHECKSUM
    return f"{content}{binascii.crc_hqx(content.encode('ascii'), 0xFFFF):04X}"
