"""The bank's account for bank transfers: a payer scans a QR code or writes a memo, and the bank reports the credit.

The callback's format is the bank's own: JSON, with HMAC-SHA256 in hex over the body as `x-signature`.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from sandbox.bank.ledger import Dong
from sandbox.bank.payers import BAD_MEMO, NO_MEMO
from sandbox.bank.wire import Call, Fact, Merchant, Wire
from sandbox.bank.wired import WiredLedger
from sandbox.store import EPOCH, Message, invalid, parse


class NewTransfer(Message):
    """Body of `POST /vietqr/transfers`: a bank transfer of `amount` đồng that a payer has made without a QR code."""

    account: str
    amount: Dong
    memo: Annotated[str, Field(max_length=210)] = ""


def _tell(merchant: Merchant, fact: Fact) -> Call | None:
    if fact.state == "failed":  # a transfer that was never sent is not reported
        return None
    note = {
        "id": f"{'R' if fact.state == 'reversed' else 'C'}{fact.number}",
        "account": merchant.name,
        "amount": fact.amount,
        "currency": "VND",
        "memo": fact.details["memo"],
        "kind": "reversal" if fact.state == "reversed" else "credit",
        "at": (EPOCH + timedelta(microseconds=fact.at)).isoformat(),
    }
    body = json.dumps(note, ensure_ascii=False)
    signature = hmac.new(merchant.secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    return Call("POST", body=body, headers={"content-type": "application/json", "x-signature": signature})


WIRE: Final = Wire(tell=_tell, acknowledged=lambda status, _answer: 200 <= status < 300)  # noqa: PLR2004 -- HTTP's fine


class VietQrWire:
    """The handlers of the VietQR interface."""

    def __init__(self, ledger: WiredLedger) -> None:
        self._ledger = ledger
        self._merchant = ledger.merchants["vietqr"]

    async def scan(self, request: Request) -> Response:
        """Redirects to the pay page of a scanned QR code, as a payer's app would. `?code=`: the QR code's text."""
        code = request.query_params.get("code", "")
        said = scanned(code)
        if said is None or said["account"] != self._merchant.name:
            raise invalid(("code", "not_ours"))
        reference = hashlib.sha256(code.encode()).hexdigest()[:16]
        key = self._ledger.open("vietqr", reference, int(said["amount"]), said["memo"], {"memo": said["memo"]})
        return RedirectResponse(request.url_for("pay_page", key=key), 303)

    async def transfer(self, request: Request) -> Response:
        new = await parse(request, NewTransfer)
        if new.account != self._merchant.name:
            raise invalid(("account", "not_ours"))
        key = self._ledger.open("vietqr", secrets.token_hex(8), new.amount, new.memo, {"memo": new.memo})
        return JSONResponse(self._ledger.pay(key, "0001"), 201)


def garnished(memo: str, payer: str) -> str:
    """Returns the memo as it arrives: depending on the `payer`, empty, changed by the payer's bank, or unchanged."""
    if payer == NO_MEMO:
        return ""
    return (
        f"MBVCB.8123.077.{memo[:9].lower()} {memo[9:].lower()}.CT tu 0071 NGUYEN VAN A" if payer == BAD_MEMO else memo
    )


def scanned(code: str) -> Mapping[str, str] | None:
    """Returns account, amount and memo in a QR code's text; None unless it is a VietQR code with a correct checksum."""
    try:
        fields = dict(_fields(code))
        to = dict(_fields(fields["38"]))
        account = dict(_fields(to["01"]))["01"]
        found = {"account": account, "amount": fields["54"], "memo": dict(_fields(fields["62"]))["08"]}
    except (KeyError, ValueError):
        return None
    fine = to["00"] == "A000000727" and fields["53"] == "704" and found["amount"].isdigit()
    return found if fine and f"{_crc(code[:-4]):04X}" == code[-4:] else None


def _fields(text: str) -> Iterator[tuple[str, str]]:
    while text:
        length = int(text[2:4])
        yield text[:2], text[4 : 4 + length]
        text = text[4 + length :]


def _crc(text: str) -> int:
    crc = 0xFFFF
    for byte in text.encode():
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return crc
