"""A bank with the sandbox's API, a payment provider that uses such a bank, and the receiver of its reports.

Every call carries a business key by which the bank recognises a repeat, so a call whose answer was lost is repeated.
Amounts are whole đồng. A failed call raises `UnreachableError` (outcome unknown) or `RejectedError` (the bank's code).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, Protocol

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from activities.partners.http import Partner, PartnerResponse, segment
from activities.partners.money import provider as pv
from activities.partners.money.codecs import object_once
from schemas.base import Instant
from schemas.ids import reference_of

_STATUS: Final = {
    pv.Verdict.BAD_SIGNATURE: 401,
    pv.Verdict.UNREADABLE: 422,
    pv.Verdict.UNKNOWN_ORDER: 404,
    pv.Verdict.NOT_KEPT: 503,
}


class BankMerchant(pv.MerchantSettings):
    """A bank at `url` that also reports each capture, signed with `secret` in the same way as a VietQR credit note."""

    kind: Literal["bank"]
    url: str
    secret: SecretStr


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    key: Annotated[str, Field(max_length=100)]
    capture_id: Annotated[str, Field(pattern=f"^{pv.TRANSACTION.pattern}$")]
    amount: Annotated[int, Field(gt=0, le=pv.LARGEST)]
    at: Instant


class Capture(PartnerResponse):
    """Money that arrived on an order."""

    capture_id: str
    amount: int
    at: AwareDatetime


class Refund(PartnerResponse):
    """Money returned from one capture. The refund has a business key of its own."""

    key: str
    capture_id: str
    amount: int
    at: AwareDatetime


class Order(PartnerResponse):
    """A request for money. A capture on a `cancelled` order is late money; a second capture is a double payment."""

    key: str
    order_id: str
    amount: int
    currency: str
    status: Literal["pending", "paid", "cancelled"]
    pay_url: str
    captures: tuple[Capture, ...] = ()
    refunds: tuple[Refund, ...] = ()


class Bank(Protocol):
    """A bank or payment gateway."""

    async def order(self, key: str, amount: int, description: str, payer_account: str | None = None) -> Order:
        """Places the order, or returns this key's order. Raises `RejectedError` (`key_reused`) if that differs."""

    async def get(self, key: str) -> Order:
        """Returns the order's current state. Raises `RejectedError` (`not_found`) if the order was never placed."""

    async def cancel(self, key: str) -> Order:
        """Closes the order to further money, and returns it; its state is `paid` if money arrived before."""

    async def refund(self, key: str, order_key: str, capture_id: str, amount: int) -> Refund:
        """Makes a refund, or returns this key's. Raises `RejectedError` (`exceeds_capture`) if the sum is too high."""


class _NewOrder(PartnerResponse):
    amount: int
    currency: Literal["VND"] = "VND"
    description: str
    payer_account: str | None = Field(repr=False)


class _NewRefund(PartnerResponse):
    order_key: str
    capture_id: str
    amount: int


class HttpBank:
    """A `Bank` that has the sandbox's JSON API. `url`: the bank's address; empty if the client has it."""

    def __init__(self, client: httpx.AsyncClient, url: str = "") -> None:
        self._partner = Partner("bank", client)
        self._url = url

    async def order(self, key: str, amount: int, description: str, payer_account: str | None = None) -> Order:
        new = _NewOrder(amount=amount, description=description, payer_account=payer_account)
        return await self._partner.call("PUT", f"{self._url}/orders/{segment(key)}", Order, new)

    async def get(self, key: str) -> Order:
        return await self._partner.call("GET", f"{self._url}/orders/{segment(key)}", Order)

    async def cancel(self, key: str) -> Order:
        return await self._partner.call("POST", f"{self._url}/orders/{segment(key)}/cancel", Order)

    async def refund(self, key: str, order_key: str, capture_id: str, amount: int) -> Refund:
        new = _NewRefund(order_key=order_key, capture_id=capture_id, amount=amount)
        return await self._partner.call("PUT", f"{self._url}/refunds/{segment(key)}", Refund, new)


class OwnBank(pv.Provider):
    """A payment provider that uses a bank. A demand and its order at the bank have the same key.

    `push`: whether the bank reports captures.
    """

    def __init__(self, name: str, bank: Bank, *, push: bool = False) -> None:
        self.can = pv.CAPABILITIES["bank"].model_copy(update={"push": push})
        self.lasts: timedelta | None = None
        self.patience = pv.PATIENCE
        self._name = name
        self._bank = bank

    async def order(self, demand: pv.NewDemand) -> pv.PaymentMeans:
        made = await self._bank.order(demand.key, demand.amount, demand.description, demand.payer_account)
        return pv.PaymentMeans(pay_url=made.pay_url)

    async def query(self, demand: pv.Demand) -> tuple[pv.Notice, ...]:
        return tuple(self._notices(demand, await self._bank.get(demand.key)))

    async def cancel(self, demand: pv.Demand) -> tuple[pv.Notice, ...]:
        return tuple(self._notices(demand, await self._bank.cancel(demand.key)))

    async def refund(self, demand: pv.Demand, giving: pv.Giving) -> pv.Given:
        given = await self._bank.refund(giving.key, demand.key, giving.transaction, giving.amount)
        return pv.Given(refunding=pv.Refunding.GIVEN, transaction=given.key)

    async def refunded(self, demand: pv.Demand, giving: pv.Giving) -> pv.Given:
        order = await self._bank.get(demand.key)
        if any(refund.key == giving.key for refund in order.refunds):
            return pv.Given(refunding=pv.Refunding.GIVEN, transaction=giving.key)
        taken = any(capture.capture_id == giving.transaction for capture in order.captures)
        return pv.Given(refunding=pv.Refunding.NOT_ASKED if taken else pv.Refunding.UNTOLD)

    def _notices(self, demand: pv.Demand, order: Order) -> Iterator[pv.Notice]:
        for capture in order.captures:
            yield pv.Notice(
                provider=self._name,
                reference=demand.reference,
                transaction=capture.capture_id,
                amount=capture.amount,
                outcome=pv.Outcome.PAID,
                said=("captured",),
                at=capture.at,
            )


class BankDoor:
    """The `Door` for a bank's reports of captures."""

    def __init__(self, name: str, merchant: BankMerchant) -> None:
        self._name = name
        self._merchant = merchant

    def verified(self, received: pv.Received, now: datetime) -> pv.Notice | pv.Refused:
        if not pv.is_signed(received, self._merchant.secret, "x-signature"):
            return pv.Refused(verdict=pv.Verdict.BAD_SIGNATURE)
        try:
            report = _Report.model_validate_json(received.body)
            object_once(received.body)
        except (ValidationError, ValueError, OverflowError):  # the instant may be outside UTC's range
            return pv.Refused(verdict=pv.Verdict.UNREADABLE)
        if report.at > now + pv.AHEAD:
            return pv.Refused(verdict=pv.Verdict.UNREADABLE)
        return pv.Notice(
            provider=self._name,
            reference=reference_of(report.key),
            transaction=report.capture_id,
            amount=report.amount,
            outcome=pv.Outcome.PAID,
            said=("captured",),
            at=report.at,
        )

    def reply(self, verdict: pv.Verdict) -> pv.Reply:
        """Returns the answer: 2xx for every stored report; the bank repeats the others."""
        return pv.Reply(status=_STATUS.get(verdict, 200), body={"code": verdict.value})
