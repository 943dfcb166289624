"""VNPay 2.1.0: the payer's address for a payment, and the IPN by which VNPay reports the outcome.

The data in the payer's browser (ReturnURL) is only displayed; the IPN is authoritative. Both are signed the same way.
"""

import hmac
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal
from urllib.parse import quote_plus, unquote_to_bytes

from pydantic import SecretStr

from activities.partners.money import provider as pv
from activities.partners.money.codecs import instant, stamp

VERSION: Final = "2.1.0"
SUCCESS: Final = "00"
_SIGNATURE: Final = "vnp_SecureHash"
_UNSIGNED: Final = frozenset({_SIGNATURE, "vnp_SecureHashType"})
_NAME: Final = re.compile(rb"[A-Za-z0-9_.-]{1,64}")
_CODE: Final = re.compile(r"[0-9A-Za-z]{2}")
_AMOUNT: Final = re.compile(r"[0-9]{1,20}")
_PER_DONG: Final = 100

_REPLIES: Final[Mapping[pv.Verdict, tuple[str, str]]] = {
    pv.Verdict.CONFIRMED: ("00", "Confirm Success"),
    pv.Verdict.UNKNOWN_ORDER: ("01", "Order not found"),
    pv.Verdict.ALREADY: ("02", "Order already confirmed"),
    pv.Verdict.WRONG_AMOUNT: ("04", "Invalid amount"),
    pv.Verdict.BAD_SIGNATURE: ("97", "Invalid signature"),
    pv.Verdict.UNREADABLE: ("99", "Unknown error"),
    pv.Verdict.NOT_KEPT: ("99", "Unknown error"),
}


class VnPayMerchant(pv.MerchantSettings):
    """A terminal at VNPay. Unconfirmed details are settings; their defaults follow existing clients of VNPay.

    Attributes:
        terminal: `vnp_TmnCode`.
        secret: The key of every signature.
        pay_url: The address of VNPay's payment page.
        api_url: The address for queries and refunds.
        return_url: The page to which the payer's browser returns; it only displays the outcome.
        address: Our own IP address, which VNPay requires.
        query_fields: The signed fields of a query, in this order, joined by `|`; likewise the other `…_fields`.
        failed: `vnp_TransactionStatus` of a payment that failed for good. Any unknown status means pending.
        reversed: `vnp_TransactionStatus` of money that was charged back.
        unknown: The answer about an unknown demand.
        refusals: Answers that refuse a refund for good.
        repeated: The answer to a repeated refund, whatever the state of the first.
        being_refunded: `vnp_TransactionStatus` of a refund that is under way.
        not_refunded: `vnp_TransactionStatus` of a refund that will never be made.
        refunds: `vnp_TransactionType` of a query's answer that is about a refund, not about a payment.
    """

    kind: Literal["vnpay"]
    terminal: str
    secret: SecretStr
    pay_url: str
    api_url: str
    return_url: str
    address: str = "127.0.0.1"
    query_fields: tuple[str, ...] = (
        *("RequestId", "Version", "Command", "TmnCode", "TxnRef"),
        *("TransactionDate", "CreateDate", "IpAddr", "OrderInfo"),
    )
    query_answer_fields: tuple[str, ...] = (
        *("ResponseId", "Command", "ResponseCode", "Message", "TmnCode", "TxnRef", "Amount", "BankCode", "PayDate"),
        *("TransactionNo", "TransactionType", "TransactionStatus", "OrderInfo", "PromotionCode", "PromotionAmount"),
    )
    refund_fields: tuple[str, ...] = (
        *("RequestId", "Version", "Command", "TmnCode", "TransactionType", "TxnRef", "Amount"),
        *("TransactionNo", "TransactionDate", "CreateBy", "CreateDate", "IpAddr", "OrderInfo"),
    )
    refund_answer_fields: tuple[str, ...] = (
        *("ResponseId", "Command", "ResponseCode", "Message", "TmnCode", "TxnRef", "Amount", "BankCode", "PayDate"),
        *("TransactionNo", "TransactionType", "TransactionStatus", "OrderInfo"),
    )
    failed: frozenset[str] = frozenset({"02"})
    reversed: frozenset[str] = frozenset()
    unknown: str = "91"
    refusals: frozenset[str] = frozenset({"02", "03", "04", "13", "91", "93", "95"})
    repeated: str = "94"
    being_refunded: frozenset[str] = frozenset({"05", "06"})
    not_refunded: frozenset[str] = frozenset({"09"})
    refunds: frozenset[str] = frozenset({"02", "03"})


class VnPayDoor:
    """The `Door` for IPNs (VNPay's callbacks), which arrive as the query of a GET."""

    def __init__(self, name: str, merchant: VnPayMerchant) -> None:
        self._name = name
        self._merchant = merchant

    def verified(self, received: pv.Received, now: datetime) -> pv.Notice | pv.Refused:
        fields = _fields(received.query)
        if fields is None or not self._signed(fields) or _text(fields, "TmnCode") != self._merchant.terminal:
            return pv.Refused(verdict=pv.Verdict.BAD_SIGNATURE)
        reference = _text(fields, "TxnRef")
        if not pv.REFERENCE.fullmatch(reference):
            return pv.Refused(verdict=pv.Verdict.UNKNOWN_ORDER)
        amount = dong(_text(fields, "Amount"))
        if amount is None:
            return pv.Refused(verdict=pv.Verdict.WRONG_AMOUNT, reference=reference)
        return self._notice(fields, reference, amount, now) or pv.Refused(
            verdict=pv.Verdict.UNREADABLE, reference=reference
        )

    def reply(self, verdict: pv.Verdict) -> pv.Reply:
        """Returns the answer. VNPay reads only the code, and sends the IPN again after any but 00 and 02."""
        code, message = _REPLIES[verdict]
        return pv.Reply(status=200, body={"RspCode": code, "Message": message})

    def _signed(self, fields: Mapping[str, bytes]) -> bool:
        # Over the bytes received: encoders differ in their escapes, and only the sender's own bytes are signed. Some of
        # VNPay's own examples sign empty fields, and some omit them.
        names = sorted(name for name in fields if name.startswith("vnp_") and name not in _UNSIGNED)
        pairs = [(name.encode() + b"=" + fields[name], bool(fields[name])) for name in names]
        over = (b"&".join(pair for pair, _ in pairs), b"&".join(pair for pair, is_said in pairs if is_said))
        found = fields.get(_SIGNATURE, b"").lower()
        return any(hmac.compare_digest(found, sign(self._merchant.secret, data).encode()) for data in over)

    def _notice(self, fields: Mapping[str, bytes], reference: str, amount: int, now: datetime) -> pv.Notice | None:
        code, status = _text(fields, "ResponseCode"), _text(fields, "TransactionStatus")
        transaction, paid = _text(fields, "TransactionNo"), _text(fields, "PayDate")
        at = instant(paid)
        if not (_CODE.fullmatch(code) and _CODE.fullmatch(status) and pv.TRANSACTION.fullmatch(transaction)):
            return None
        if paid and (at is None or at > now + pv.AHEAD):
            return None
        return pv.Notice(
            provider=self._name,
            reference=reference,
            transaction=transaction,
            amount=amount,
            outcome=outcome(self._merchant, code, status),
            said=(code, status),
            at=at,
        )


def pay_url(merchant: VnPayMerchant, demand: pv.NewDemand) -> str:
    """Returns the address at which the payer pays, always the same for the same demand."""
    fields = {
        "vnp_Version": VERSION,
        "vnp_Command": "pay",
        "vnp_TmnCode": merchant.terminal,
        "vnp_Amount": str(demand.amount * _PER_DONG),
        "vnp_CreateDate": stamp(demand.made),
        "vnp_CurrCode": "VND",
        "vnp_ExpireDate": stamp(demand.expires),
        "vnp_IpAddr": demand.payer_address,
        "vnp_Locale": "vn" if demand.language == "vi" else "en",
        "vnp_OrderInfo": plain(demand.description),
        "vnp_OrderType": "other",
        "vnp_ReturnUrl": merchant.return_url,
        "vnp_TxnRef": demand.reference,
    }
    data = "&".join(f"{name}={quote_plus(value)}" for name, value in sorted(fields.items()))
    return f"{merchant.pay_url}?{data}&{_SIGNATURE}={sign(merchant.secret, data.encode())}"


def sign(secret: SecretStr, data: bytes) -> str:
    """Returns HMAC-SHA512 in hex."""
    return hmac.new(secret.get_secret_value().encode(), data, "sha512").hexdigest()


def outcome(merchant: VnPayMerchant, code: str, status: str) -> pv.Outcome:
    """Returns the outcome: `PAID` only if both code and status are 00."""
    if status in merchant.reversed:
        return pv.Outcome.REVERSED
    if code == status == SUCCESS:
        return pv.Outcome.PAID
    return pv.Outcome.FAILED if status in merchant.failed else pv.Outcome.PENDING


def dong(amount: str) -> int | None:
    """Returns the đồng of `vnp_Amount`, which is in hundredths; None unless it is a whole positive amount."""
    hundredths = int(amount) if _AMOUNT.fullmatch(amount) else 0
    whole, rest = divmod(hundredths, _PER_DONG)
    return whole if 0 < whole <= pv.LARGEST and not rest else None


def plain(text: str) -> str:
    """Returns letters, digits and few signs, at most 255 in all, as `vnp_OrderInfo` permits; never a `|`."""
    letters = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return re.sub(r" +", " ", re.sub(r"[^A-Za-z0-9 .,:_-]", "", letters))[:255]


def _fields(query: bytes) -> dict[str, bytes] | None:
    """Returns the values, still encoded; None if a name is duplicate or malformed."""
    pairs = [piece.partition(b"=") for piece in query.split(b"&")]
    names = [name for name, _, _ in pairs]
    if len(query) > pv.CALLBACK_BYTES or len(set(names)) < len(names) or not all(map(_NAME.fullmatch, names)):
        return None
    return {name.decode(): value for name, _, value in pairs}


def _text(fields: Mapping[str, bytes], name: str) -> str:
    """Returns the value; empty if it is missing or not UTF-8."""
    try:
        return unquote_to_bytes(fields.get(f"vnp_{name}", b"").replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return ""
