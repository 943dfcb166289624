"""VNPay 2.1.0: the payment page's address, the IPN by which VNPay reports the outcome, and our calls to VNPay.

The data in the payer's browser (ReturnURL) is only displayed; the IPN is authoritative. Both are signed the same way.
The calls, server to server, are `querydr` and `refund`; their answers are signed, too.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import quote_plus, unquote_to_bytes

import httpx
from pydantic import SecretStr

from activities.partners.http import AnyFields, Partner, RejectedError, UnreachableError
from activities.partners.money import provider as pv
from activities.partners.money.codecs import instant, plain, stamp

_SYSTEM: Final = "vnpay"
VERSION: Final = "2.1.0"
SUCCESS: Final = "00"
_SIGNATURE: Final = "vnp_SecureHash"
_UNSIGNED: Final = frozenset({_SIGNATURE, "vnp_SecureHashType"})
_NAME: Final = re.compile(rb"[A-Za-z0-9_.-]{1,64}")
_CODE: Final = re.compile(r"[0-9A-Za-z]{2}")
_AMOUNT: Final = re.compile(r"[0-9]{1,20}")
_PER_DONG: Final = 100
_REQUEST_ID: Final = re.compile(r"\b[0-9a-f]{32}\b")
_DESCRIBED: Final = 222
"""The maximum length of a refund's description before the request's number, so that both fit VNPay's limit."""

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
        terminal: The number of the terminal, `vnp_TmnCode`.
        secret: The key of every signature.
        pay_url: The address of VNPay's payment page.
        api_url: The address for queries and refunds.
        return_url: The page to which the payer's browser returns; it only displays the outcome.
        address: Our own IP address, which VNPay requires: of our calls, and of a payer whose address is unknown.
        query_fields: The signed fields of a query, in this order, joined by `|`; likewise the other `…_fields`.
        failed: `vnp_TransactionStatus` of a payment that failed for good. Any unknown status means pending.
        reversed: `vnp_TransactionStatus` of money that was charged back.
        unknown: `vnp_ResponseCode` about a demand that VNPay does not know.
        refusals: `vnp_ResponseCode` that refuses a refund for good.
        repeated: `vnp_ResponseCode` of a repeated request for a refund, whatever the state of the refund.
        being_refunded: `vnp_TransactionStatus` of a refund that is under way.
        not_refunded: `vnp_TransactionStatus` of a refund that will never be made.
        refunds: `vnp_TransactionType` in a query's answer if the answer is about a refund, not a payment.
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
    """The `Door` for IPNs (VNPay's callbacks), which arrive as the query string of a GET request."""

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
        """Returns the answer. VNPay reads only the code, and sends the IPN again unless the code is 00 or 02."""
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
    """Returns the address at which the payer pays. The same demand always gives the same address."""
    fields = {
        "vnp_Version": VERSION,
        "vnp_Command": "pay",
        "vnp_TmnCode": merchant.terminal,
        "vnp_Amount": str(demand.amount * _PER_DONG),
        "vnp_CreateDate": stamp(demand.made),
        "vnp_CurrCode": "VND",
        "vnp_ExpireDate": stamp(demand.expires),
        "vnp_IpAddr": demand.payer_address or merchant.address,
        "vnp_Locale": "vn" if demand.language == "vi" else "en",
        "vnp_OrderInfo": plain(demand.description),
        "vnp_OrderType": "other",
        "vnp_ReturnUrl": merchant.return_url,
        "vnp_TxnRef": demand.reference,
    }
    data = "&".join(f"{name}={quote_plus(value)}" for name, value in sorted(fields.items()))
    return f"{merchant.pay_url}?{data}&{_SIGNATURE}={sign(merchant.secret, data.encode())}"


def sign(secret: SecretStr, data: bytes) -> str:
    """Returns the HMAC-SHA512 of the data, in hex."""
    return hmac.new(secret.get_secret_value().encode(), data, "sha512").hexdigest()


def outcome(merchant: VnPayMerchant, code: str, status: str) -> pv.Outcome:
    """Returns the outcome: `PAID` only if both code and status are 00."""
    if status in merchant.reversed:
        return pv.Outcome.REVERSED
    if code == status == SUCCESS:
        return pv.Outcome.PAID
    return pv.Outcome.FAILED if status in merchant.failed else pv.Outcome.PENDING


def dong(amount: str) -> int | None:
    """Returns the amount in đồng from `vnp_Amount`, which is in hundredths; None unless it is whole and positive."""
    hundredths = int(amount) if _AMOUNT.fullmatch(amount) else 0
    whole, rest = divmod(hundredths, _PER_DONG)
    return whole if 0 < whole <= pv.LARGEST and not rest else None


def _fields(query: bytes) -> dict[str, bytes] | None:
    """Returns the values, still encoded, by name; None if a name is duplicate or malformed."""
    pairs = [piece.partition(b"=") for piece in query.split(b"&")]
    names = [name for name, _, _ in pairs]
    if len(query) > pv.CALLBACK_BYTES or len(set(names)) < len(names) or not all(map(_NAME.fullmatch, names)):
        return None
    return {name.decode(): value for name, _, value in pairs}


def _text(fields: Mapping[str, bytes], name: str) -> str:
    """Returns the value of a field as text; empty if it is missing or not UTF-8."""
    try:
        return unquote_to_bytes(fields.get(f"vnp_{name}", b"").replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return ""


class VnPay(pv.AtMerchant[VnPayMerchant]):
    """A `Provider` that calls VNPay."""

    def __init__(self, name: str, merchant: VnPayMerchant, client: httpx.AsyncClient) -> None:
        super().__init__(name, merchant, "vnpay")
        self._partner = Partner(_SYSTEM, client)

    async def order(self, demand: pv.NewDemand) -> pv.PaymentMeans:
        """Returns the payment page. Until the payer's browser has opened it, a query is answered with `not_found`."""
        return pv.PaymentMeans(pay_url=pay_url(self._merchant, demand))

    async def query(self, demand: pv.Demand) -> tuple[pv.Notice, ...]:
        return self._received(demand, await self._queried(demand))

    async def confirm(self, demand: pv.Demand, transaction: str) -> tuple[pv.Notice, ...]:
        found = self._received(demand, await self._queried(demand, transaction))
        return tuple(one for one in found if one.transaction == transaction)

    def _received(self, demand: pv.Demand, said: Mapping[str, str]) -> tuple[pv.Notice, ...]:
        if said.get("vnp_TransactionType", "") in self._merchant.refunds:
            return ()  # it is about a refund, not about money received
        status = said["vnp_TransactionStatus"]
        notice = pv.Notice(
            provider=self._name,
            reference=demand.reference,
            transaction=said["vnp_TransactionNo"] or pv.UNNUMBERED,
            amount=_amount(said),
            outcome=outcome(self._merchant, SUCCESS, status),
            said=(SUCCESS, status),
            at=instant(said.get("vnp_PayDate", "")),
        )
        return (notice,)

    async def _queried(self, demand: pv.Demand, transaction: str | None = None) -> dict[str, str]:
        """Returns VNPay's signed answer about a demand, or about the given `transaction` of that demand.

        Raises `RejectedError` (`not_found`) for an unknown demand, and `UnreachableError` for an answer that is
        incomplete or about another demand.
        """
        now = datetime.now(UTC)
        asked = {**self._common("querydr", demand, now), "RequestId": _request_id(f"{demand.reference}:{now}")}
        if transaction is not None:
            asked["TransactionNo"] = transaction
        said = await self._ask(asked, self._merchant.query_fields, self._merchant.query_answer_fields)
        code = said.get("vnp_ResponseCode", "")
        if code == self._merchant.unknown:
            raise RejectedError(_SYSTEM, httpx.codes.OK, "not_found")
        whose = said.get("vnp_TxnRef"), said.get("vnp_TmnCode")
        status, number = said.get("vnp_TransactionStatus", ""), said.get("vnp_TransactionNo", "")
        unpaid = status != "" and number == "" and outcome(self._merchant, SUCCESS, status) in pv.UNPAID
        numbered = pv.TRANSACTION.fullmatch(number) is not None
        known = code == SUCCESS and whose == (demand.reference, self._merchant.terminal) and _amount(said)
        if not known or not (numbered or unpaid):
            raise UnreachableError(_SYSTEM, "an answer that tells nothing")
        return said | {"vnp_TransactionStatus": status, "vnp_TransactionNo": number}

    async def refund(self, demand: pv.Demand, giving: pv.Giving) -> pv.Given:
        """Requests the refund under a number that is a hash of the refund's key.

        VNPay recognises a repeated number on the same day. The description contains the number too, for later queries.
        """
        request_id = _request_id(giving.key)
        asked = {
            **self._common("refund", demand, datetime.now(UTC)),
            "RequestId": request_id,
            "OrderInfo": f"{plain(demand.description)[:_DESCRIBED]} {request_id}",
            "TransactionType": "02" if giving.amount == giving.of else "03",  # the whole, or a part
            "Amount": str(giving.amount * 100),
            "TransactionNo": giving.transaction,
            "CreateBy": plain(giving.by),
        }
        said = await self._ask(asked, self._merchant.refund_fields, self._merchant.refund_answer_fields)
        code, status = said.get("vnp_ResponseCode", ""), said.get("vnp_TransactionStatus", "")
        if code == status == SUCCESS:
            return pv.Given(refunding=pv.Refunding.GIVEN, transaction=said.get("vnp_TransactionNo"))
        if code == self._merchant.repeated or (code == SUCCESS and status in self._merchant.being_refunded):
            return pv.Given(refunding=pv.Refunding.UNDER_WAY)
        if code == SUCCESS and status in self._merchant.not_refunded:
            raise RejectedError(_SYSTEM, httpx.codes.OK, status)
        if code in self._merchant.refusals:
            raise RejectedError(_SYSTEM, httpx.codes.OK, code)
        raise UnreachableError(_SYSTEM, "an answer that tells nothing")

    async def refunded(self, demand: pv.Demand, giving: pv.Giving) -> pv.Given:
        """Returns the refund's state from a query, whose answer is about the transaction's last refund only.

        This refund is the last, since each refund waits for the end of the previous refund. If VNPay does not know the
        transaction, the state is unknown.
        """
        try:
            said = await self._queried(demand, giving.transaction)
        except RejectedError as error:
            if error.status >= httpx.codes.BAD_REQUEST:
                raise
            return pv.Given(refunding=pv.Refunding.UNTOLD)
        status, this = said["vnp_TransactionStatus"], self._is(said, giving)
        if not this:
            return pv.Given(refunding=pv.Refunding.UNTOLD if this is None else pv.Refunding.NOT_ASKED)
        if status in self._merchant.not_refunded:
            raise RejectedError(_SYSTEM, httpx.codes.OK, status)
        if status != SUCCESS:
            return pv.Given(refunding=pv.Refunding.UNDER_WAY)
        return pv.Given(refunding=pv.Refunding.GIVEN, transaction=said["vnp_TransactionNo"])

    def _is(self, said: Mapping[str, str], giving: pv.Giving) -> bool | None:
        """Returns whether an answer is about this refund. False: the refund was not made; None: it can't be decided.

        If the answer has no request number, the amount decides, unless an earlier request had the same amount.
        """
        about = said.get("vnp_TransactionType", "")
        if about not in self._merchant.refunds:
            return False if self._merchant.refunds and about and self._is_money(said, giving) else None
        named = _REQUEST_ID.findall(said.get("vnp_OrderInfo", ""))
        if named:
            this, other = _request_id(giving.key) in named, any(_request_id(key) in named for key in giving.before)
        else:
            this, other = _amount(said) == giving.amount, _amount(said) in giving.before.values()
        if this is other or (this and _amount(said) != giving.amount):
            return None
        return this

    def _is_money(self, said: Mapping[str, str], giving: pv.Giving) -> bool:
        """Returns whether the answer confirms that the transaction to refund is a payment, so that VNPay knows it."""
        taken = outcome(self._merchant, SUCCESS, said["vnp_TransactionStatus"]) not in pv.UNPAID
        return taken and said["vnp_TransactionNo"] == giving.transaction

    def _common(self, command: str, demand: pv.Demand, now: datetime) -> dict[str, str]:
        return {
            "Version": VERSION,
            "Command": command,
            "TmnCode": self._merchant.terminal,
            "TxnRef": demand.reference,
            "OrderInfo": plain(demand.description),
            "TransactionDate": stamp(demand.made),
            "CreateDate": stamp(now),
            "IpAddr": self._merchant.address,
        }

    async def _ask(
        self, asked: Mapping[str, str], fields: tuple[str, ...], answer_fields: tuple[str, ...]
    ) -> dict[str, str]:
        """Returns the texts and numbers of the signed answer. Raises `UnreachableError` if the signature is wrong."""
        secret = self._merchant.secret
        signature = sign(secret, "|".join(asked.get(name, "") for name in fields).encode())
        question = {f"vnp_{name}": value for name, value in asked.items()} | {"vnp_SecureHash": signature}
        answer = await self._partner.call("POST", self._merchant.api_url, AnyFields, AnyFields.model_validate(question))
        values = (answer.model_extra or {}).items()
        said = {name: str(value) for name, value in values if isinstance(value, str | int) and value is not True}
        expected = sign(secret, "|".join(said.get(f"vnp_{name}", "") for name in answer_fields).encode())
        if not hmac.compare_digest(said.get("vnp_SecureHash", "").lower().encode(), expected.encode()):
            raise UnreachableError(_SYSTEM, "an answer that is not signed")
        return said


def _amount(said: Mapping[str, str]) -> int:
    """Returns the amount in đồng; 0 if the answer has none."""
    return dong(said.get("vnp_Amount", "")) or 0


def _request_id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]
