"""What VNPay is asked, server to server: `querydr` and `refund`. Both answers are signed, too."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import httpx
from pydantic import ConfigDict

from activities.partners.http import Partner, PartnerResponse, RejectedError, UnreachableError
from activities.partners.money.provider import (
    CAPABILITIES,
    TRANSACTION,
    Asked,
    Demand,
    Given,
    Giving,
    NewDemand,
    Notice,
    NotOfferedError,
    Outcome,
)
from activities.partners.money.stamps import instant, stamp
from activities.partners.money.vnpay import SUCCESS, VERSION, VnPayMerchant, dong, outcome, pay_url, plain, sign

_SYSTEM: Final = "vnpay"
_WHOLE: Final = "02"
_PART: Final = "03"


class _Answer(PartnerResponse):
    model_config = ConfigDict(frozen=True, extra="allow")

    def said(self) -> dict[str, str]:
        """Texts and numbers, as the signature takes them; anything else was not said."""
        found = (self.model_extra or {}).items()
        return {name: str(value) for name, value in found if isinstance(value, str | int) and value is not True}


class _Question(PartnerResponse):
    model_config = ConfigDict(frozen=True, extra="allow")


class VnPay:
    """A `Provider` over VNPay."""

    def __init__(self, name: str, merchant: VnPayMerchant, client: httpx.AsyncClient) -> None:
        self.can = CAPABILITIES["vnpay"]
        self.lasts = merchant.lasts
        self._name = name
        self._merchant = merchant
        self._partner = Partner(_SYSTEM, client)

    async def order(self, demand: NewDemand) -> Asked:
        """VNPay hears of it from the payer's browser, so that before it is opened it is `not_found`."""
        return Asked(pay_url=pay_url(self._merchant, demand))

    async def query(self, demand: Demand) -> tuple[Notice, ...]:
        said = await self._queried(demand)
        if said.get("vnp_TransactionType", "") in self._merchant.refunds:
            return ()  # it tells of what went back: that is no money that came
        status = said["vnp_TransactionStatus"]
        notice = Notice(
            provider=self._name,
            reference=demand.reference,
            transaction=said["vnp_TransactionNo"],
            amount=_amount(said),
            outcome=outcome(self._merchant, SUCCESS, status),
            said=(SUCCESS, status),
            at=instant(said.get("vnp_PayDate", "")),
        )
        return (notice,)

    async def _queried(self, demand: Demand, transaction: str | None = None) -> dict[str, str]:
        """What VNPay tells of a demand, or of one transaction of it: a signed answer that says which, and how much."""
        now = datetime.now(UTC)
        asked = {**self._common("querydr", demand, now), "RequestId": _request_id(f"{demand.reference}:{now}")}
        if transaction is not None:
            asked["TransactionNo"] = transaction
        said = await self._ask(asked, self._merchant.query_fields, self._merchant.query_answer_fields)
        code = said.get("vnp_ResponseCode", "")
        if code == self._merchant.unknown:
            raise RejectedError(_SYSTEM, httpx.codes.OK, "not_found")
        mine = said.get("vnp_TxnRef") == demand.reference and said.get("vnp_TmnCode") == self._merchant.terminal
        if (
            code != SUCCESS
            or not mine
            or not _amount(said)
            or not TRANSACTION.fullmatch(said.get("vnp_TransactionNo", ""))
        ):
            raise UnreachableError(_SYSTEM, "an answer that tells nothing")
        return {"vnp_TransactionStatus": ""} | said

    async def cancel(self, demand: Demand) -> tuple[Notice, ...]:  # noqa: ARG002 -- the protocol's
        raise NotOfferedError(self._name)

    async def refund(self, demand: Demand, giving: Giving) -> Given:
        """The request's number is made of the key, so that VNPay knows a repeat; what became of it a query tells."""
        asked = {
            **self._common("refund", demand, datetime.now(UTC)),
            "RequestId": _request_id(giving.key),
            "TransactionType": _WHOLE if giving.amount == giving.of else _PART,
            "Amount": str(giving.amount * 100),
            "TransactionNo": giving.transaction,
            "CreateBy": plain(giving.by),
        }
        said = await self._ask(asked, self._merchant.refund_fields, self._merchant.refund_answer_fields)
        code, status = said.get("vnp_ResponseCode", ""), said.get("vnp_TransactionStatus", "")
        if code in self._merchant.refusals:
            raise RejectedError(_SYSTEM, httpx.codes.OK, code)
        if code == SUCCESS and status in self._merchant.not_refunded:
            raise RejectedError(_SYSTEM, httpx.codes.OK, status)
        if code == self._merchant.repeated or (code == SUCCESS and status in self._merchant.being_refunded):
            return await self._given(demand, giving)
        if code != SUCCESS or status != SUCCESS:
            raise UnreachableError(_SYSTEM, "an answer that tells nothing")
        return Given(outcome=Outcome.PAID, transaction=said.get("vnp_TransactionNo"))

    async def _given(self, demand: Demand, giving: Giving) -> Given:
        """What became of a refund that VNPay knows, the last of its transaction; pending where that is not said."""
        said = await self._queried(demand, giving.transaction)
        status, about = said["vnp_TransactionStatus"], said.get("vnp_TransactionType", "")
        if about not in self._merchant.refunds or _amount(said) != giving.amount:
            return Given(outcome=Outcome.PENDING)
        if status in self._merchant.not_refunded:
            raise RejectedError(_SYSTEM, httpx.codes.OK, status)
        if status != SUCCESS:
            return Given(outcome=Outcome.PENDING)
        return Given(outcome=Outcome.PAID, transaction=said["vnp_TransactionNo"])

    def _common(self, command: str, demand: Demand, now: datetime) -> dict[str, str]:
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
        """Raises `UnreachableError` for an answer that is not signed: anybody may have written it."""
        secret = self._merchant.secret
        signature = sign(secret, "|".join(asked.get(name, "") for name in fields).encode())
        question = {f"vnp_{name}": value for name, value in asked.items()} | {"vnp_SecureHash": signature}
        answer = await self._partner.call("POST", self._merchant.api_url, _Answer, _Question.model_validate(question))
        said = answer.said()
        expected = sign(secret, "|".join(said.get(f"vnp_{name}", "") for name in answer_fields).encode())
        if not hmac.compare_digest(said.get("vnp_SecureHash", "").lower().encode(), expected.encode()):
            raise UnreachableError(_SYSTEM, "an answer that is not signed")
        return said


def _amount(said: Mapping[str, str]) -> int:
    """In đồng; 0 where none is said."""
    return dong(said.get("vnp_Amount", "")) or 0


def _request_id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]
