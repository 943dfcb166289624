"""Notices of money that providers send by themselves, as callbacks."""

import asyncio
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from rules.payment import charge_backs, fold, status
    from schemas.payment.commands import RecordChargeBack
    from schemas.payment.state import TOLD, Attempt, Capture, ChargeBack, MoneyNotice

from workflows.payment.known import KnownPayment, of_request, of_transaction, proxied, record


class Callbacks:
    """Handles the callbacks of one payment."""

    def __init__(self, life: KnownPayment) -> None:
        self._life = proxied(life)
        self._taking_back = asyncio.Lock()

    async def take(self, raw: Any) -> None:
        """Records the payment or charge-back that a provider's notice reports. An unusable notice is parked.

        If the notice says that a payment is pending, the provider is only queried.
        """
        stream = await self._life.recorded()
        try:
            notice = MoneyNotice.model_validate(raw)
        except ValidationError:
            await self._life.park("noticed", raw, "no notice of money")
            return
        request = next((one for one in self._life.payment.attempts if self._about(one, notice)), None)
        if request is None:
            await self._life.park("noticed", raw, "a notice about other money")
        elif notice.outcome == "reversed":
            await self._charged_back(request, notice)
        elif self._of_another(request, notice):
            await self._life.park("noticed", raw, "a transaction of another request has this number")
        elif notice.outcome == "paid":
            at = notice.at or workflow.now()
            capture = Capture(capture_id=notice.transaction, amount=notice.amount, at=at, attempt=request.attempt)
            await stream.attempt(record(capture).model_copy(update={"via": TOLD}))
        elif notice.outcome == "pending":
            self._life.doubted = True

    async def _charged_back(self, request: Attempt, notice: MoneyNotice) -> None:
        """Records a charge-back, even of money that is not recorded yet.

        Charge-backs are recorded one after another, because the id of a further part under the same number depends on
        the recorded parts.
        """
        n = request.attempt
        said = {"transaction": notice.transaction, "amount": notice.amount, "at": notice.at or workflow.now()}
        back = ChargeBack.model_validate(said | {"attempt": fold.unless_first(n), "by_number": notice.by_number})
        async with self._taking_back:
            if notice.at is None:
                back = back.model_copy(update={"at": charge_backs.when(self._life.payment, back)})
            command_id = of_request(of_transaction("charge_back", charge_backs.named(self._life.payment, back)), n)
            await self._life.stream.attempt(RecordChargeBack(command_id=command_id, via=TOLD, back=back))

    def _about(self, request: Attempt, notice: MoneyNotice) -> bool:
        return status.reference(self._life.payment, request) == notice.reference

    def _of_another(self, request: Attempt, notice: MoneyNotice) -> bool:
        """Returns whether another request has a transaction with this number: providers may use equal numbers."""
        same = (one for one in self._life.payment.captures if one.capture_id == notice.transaction)
        return any((one.attempt or 1) != request.attempt for one in same)
