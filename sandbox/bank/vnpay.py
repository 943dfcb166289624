"""The bank as VNPay 2.1.0: the payment page, `querydr`, `refund`, and IPNs.

It shares no code with the adapter that calls it, so that a mistake in one of them does not hide in both.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from sandbox.bank.callbacks import Sender
from sandbox.bank.ledger import NewRefund
from sandbox.bank.merchants import VNPAY_REVERSED
from sandbox.bank.wire import HANOI, Call, Fact, Merchant, State, Wire, nth, number, ordered, said_in, stamp
from sandbox.bank.wired import Standing, WiredLedger
from sandbox.store import EPOCH, ProblemError, microseconds

PAID: Final = "00"
_CODES: Final[Mapping[State, tuple[str, str]]] = {
    "paid": ("00", PAID),
    "failed": ("24", "02"),
    "reversed": ("00", VNPAY_REVERSED),
}
_QUERY: Final = [
    *("RequestId", "Version", "Command", "TmnCode", "TxnRef", "TransactionDate", "CreateDate", "IpAddr", "OrderInfo"),
]
_REFUND: Final = [
    *("RequestId", "Version", "Command", "TmnCode", "TransactionType", "TxnRef", "Amount", "TransactionNo"),
    *("TransactionDate", "CreateBy", "CreateDate", "IpAddr", "OrderInfo"),
]
_REFUNDED: Final = [
    *("ResponseId", "Command", "ResponseCode", "Message", "TmnCode", "TxnRef", "Amount", "BankCode", "PayDate"),
    *("TransactionNo", "TransactionType", "TransactionStatus", "OrderInfo"),
]
_QUERIED: Final = [*_REFUNDED, "PromotionCode", "PromotionAmount"]


def sign(secret: str, data: str) -> str:
    return hmac.new(secret.encode(), data.encode(), hashlib.sha512).hexdigest()


def query_of(merchant: Merchant, fact: Fact) -> str:
    """Returns the signed query string of an IPN, also used when the browser returns to the merchant."""
    code, status = _CODES[fact.state]
    fields = {
        "vnp_Amount": str(fact.amount * 100),
        "vnp_BankCode": "NCB",
        "vnp_CardType": "ATM",
        "vnp_OrderInfo": fact.description,
        "vnp_PayDate": stamp(fact.at),
        "vnp_ResponseCode": code,
        "vnp_TmnCode": merchant.name,
        "vnp_TransactionNo": fact.number,
        "vnp_TransactionStatus": status,
        "vnp_TxnRef": fact.reference,
    }
    data = urlencode(sorted(fields.items()))
    return f"{data}&vnp_SecureHash={sign(merchant.secret, data)}"


def _acknowledged(status: int, answer: str) -> bool:
    try:
        return status == 200 and json.loads(answer)["RspCode"] in {"00", "02"}  # noqa: PLR2004 -- HTTP's OK
    except (ValueError, KeyError, TypeError):
        return False


WIRE: Final = Wire(tell=lambda merchant, fact: Call("GET", query=query_of(merchant, fact)), acknowledged=_acknowledged)


class VnPayWire:
    """The handlers of the VNPay interface."""

    def __init__(self, ledger: WiredLedger, sender: Sender) -> None:
        self._ledger = ledger
        self._sender = sender
        self._merchant = ledger.merchants["vnpay"]

    async def pay(self, request: Request) -> Response:
        """Receives a payer from the merchant's page and makes the order. Answers 400 if the signature is wrong."""
        pairs = parse_qsl(request.url.query, keep_blank_values=True)
        fields = dict(pairs)
        said = fields.pop("vnp_SecureHash", "")
        data = urlencode(sorted(fields.items()))
        wrong = len(fields) + 1 < len(pairs) or fields.get("vnp_TmnCode") != self._merchant.name
        if wrong or not hmac.compare_digest(said.encode(), sign(self._merchant.secret, data).encode()):
            return HTMLResponse("<!doctype html><title>97</title><h1>Sai chữ ký · Invalid signature</h1>", 400)
        details = {"expires": _expiry(fields.get("vnp_ExpireDate", "")), "return": fields.get("vnp_ReturnUrl", "")}
        reference, hundredths = ordered(fields.get("vnp_TxnRef"), fields.get("vnp_Amount"))
        info = fields.get("vnp_OrderInfo", "")
        key = self._ledger.open("vnpay", reference, max(1, hundredths // 100), info, details)
        if self._ledger.at_once(key, "vnpay"):
            await self._sender.once()
        return RedirectResponse(request.url_for("pay_page", key=key), 303)

    async def transaction(self, request: Request) -> Response:
        """Answers the requests `querydr` and `refund`."""
        said = {str(name).removeprefix("vnp_"): str(value) for name, value in (await said_in(request)).items()}
        refund = said.get("Command") == "refund"
        data = "|".join(said.get(name, "") for name in (_REFUND if refund else _QUERY))
        if not hmac.compare_digest(said.get("SecureHash", "").encode(), sign(self._merchant.secret, data).encode()):
            return self._answer(said, "97", {}, refund=refund)
        if said.get("TmnCode") != self._merchant.name:
            return self._answer(said, "02", {}, refund=refund)
        key = f"vnpay:{said.get('TxnRef', '')}"
        standing = self._ledger.standing(key) if refund else self._ledger.queried_standing(key, "vnpay")
        if standing is None:
            return self._answer(said, "91", {}, refund=refund)
        if refund:
            return self._refund(said, key, standing, untroubled=request.state.untroubled)
        return self._query(said, standing) if self._ledger.queried(key) else Response(status_code=503)

    def _query(self, said: Mapping[str, str], standing: Standing) -> Response:
        """Answers with the state of an order; with the last refund if the request names a refunded transaction."""
        asked = nth(said.get("TransactionNo", ""))
        n = asked or next(iter(standing.captures), 0)
        capture_id, amount, at = standing.captures.get(n, ("", standing.amount, 0))
        status = "02" if standing.failed_at else "01"
        if capture_id:
            status = VNPAY_REVERSED if capture_id in standing.charged_back else PAID
        found = {"Amount": str(amount * 100), "TransactionNo": number(n) if n else "0", "TransactionStatus": status}
        found |= {"PayDate": stamp(at) if at else "", "TransactionType": "01", "BankCode": "NCB"}
        if asked and capture_id in standing.given_back:
            back, then, description = standing.given_back[capture_id]
            found |= {"Amount": str(back * 100), "TransactionStatus": PAID, "PayDate": stamp(then)}
            found |= {"TransactionType": "02" if back == amount else "03", "OrderInfo": description}
        return self._answer(said, "00", found, refund=False)

    def _refund(self, said: Mapping[str, str], key: str, standing: Standing, *, untroubled: bool) -> Response:
        """Refunds a capture. A request number that was used before on the same day is answered with the code 94."""
        if untroubled and self._ledger.refuses("vnpay"):
            return self._answer(said, "95", {}, refund=True)
        capture_id, _, _ = standing.captures.get(nth(said.get("TransactionNo", "")), ("", 0, 0))
        if not capture_id:
            return self._answer(said, "91", {}, refund=True)
        try:
            new = NewRefund(order_key=key, capture_id=capture_id, amount=int(said["Amount"]) // 100)
            request = f"vnpay:{self._ledger.today('vnpay')}:{said['RequestId']}"
            _, fresh = self._ledger.put_refund(request, new, said.get("OrderInfo", ""))
        except (ProblemError, ValueError, KeyError):
            return self._answer(said, "93", {}, refund=True)
        if not fresh:
            return self._answer(said, "94", {}, refund=True)
        found = {"Amount": said["Amount"], "TransactionNo": said["TransactionNo"], "TransactionStatus": PAID}
        return self._answer(said, "00", found | {"TransactionType": said.get("TransactionType", "")}, refund=True)

    def _answer(self, said: Mapping[str, str], code: str, found: Mapping[str, str], *, refund: bool) -> Response:
        answer: dict[str, Any] = {
            "ResponseId": hashlib.sha256(said.get("RequestId", "").encode()).hexdigest()[:32],
            "Command": said.get("Command", ""),
            "ResponseCode": code,
            "Message": code,
            "TmnCode": self._merchant.name,
            "TxnRef": said.get("TxnRef", ""),
            "OrderInfo": said.get("OrderInfo", ""),
            **found,
        }
        data = "|".join(answer.get(name, "") for name in (_REFUNDED if refund else _QUERIED))
        answer["SecureHash"] = sign(self._merchant.secret, data)
        return JSONResponse({f"vnp_{name}": value for name, value in answer.items()})


def _expiry(text: str) -> int:
    """Returns the instant of expiry in microseconds; 0 if `text` is empty or invalid."""
    try:
        at = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=timezone(HANOI))
    except ValueError:
        return 0
    return microseconds((at - EPOCH).total_seconds())
