"""A request for money as a workflow of its own: it outlives its filing, so that no money is ever lost sight of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.payment import BANK, MoneyRequest, OrderRequest, Payments, RefundRequest
    from rules import payment as rules
    from rules.filing.projections import payment_rows
    from schemas import ids
    from schemas import payment as pay
    from schemas.errors import NOT_READY, Refusal, RefusalError
    from schemas.filing.events import FeeSettlement
    from schemas.filing.state import FeeFact
    from schemas.payment import Order, PaymentStart, PaymentState, PaymentView
    from schemas.stream.snapshots import PaymentCarried
    from workflows.stream.calendars import adopt_calendar
    from workflows.stream.recording import AT_ONCE, Rules, Stream, begin, failure, one
    from workflows.stream.reporting import report
    from workflows.stream.starting import Again, adopted, again, going_on, started
    from workflows.stream.waiting import ContinueAsNewDueError, outcome, settled, wait_for

_RULES: Final[Rules[pay.Payment]] = Rules(rules.decide, rules.evolve, payment_rows)


@workflow.defn
class Payment:
    """One request for money: ordered at the bank, paid or expired, and whatever is not owed given back."""

    @workflow.init
    def __init__(self, *raw: Any) -> None:
        self._log: Stream[pay.Payment] | None = None
        self._pay_url: str | None = None
        self._no_longer_owed: str | None = None
        self._watch_until: datetime | None = None
        self._again: Again[PaymentCarried] | None = None
        self._refusal: Refusal | None = None
        try:
            self._again = again(one(raw), PaymentCarried)
        except RefusalError as no:
            self._refusal = no.refusal
        if self._again is not None and self._again.carried is not None:
            self._go_on(self._again.carried, self._again.epoch)

    @workflow.run
    async def run(self, *raw: Any) -> PaymentView:
        """Ask for the money, tell the filing how it ended, then watch for money that nobody owes."""
        if self._log is None:
            await self._begin(one(raw))
        try:
            if self._watch_until is None:
                await self._make_order()
                await self._await_money()
                await self._tell_filing()
            await self._watch()
        except ContinueAsNewDueError:
            await settled(self._stream)
            workflow.continue_as_new(going_on(self._stream, self._carried()))
        await settled(self._stream)
        return self.view()

    @workflow.query
    def view(self) -> PaymentView:
        """Where to pay, and what became of the money."""
        if self._log is None:
            raise failure(NOT_READY)
        return rules.view(self._log.state, self._pay_url)

    @workflow.signal
    def cancel(self, *reason: Any) -> None:
        """The filing no longer owes this fee."""
        given = one(reason)
        self._no_longer_owed = given if isinstance(given, str) else "cancelled"

    adopt_calendar = adopt_calendar()

    async def recorded(self) -> Stream[pay.Payment]:
        """The stream, once it has begun."""
        await workflow.wait_condition(lambda: self._log is not None and self._log.state.seq > 0)
        return self._stream

    @property
    def _stream(self) -> Stream[pay.Payment]:
        if self._log is None:
            raise failure(NOT_READY)
        return self._log

    @property
    def _payment(self) -> pay.Payment:
        return self._stream.state

    @property
    def _key(self) -> str:
        """By which the bank knows it."""
        return ids.fee_key(self._payment.filing_id, self._payment.n)

    async def _begin(self, raw: Any) -> None:
        """Record that money is asked for, or take over what was recorded."""
        if self._refusal is not None:
            raise failure(self._refusal)
        if self._again is not None:
            self._log = await adopted(_RULES, self._again.epoch, ids.payment_workflow, pay.Payment)
            return
        start = started(PaymentStart, raw, ids.payment_workflow)
        name = ids.payment_workflow(start.filing_id, start.n)
        state = pay.Payment(filing_id=start.filing_id, n=start.n, agency=start.agency)
        self._log = Stream(name, start.filing_id, start.agency, state, _RULES)
        await begin(self._log, pay.RequestPayment(command_id="request", start=start))

    def _go_on(self, carried: PaymentCarried, epoch: int | None) -> None:
        """Go on where the run before left off."""
        state = carried.state
        name = ids.payment_workflow(state.filing_id, state.n)
        self._log = Stream(name, state.filing_id, state.agency, state, _RULES, receipts=carried.receipts, epoch=epoch)
        self._pay_url = carried.pay_url
        self._no_longer_owed = carried.cancel
        self._watch_until = carried.watch_until

    def _carried(self) -> PaymentCarried:
        return PaymentCarried(
            state=self._payment,
            receipts=tuple(self._stream.receipts.values()),
            cancel=self._no_longer_owed,
            pay_url=self._pay_url,
            watch_until=self._watch_until,
        )

    @property
    def _left(self) -> timedelta:
        """How long it can still be paid."""
        due = self._payment.due or workflow.now()
        return max(due - workflow.now(), AT_ONCE)

    async def _make_order(self) -> None:
        """Have the bank make the order, for as long as there is time to pay."""
        payment = self._payment
        if payment.state is not PaymentState.PENDING or self._pay_url is not None:
            return
        request = OrderRequest(
            key=self._key,
            amount=payment.amount,
            description=payment.description,
            payer_account=payment.payer_account,
        )
        making = workflow.start_activity_method(Payments.order, request, **BANK)
        while await self._not_yet(lambda: making.done() or self._unheard_cancel):
            pass
        if making.done():
            self._pay_url = (await making).pay_url
        else:
            _give_up(making)

    async def _not_yet(self, done: Callable[[], bool]) -> bool:
        """Wait until `done` or due; whether to wait on because another calendar has another due instant."""
        due = self._payment.due
        try:
            await wait_for(self._stream, lambda: done() or self._payment.due != due, within=self._left)
        except TimeoutError:
            workflow.logger.warning("payment.never_ordered", extra={"filing_id": str(self._payment.filing_id)})
            return False
        return not done()

    async def _await_money(self) -> None:
        while self._payment.state is PaymentState.PENDING:
            if not await self._news(self._left, expected=True):
                break
        if self._payment.state is not PaymentState.PAID:
            await self._close_order()

    async def _close_order(self) -> None:
        """Only the bank can say that nobody will have paid: it closes the order, and its answer decides."""
        order = await outcome(self._stream, workflow.start_activity_method(Payments.close, self._key, **BANK))
        await self._record_captures(order)
        if self._payment.state is PaymentState.PENDING:
            await self._stream.record(pay.ExpirePayment(command_id="expire"))

    async def _tell_filing(self) -> None:
        payment = self._payment
        settled = {PaymentState.PAID: FeeSettlement.PAID, PaymentState.EXPIRED: FeeSettlement.EXPIRED}
        if payment.state not in settled:
            return
        fact = FeeFact(n=payment.n, settlement=settled[payment.state], amount=payment.amount)
        if not await report(self._stream, payment.filing_id, "fee_settled", fact):
            await self._cancelled("the filing has ended")

    async def _cancelled(self, reason: str) -> None:
        """Owe nothing any more, if the record of the filing bears that out."""
        self._no_longer_owed = None
        try:
            await self._stream.record(pay.CancelPayment(command_id="cancel", reason=reason))
        except RefusalError as no:
            workflow.logger.warning("payment.still_owed", extra={"code": no.refusal.code})

    async def _watch(self) -> None:
        if self._watch_until is None:
            self._watch_until = workflow.now() + timedelta(seconds=self._payment.watch_seconds)
        while True:
            await self._refund()
            left = max(self._watch_until - workflow.now(), AT_ONCE)
            if not await self._news(left, expected=False):
                break

    async def _news(self, wait: timedelta, *, expected: bool) -> bool:
        """Wait for money that was not known, the filing's word or another calendar; False if none came in time."""
        known = tuple(capture.capture_id for capture in self._payment.captures)
        request = MoneyRequest(key=self._key, known=known, expected=expected)
        due = self._payment.due

        def news() -> bool:
            return looking.done() or self._unheard_cancel or self._payment.due != due

        looking = workflow.start_activity_method(Payments.money, request, **BANK)
        try:
            await wait_for(self._stream, news, within=wait)
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
            await outcome(self._stream, workflow.start_activity_method(Payments.refund, request, **BANK))
            await self._stream.record(
                pay.RecordRefund(
                    command_id=f"refund:{capture.capture_id}", capture_id=capture.capture_id, amount=capture.amount
                )
            )


def _give_up(work: workflow.ActivityHandle[Any]) -> None:
    """Cancel what is no longer waited for; how it ends is of no interest."""
    work.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    work.cancel()
