"""A request for money as a workflow of its own: it outlives its filing, so that no money is ever lost sight of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.payment import BANK, MoneyRequest, OrderRequest, Payments, RefundRequest
    from rules import payment as rules
    from rules.projections import payment_rows
    from schemas import payment as pay
    from schemas.errors import NOT_READY, Refused
    from schemas.events import FeeSettlement
    from schemas.filing import FeeFact
    from schemas.ids import fee_key, payment_workflow
    from schemas.payment import Order, PaymentStart, PaymentState, PaymentView
    from workflows.recording import AT_ONCE, Rules, Stream, begin, failure, one, started
    from workflows.reporting import report

_RULES: Final[Rules[pay.Payment]] = Rules(rules.decide, rules.evolve, payment_rows)


@workflow.defn
class Payment:
    """One request for money: ordered at the bank, paid or expired, and whatever is not owed given back."""

    @workflow.init
    def __init__(self, *_: Any) -> None:
        self._log: Stream[pay.Payment] | None = None
        self._key = ""
        self._order: Order | None = None
        self._no_longer_owed: str | None = None

    @workflow.run
    async def run(self, *raw: Any) -> PaymentView:
        """Ask for the money, tell the filing how it ended, then watch for money that nobody owes."""
        start = started(PaymentStart, one(raw))
        self._key = fee_key(start.filing_id, start.n)
        name = payment_workflow(start.filing_id, start.n)
        state = pay.Payment(filing_id=start.filing_id, n=start.n, agency=start.agency)
        self._log = Stream(name, start.filing_id, start.agency, state, _RULES)
        await begin(self._log, pay.RequestPayment(command_id="request", start=start))
        await self._make_order(start)
        await self._await_money(start)
        await self._tell_filing()
        await self._watch(timedelta(seconds=start.watch_seconds))
        return self.view()

    @workflow.query
    def view(self) -> PaymentView:
        """Where to pay, and what became of the money."""
        if self._log is None:
            raise failure(NOT_READY)
        return rules.view(self._log.state, self._order.pay_url if self._order else None)

    @workflow.signal
    def cancel(self, *reason: Any) -> None:
        """The filing no longer owes this fee."""
        given = one(reason)
        self._no_longer_owed = given if isinstance(given, str) else "cancelled"

    @property
    def _stream(self) -> Stream[pay.Payment]:
        if self._log is None:
            raise failure(NOT_READY)
        return self._log

    @property
    def _payment(self) -> pay.Payment:
        return self._stream.state

    async def _make_order(self, start: PaymentStart) -> None:
        """Have the bank make the order, for as long as there is time to pay."""
        request = OrderRequest(
            key=self._key, amount=start.amount, description=start.description, payer_account=start.payer_account
        )
        making = workflow.start_activity_method(Payments.order, request, **BANK)
        left = max(start.due - workflow.now(), AT_ONCE)
        try:
            await workflow.wait_condition(lambda: making.done() or self._unheard_cancel, timeout=left)
        except TimeoutError:
            workflow.logger.warning("payment.never_ordered", extra={"filing_id": str(start.filing_id)})
        if making.done():
            self._order = await making
        else:
            _give_up(making)

    async def _await_money(self, start: PaymentStart) -> None:
        while self._payment.state is PaymentState.PENDING:
            left = max(start.due - workflow.now(), AT_ONCE)
            if not await self._news(left, expected=True):
                break
        if self._payment.state is not PaymentState.PAID:
            await self._close_order()

    async def _close_order(self) -> None:
        """Only the bank can say that nobody will have paid: it closes the order, and its answer decides."""
        order = await workflow.execute_activity_method(Payments.close, self._key, **BANK)
        await self._record_captures(order)
        if self._payment.state is PaymentState.PENDING:
            await self._stream.record(pay.ExpirePayment(command_id="expire"))

    async def _tell_filing(self) -> None:
        settled = {PaymentState.PAID: FeeSettlement.PAID, PaymentState.EXPIRED: FeeSettlement.EXPIRED}
        if self._payment.state not in settled:
            return
        fact = FeeFact(n=self._payment.n, settlement=settled[self._payment.state], amount=self._payment.amount)
        if not await report(self._payment.filing_id, "fee_settled", fact):
            await self._cancelled("the filing has ended")

    async def _cancelled(self, reason: str) -> None:
        """Owe nothing any more, if the record of the filing bears that out."""
        self._no_longer_owed = None
        try:
            await self._stream.record(pay.CancelPayment(command_id="cancel", reason=reason))
        except Refused as no:
            workflow.logger.warning("payment.still_owed", extra={"code": no.refusal.code})

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
                _give_up(looking)
        if looking.done() and not looking.cancelled():
            await self._record_captures(await looking)
        if self._no_longer_owed is not None:
            await self._cancelled(self._no_longer_owed)
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
                await self._stream.record(command)

    async def _refund(self) -> None:
        for capture in self._payment.to_refund:
            request = RefundRequest(order_key=self._key, capture_id=capture.capture_id, amount=capture.amount)
            await workflow.execute_activity_method(Payments.refund, request, **BANK)
            await self._stream.record(
                pay.RecordRefund(
                    command_id=f"refund:{capture.capture_id}", capture_id=capture.capture_id, amount=capture.amount
                )
            )


def _give_up(work: workflow.ActivityHandle[Any]) -> None:
    """Cancel what is no longer waited for; how it ends is of no interest."""
    work.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    work.cancel()
