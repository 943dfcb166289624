"""A request for money as a workflow of its own: it outlives its filing, so that no money is ever lost sight of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import workflow

from workflows.recording import AT_ONCE, Rules, Stream, one
from workflows.reporting import report

with workflow.unsafe.imports_passed_through():
    from activities.payment import BANK, MoneyRequest, OrderRequest, Payments, RefundRequest
    from rules import payment as rules
    from rules.projections import payment_rows
    from schemas import payment as pay
    from schemas.events import FeeSettlement
    from schemas.filing import FeeFact
    from schemas.ids import fee_key, payment_workflow
    from schemas.payment import Order, PaymentStart, PaymentState, PaymentView


@workflow.defn
class Payment:
    """One request for money: ordered at the bank, paid or expired, and whatever is not owed given back."""

    @workflow.init
    def __init__(self, start: PaymentStart) -> None:
        state = pay.Payment(filing_id=start.filing_id, n=start.n, agency=start.agency)
        name = payment_workflow(start.filing_id, start.n)
        self._log = Stream(name, start.filing_id, start.agency, state, _RULES)
        self._key = fee_key(start.filing_id, start.n)
        self._order: Order | None = None
        self._no_longer_owed: str | None = None

    @workflow.run
    async def run(self, start: PaymentStart) -> PaymentView:
        """Ask for the money, tell the filing how it ended, then watch for money that nobody owes."""
        await self._log.record(pay.RequestPayment(command_id="request", start=start))
        await self._make_order(start)
        await self._await_money(start)
        await self._tell_filing()
        await self._watch(timedelta(seconds=start.watch_seconds))
        return self.view()

    @workflow.query
    def view(self) -> PaymentView:
        """Where to pay, and what became of the money."""
        return rules.view(self._log.state, self._order.pay_url if self._order else None)

    @workflow.signal
    def cancel(self, *reason: Any) -> None:
        """The filing no longer owes this fee."""
        given = one(reason)
        self._no_longer_owed = given if isinstance(given, str) else "cancelled"

    @property
    def _payment(self) -> pay.Payment:
        return self._log.state

    async def _make_order(self, start: PaymentStart) -> None:
        request = OrderRequest(
            key=self._key, amount=start.amount, description=start.description, payer_account=start.payer_account
        )
        self._order = await workflow.execute_activity_method(Payments.order, request, **BANK)

    async def _await_money(self, start: PaymentStart) -> None:
        while self._payment.state is PaymentState.PENDING and self._no_longer_owed is None:
            left = max(start.due - workflow.now(), AT_ONCE)
            if not await self._news(left, expected=True):
                break
        if self._payment.state is PaymentState.PENDING:
            await self._close_order()

    async def _close_order(self) -> None:
        """Only the bank can say that nobody will have paid: it closes the order, and its answer decides."""
        order = await workflow.execute_activity_method(Payments.close, self._key, **BANK)
        await self._record_captures(order)
        if self._no_longer_owed is not None:
            await self._cancelled(self._no_longer_owed)
        elif self._payment.state is PaymentState.PENDING:
            await self._log.record(pay.ExpirePayment(command_id="expire"))

    async def _tell_filing(self) -> None:
        settled = {PaymentState.PAID: FeeSettlement.PAID, PaymentState.EXPIRED: FeeSettlement.EXPIRED}
        if self._payment.state not in settled:
            return
        fact = FeeFact(n=self._payment.n, settlement=settled[self._payment.state], amount=self._payment.amount)
        if not await report(self._payment.filing_id, "fee_settled", fact):
            await self._cancelled("the filing has ended")

    async def _cancelled(self, reason: str) -> None:
        if self._payment.state in {PaymentState.PENDING, PaymentState.PAID}:
            await self._log.record(pay.CancelPayment(command_id="cancel", reason=reason))

    async def _watch(self, period: timedelta) -> None:
        until = workflow.now() + period
        while True:
            await self._refund()
            left = max(until - workflow.now(), AT_ONCE)
            if not await self._news(left, expected=False):
                break

    async def _news(self, wait: timedelta, *, expected: bool) -> bool:
        """Wait for money that was not known or for the filing's word; False if neither came in time."""
        known = tuple(capture.capture_id for capture in self._payment.captures)
        request = MoneyRequest(key=self._key, known=known, expected=expected)
        looking = workflow.start_activity_method(Payments.money, request, **BANK)
        try:
            await workflow.wait_condition(lambda: looking.done() or self._unheard_cancel, timeout=wait)
        except TimeoutError:
            return False
        finally:
            if not looking.done():
                looking.cancel()
        if looking.done() and not looking.cancelled():
            await self._record_captures(await looking)
        if self._unheard_cancel and self._payment.state is PaymentState.PAID:
            await self._cancelled(str(self._no_longer_owed))
        return True

    @property
    def _unheard_cancel(self) -> bool:
        open_states = {PaymentState.PENDING, PaymentState.PAID}
        return self._no_longer_owed is not None and self._payment.state in open_states

    async def _record_captures(self, order: Order) -> None:
        known = {capture.capture_id for capture in self._payment.captures}
        for capture in order.captures:
            if capture.capture_id not in known:
                command = pay.RecordCapture(command_id=f"capture:{capture.capture_id}", capture=capture)
                await self._log.record(command)

    async def _refund(self) -> None:
        for capture in self._payment.to_refund:
            request = RefundRequest(order_key=self._key, capture_id=capture.capture_id, amount=capture.amount)
            await workflow.execute_activity_method(Payments.refund, request, **BANK)
            await self._log.record(
                pay.RecordRefund(
                    command_id=f"refund:{capture.capture_id}", capture_id=capture.capture_id, amount=capture.amount
                )
            )


_RULES: Rules[pay.Payment] = Rules(decide=rules.decide, evolve=rules.evolve, rows=payment_rows)
