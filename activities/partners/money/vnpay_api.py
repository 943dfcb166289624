"""Calls to VNPay, server to server: `querydr` and `refund`. Both answers are signed, too."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import httpx
from pydantic import ConfigDict

from activities.partners.http import Partner, PartnerResponse, RejectedError, UnreachableError
from activities.partners.money import provider as pv
from activities.partners.money.codecs import instant, stamp
from activities.partners.money.vnpay import SUCCESS, VERSION, VnPayMerchant, dong, outcome, pay_url, plain, sign

_SYSTEM: Final = "vnpay"
_WHOLE: Final = "02"
_PART: Final = "03"
_REQUEST_ID: Final = re.compile(r"\b[0-9a-f]{32}\b")
_DESCRIBED: Final = 222
"""The maximum length of a refund's description before the request's number, so that both fit VNPay's limit."""


class _Fields(PartnerResponse):
    model_config = ConfigDict(frozen=True, extra="allow")

    def said(self) -> dict[str, str]:
        """Returns the answer's texts and numbers in the form in which they are signed; other values are dropped."""
        found = (self.model_extra or {}).items()
        return {name: str(value) for name, value in found if isinstance(value, str | int) and value is not True}


class VnPay(pv.AtMerchant[VnPayMerchant]):
    """A `Provider` over VNPay."""

    def __init__(self, name: str, merchant: VnPayMerchant, client: httpx.AsyncClient) -> None:
        super().__init__(name, merchant, "vnpay")
        self._partner = Partner(_SYSTEM, client)

    async def order(self, demand: pv.NewDemand) -> pv.Asked:
        """Returns the payment page. Until the payer's browser has opened the page, a query is answered `not_found`."""
        return pv.Asked(pay_url=pay_url(self._merchant, demand))

    async def query(self, demand: pv.Demand) -> tuple[pv.Notice, ...]:
        said = await self._queried(demand)
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
        """Returns VNPay's signed answer about a demand, or about one transaction of it, with its number and amount."""
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
        """Requests the refund under a number that is a hash of its key.

        VNPay recognises a repeat by the number on the same day. The number is in the description too, for later
        queries.
        """
        request_id = _request_id(giving.key)
        asked = {
            **self._common("refund", demand, datetime.now(UTC)),
            "RequestId": request_id,
            "OrderInfo": f"{plain(demand.description)[:_DESCRIBED]} {request_id}",
            "TransactionType": _WHOLE if giving.amount == giving.of else _PART,
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
        """Returns the refund's state from a query, which shows only the last refund of a transaction.

        This refund is the last, since each waits for the end of the one before. If VNPay does not know the transaction,
        the state is unknown.
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
        """Returns whether an answer is about this refund. False: the refund was not made; None: that stays unclear.

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
        """Returns whether an answer confirms that this transaction took money, so that VNPay knows it."""
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
        """Returns the signed answer. Raises `UnreachableError` if it is not signed: anybody may have written it."""
        secret = self._merchant.secret
        signature = sign(secret, "|".join(asked.get(name, "") for name in fields).encode())
        question = {f"vnp_{name}": value for name, value in asked.items()} | {"vnp_SecureHash": signature}
        answer = await self._partner.call("POST", self._merchant.api_url, _Fields, _Fields.model_validate(question))
        said = answer.said()
        expected = sign(secret, "|".join(said.get(f"vnp_{name}", "") for name in answer_fields).encode())
        if not hmac.compare_digest(said.get("vnp_SecureHash", "").lower().encode(), expected.encode()):
            raise UnreachableError(_SYSTEM, "an answer that is not signed")
        return said


def _amount(said: Mapping[str, str]) -> int:
    """Returns the amount in đồng; 0 if there is none."""
    return dong(said.get("vnp_Amount", "")) or 0


def _request_id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]
