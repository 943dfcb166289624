"""A request for money as a workflow of its own: it outlives its filing, so that no money is ever lost sight of."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.ledger.append import LEDGER
    from activities.partners.money.provider import Demand
    from activities.payment import (
        BANK,
        Asking,
        LateMoneyRequest,
        MerchantRequest,
        MoneyRequest,
        OrderRequest,
        Payments,
    )
    from activities.refunds import PaymentOf, Refunds
    from rules import payment as rules
    from rules.known import known
    from rules.refund.claims import number_of
    from rules.streams import PAYMENT
    from schemas import ids
    from schemas import payment as pay
    from schemas.errors import RefusalError
    from schemas.filing.events import FeeSettlement
    from schemas.filing.state import FeeFact
    from schemas.payment import GivenBack, MoneyNotice, Order, PaymentState, PaymentView, Taken
    from workflows.children import begin_refund
    from workflows.stream.recording import MIN_TIMER, single_argument
    from workflows.stream.reporting import report
    from workflows.stream.shell import Life, Opening, of_kind
    from workflows.stream.waiting import drain_handlers, give_up, outcome, wait_for


_OWED: Final = {PaymentState.PENDING, PaymentState.PAID}


class PaymentLife(Life[pay.Payment]):
    """The life of a request for money: it outlives its filing."""

    async def opening(self) -> Opening:
        """The request as its first command, through whom the agency's directory names unless the start does."""
        opening = await super().opening()
        start: pay.PaymentStart = self.start
        if start.provider is not None:
            return opening
        asked = MerchantRequest(agency=start.agency)
        name = await workflow.execute_local_activity_method(Payments.merchant, asked, **LEDGER)
        command = pay.RequestPayment(
            command_id=opening.command.command_id, start=start.model_copy(update={"provider": name})
        )
        return replace(opening, command=command)

    async def proceed(self) -> None:
        """Ask for the money, tell the filing how it ended, then watch for money that nobody owes."""
        if not self.memory.told:
            await self._make_order()
            await self._await_money()
            await self._tell_filing()
            self._remember(told=True)
        while True:
            await self._watch()
            await drain_handlers(self.stream)  # this run may have been started for the notice that is being taken
            if self._to_give_back:
                continue
            await wait_for(self.stream, lambda: not self._payment.to_refund or bool(self._to_give_back))
            if not self._payment.to_refund:
                return

    async def caught_up(self) -> None:
        """Hear what was said to the run before: that nothing is owed, what went back. It may have been lost with it."""
        if self._payment.state in _OWED:
            await self._cancelled("the filing no longer owes this fee")
        if self._payment.captures:
            asked = PaymentOf(filing_id=self._payment.filing_id, n=self._payment.n)
            for given in await workflow.execute_local_activity_method(Refunds.given, asked, **LEDGER):
                await self.stream.attempt(self._refunded(given))

    def cancel(self, reason: Any) -> None:
        """Hear that the filing no longer owes this fee."""
        self._remember(cancel=reason if isinstance(reason, str) else "cancelled")

    async def heard(self, raw: Any) -> None:
        """Record what a provider says by itself, exactly as what it answers. What is of no use is parked."""
        stream = await self.recorded()
        try:
            notice = MoneyNotice.model_validate(raw)
        except ValidationError:
            await self.park("noticed", raw, "no notice of money")
            return
        if notice.reference != self._asking.demand.reference:
            await self.park("noticed", raw, "a notice about other money")
        elif notice.outcome == "reversed":
            await self.park("noticed", raw, "the payer's bank took money back")
        elif notice.outcome == "paid":
            at = notice.at or workflow.now()
            capture = pay.Capture(capture_id=notice.transaction, amount=notice.amount, at=at)
            await stream.attempt(_record(capture))

    def _remember(self, **what: Any) -> None:
        self.memory = self.memory.model_copy(update=what)

    @property
    def _payment(self) -> pay.Payment:
        return self.stream.state

    @property
    def _asking(self) -> Asking:
        """Who takes the money, and what they are asked about."""
        payment = self._payment
        demand = Demand(
            key=ids.fee_key(payment.filing_id, payment.n),
            amount=payment.amount,
            description=payment.description,
            made=known(payment.requested_at),
            expires=known(payment.due),
        )
        return Asking(provider=payment.provider, demand=demand)

    async def _make_order(self) -> None:
        """Have the provider make the order, for as long as there is time to pay."""
        payment = self._payment
        if payment.state is not PaymentState.PENDING or payment.ordered:
            return
        request = OrderRequest(asking=self._asking, stream=str(self.stream.id), payer_account=payment.payer_account)
        # Repeated by the server until it is made or it is too late, so that no timer has to be started and cancelled.
        config = BANK | {"schedule_to_close_timeout": max(known(payment.due) - workflow.now(), MIN_TIMER)}
        making = workflow.start_activity_method(Payments.order, request, **config)
        await wait_for(
            self.stream,
            lambda: making.done() or self._unheard_cancel or self._payment.state is not PaymentState.PENDING,
        )
        if not making.done():
            give_up(making)
            return
        try:
            await self._record_order(making.result())
        except ActivityError:
            workflow.logger.warning("payment.never_ordered", extra={"filing_id": str(payment.filing_id)})

    async def _record_order(self, order: Order) -> None:
        """Where it is paid. Refused once nothing is owed any more."""
        command = pay.RecordOrder(command_id="order", order_id=order.order_id, pay_url=order.pay_url, code=order.code)
        await self.stream.attempt(command)

    async def _await_money(self) -> None:
        while self._payment.state is PaymentState.PENDING:
            if not await self._money():
                break
        if self._payment.state is not PaymentState.PAID:
            await self._close_order()

    async def _close_order(self) -> None:
        """Only the provider can say that nobody has paid: it closes the order, or is asked, and its answer decides."""
        taken = await outcome(self.stream, workflow.start_activity_method(Payments.close, self._asking, **BANK))
        await self._record_captures(taken)
        if self._payment.state is PaymentState.PENDING:
            await self.stream.record(pay.ExpirePayment(command_id="expire"))

    async def _tell_filing(self) -> None:
        payment = self._payment
        settled = {PaymentState.PAID: FeeSettlement.PAID, PaymentState.EXPIRED: FeeSettlement.EXPIRED}
        if payment.state not in settled:
            return
        fact = FeeFact(n=payment.n, settlement=settled[payment.state], amount=payment.amount)
        if not await report(self.stream, "fee_settled", fact):
            await self._cancelled("the filing has ended")

    async def _cancelled(self, reason: str) -> None:
        """Owe nothing any more, if the record of the filing bears that out."""
        self._remember(cancel=None)
        try:
            await self.stream.record(pay.CancelPayment(command_id="cancel", reason=reason))
        except RefusalError as error:
            workflow.logger.info("payment.still_owed", extra={"code": error.refusal.code})

    async def _watch(self) -> None:
        """See to what nobody owes, until a look at the end of the watch finds no more.

        The activity is repeated by the server for as long as the watch lasts: looks need neither timers nor tasks.
        """
        while await self._more_came():
            await self._hear()

    async def _more_came(self) -> bool:
        """See to what nobody owes, and wait for more money, or the filing's word; False once the watch is over."""
        await self._begin_refunds()
        payment, before = self._payment, self._taken
        request = LateMoneyRequest(
            asking=self._asking,
            known=before,
            stream=str(self.stream.id),
            since=known(payment.settled_at),
            until=known(payment.watched_until),
        )
        looking = workflow.start_activity_method(Payments.late_money, request, **BANK)
        await self._look(looking, lambda: self._unheard_cancel or self._taken != before)
        if looking.done():
            await self._record_captures(await looking)
        return not looking.done() or self._taken != before or self._unheard_cancel

    async def _money(self) -> bool:
        """Wait for money that was not known, the filing's word or another calendar; False if none came in time.

        The server ends the looking when it is too late for another look, so that a timer is needed for the rest alone.
        """
        due, before = self._payment.due, self._taken

        def told() -> bool:
            return self._unheard_cancel or self._payment.due != due or self._taken != before

        request = MoneyRequest(asking=self._asking, known=before)
        config = BANK | {"schedule_to_close_timeout": max(known(due) - workflow.now(), MIN_TIMER)}
        looking = workflow.start_activity_method(Payments.money, request, **config)
        await self._look(looking, told)
        if looking.done() and not await self._found(looking) and not await self._waited(told, known(due)):
            return False
        await self._hear()
        return True

    async def _look(self, looking: workflow.ActivityHandle[Taken], told: Callable[[], bool]) -> None:
        """Wait until the looking has ended, or until something is told that it does not know of."""
        try:
            await wait_for(self.stream, lambda: looking.done() or told())
        finally:
            if not looking.done():
                give_up(looking)

    async def _hear(self) -> None:
        """Take the filing's word, if there is one."""
        if self.memory.cancel is not None:
            await self._cancelled(self.memory.cancel)

    async def _found(self, looking: workflow.ActivityHandle[Taken]) -> bool:
        """Record the money that was found; False if the looking ended without any."""
        try:
            taken = await looking
        except ActivityError:
            return False
        await self._record_captures(taken)
        return True

    async def _waited(self, told: Callable[[], bool], until: datetime) -> bool:
        """Wait for what is told, until it is too late for that too; False then."""
        left = max(until - workflow.now(), MIN_TIMER)
        try:
            await wait_for(self.stream, told, within=left, summary="the end of the wait for money")
        except TimeoutError:
            return False
        return True

    @property
    def _unheard_cancel(self) -> bool:
        return self.memory.cancel is not None and self._payment.state in _OWED

    @property
    def _taken(self) -> tuple[str, ...]:
        return tuple(capture.capture_id for capture in self._payment.captures)

    async def _record_captures(self, taken: Taken) -> None:
        """Record the money that was not known. A notice of the same may be first."""
        for capture in taken.captures:
            if capture.capture_id not in self._taken:
                await self.stream.attempt(_record(capture))

    @property
    def _to_give_back(self) -> tuple[pay.Capture, ...]:
        """What nobody owes, and whose refund was not begun."""
        return tuple(one for one in self._payment.to_refund if one.capture_id not in self.memory.begun)

    async def _begin_refunds(self) -> None:
        """Have people agree that what nobody owes goes back. Who is told twice looks twice."""
        for capture in self._to_give_back:
            ordinal = self._taken.index(capture.capture_id) + 1
            await begin_refund(self._payment.filing_id, number_of(self._payment.n, ordinal))
            self._remember(begun=(*self.memory.begun, capture.capture_id))

    async def gave_back(self, raw: Any) -> None:
        """Record what a refund says that it gave back. What is of no use is parked."""
        stream = await self.recorded()
        try:
            await stream.attempt(self._refunded(GivenBack.model_validate(raw)))
        except ValueError:
            await self.park("refunded", raw, "no refund of this payment")

    def _refunded(self, given: GivenBack) -> pay.RecordRefund:
        """Raises `ValueError` if it is of no capture of this payment."""
        ordinal = self._taken.index(given.capture_id) + 1
        return pay.RecordRefund(command_id=f"refund:{ordinal}:{given.case}", given=given)


def _record(capture: pay.Capture) -> pay.RecordCapture:
    return pay.RecordCapture(command_id=f"capture:{capture.capture_id}", capture=capture)


@workflow.defn(name="Payment")
@of_kind(PAYMENT, PaymentLife)
class PaymentWorkflow:
    """One request for money: ordered at the bank, paid or expired, and whatever is not owed given back."""

    life: PaymentLife

    @workflow.run
    async def run(self, *raw: Any) -> PaymentView:  # noqa: ARG002 -- parsed before, as the life begins
        """Live, and say what became of the money."""
        await self.life.live()
        return rules.view(self.life.stream.state)

    @workflow.signal
    def cancel(self, *reason: Any) -> None:
        """The filing no longer owes this fee."""
        self.life.cancel(single_argument(reason))

    @workflow.signal
    async def noticed(self, *notice: Any) -> None:
        """A provider says something about the money: a `MoneyNotice`."""
        with suppress(RefusalError):
            await self.life.heard(single_argument(notice))

    @workflow.signal
    async def refunded(self, *given: Any) -> None:
        """A refund says what went back: a `GivenBack`."""
        with suppress(RefusalError):
            await self.life.gave_back(single_argument(given))
