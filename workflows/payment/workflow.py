"""The workflow of a payment: it collects the money, notifies the filing, and watches for late money."""

import asyncio
from dataclasses import replace
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.ledger.append import LEDGER
    from activities.money.merchants import MerchantRequest, Merchants, RenewalRequest
    from activities.money.payment import BANK, MoneyWanted, Payments, Watched
    from rules.payment import charge_backs, fold
    from rules.payment.kind import not_owed, reference, tells, view
    from rules.stream_kind import StreamKind
    from rules.streams import PAYMENT
    from schemas.filing.commands import Command
    from schemas.filing.events import FeeSettlement
    from schemas.filing.state import FeeFact
    from schemas.payment import state as st
    from schemas.payment.commands import EndPaymentWatch, RecordChargeBack, RenewPayment, RenewThrough, RequestPayment
    from workflows.stream.asking import instruction, question
    from workflows.stream.basis import read
    from workflows.stream.recording import Stream, moment_of, single_argument
    from workflows.stream.reporting import report
    from workflows.stream.shell import Considered, Opening, takes_commands
    from workflows.stream.waiting import drain_handlers, wait_for

from workflows.payment.collecting import Collecting
from workflows.payment.known import OWED, of_request, of_transaction


class PaymentLife(Collecting):
    """The life of a payment with all its requests, which may last longer than its filing."""

    def __init__(self, kind: StreamKind[st.Payment], raw: Any) -> None:
        super().__init__(kind, raw)
        self._taking_back = asyncio.Lock()

    async def opening(self) -> Opening:
        """Returns the first command: the first request. The start input or the directory names the provider."""
        opening = await super().opening()
        start: st.PaymentStart = self.start
        asked = MerchantRequest(agency=start.agency, chosen=start.provider)
        reading = await read(Merchants.merchant, asked)
        through = reading.answer
        command = RequestPayment(
            command_id=opening.command.command_id,
            start=start.model_copy(update={"provider": through.provider}),
            seconds=through.seconds,
        )
        return replace(opening, command=command, basis=reading.basis)

    async def considered(self, command: Command) -> Considered:
        """Returns the command. If it requests the fee again, checks the actor's right, and adds the provider."""
        if not isinstance(command, RenewPayment):
            return await super().considered(command)
        asked = RenewalRequest(
            agency=self.payment.agency,
            chosen=command.provider,
            filing_id=self.payment.filing_id,
            actor=command.actor,
            at=moment_of(command.statement),
        )
        reading = await read(Merchants.renewal, asked)
        through = reading.answer.through or st.Through(provider=self.payment.provider)
        return Considered(RenewThrough(**dict(command), through=through), reading.answer.refusal, reading.basis)

    async def proceed(self) -> None:
        """Collects the money, reports the outcome to the filing, then watches for money that is not owed."""
        if not self.memory.told:
            await self.until_settled()
            await self._tell_filing()
            self.remember(told=True)
        while True:
            await self._watch()
            await drain_handlers(self.stream)  # this run may have been started for the notice that is being handled
            if self.to_claim or self.doubted:
                continue
            await wait_for(self.stream, lambda: not self.payment.to_refund or bool(self.to_claim) or self.doubted)
            if not (self.payment.to_refund or self.to_claim or self.doubted):
                return

    async def caught_up(self) -> None:
        """Reads again the cancellation and the refunds' reports, since the previous run may have lost their signals."""
        if self.payment.state in OWED:
            await self.record_cancel(not_owed(self.payment.n))
        await self.hear_refunds()

    async def cancel(self, stream: Stream[st.Payment]) -> None:
        """Remembers that the filing no longer owes the fee."""
        self.remember(cancel="cancelled")
        await stream.catch_up()

    async def noticed(self, raw: Any) -> None:
        """Records the payment or charge-back that a provider's notice reports. Drops an unusable notice."""

        async def take(stream: Stream[st.Payment]) -> None:
            try:
                notice = st.MoneyNotice.model_validate(raw)
            except ValidationError:
                await stream.catch_up()
            else:
                await self._take(notice)

        await self.hear("noticed", take)

    async def heard_again(self) -> None:
        """Reads the cancellation, the refunds' reports and the providers' notices again."""
        await self.caught_up()
        called = await workflow.execute_local_activity_method(Payments.called, str(self.stream.id), **LEDGER)
        for notice in called:
            await self._take(notice)

    async def _take(self, notice: st.MoneyNotice) -> None:
        """Records the content of a notice.

        If the notice reports a pending payment, or a payment that a query must confirm, orders a query instead.
        """
        payment = self.payment
        about = (one for one in payment.attempts if reference(payment, one) == notice.reference)
        request = next(about, None)
        if request is None:
            await self.stream.catch_up()
        elif notice.outcome == "reversed":
            await self._charged_back(request.attempt, notice)
        elif self._of_another(request, notice):
            await self.stream.catch_up()
        elif notice.outcome == "paid" and not self._to_confirm(request, notice):
            at = notice.at or workflow.now()
            capture = st.Capture(capture_id=notice.transaction, amount=notice.amount, at=at, attempt=request.attempt)
            await self.record_capture(capture, st.TOLD)
        elif notice.outcome in {"paid", "pending"}:
            self.doubted = True
            await self.stream.catch_up()

    async def _charged_back(self, n: int, notice: st.MoneyNotice) -> None:
        """Records a charge-back of money for the n-th request, even if the money itself is not recorded yet.

        Charge-backs are recorded one after another. One transaction may be charged back in parts, and the command id of
        each part depends on the parts recorded before.
        """
        said = {"transaction": notice.transaction, "amount": notice.amount, "at": notice.at or workflow.now()}
        back = st.ChargeBack.model_validate(said | {"attempt": fold.unless_first(n), "by_number": notice.by_number})
        async with self._taking_back:
            if notice.at is None:
                back = back.model_copy(update={"at": charge_backs.when(self.payment, back)})
            command_id = of_request(of_transaction("charge_back", charge_backs.named(self.payment, back)), n)
            await self.stream.attempt(RecordChargeBack(command_id=command_id, via=st.TOLD, back=back))

    def _of_another(self, request: st.Attempt, notice: st.MoneyNotice) -> bool:
        """Returns whether another request has a capture with the notice's number: providers may use equal numbers."""
        same = (one for one in self.payment.captures if one.capture_id == notice.transaction)
        return any((one.attempt or 1) != request.attempt for one in same)

    def _to_confirm(self, request: st.Attempt, notice: st.MoneyNotice) -> bool:
        """Returns whether a query must confirm the notice, because another transaction has paid this request before."""
        of_request = {one.capture_id for one in self.payment.captures if (one.attempt or 1) == request.attempt}
        return notice.confirms is True and bool(of_request) and notice.transaction not in of_request

    async def _tell_filing(self) -> None:
        payment = self.payment
        settled = {st.PaymentState.PAID: FeeSettlement.PAID, st.PaymentState.EXPIRED: FeeSettlement.EXPIRED}
        if not tells(payment):
            return
        paid = payment.amount - payment.forgone
        fact = FeeFact(n=payment.n, settlement=settled[payment.state], amount=paid, forgone=payment.forgone or None)
        if not await report(self.stream, "fee_settled", fact):
            await self.record_cancel("the filing has ended")

    async def _watch(self) -> None:
        """Refunds money that is not owed, until the last check for late money, at the end of the watch, has found none.

        After that, also checks for the money of a notice that leaves unclear whether money came.

        Temporal's server retries the activity that checks, so the checks need neither timers nor workflow tasks.
        """
        while True:
            await self.hear_cancel()
            await self.begin_refunds()
            if self.payment.watched_until is None and not self.doubted:
                return
            await self._look_for_more()

    async def _look_for_more(self) -> None:
        """Waits for late money, for the filing's cancellation, or for the end of the watch."""
        before = self.taken
        at_once, self.doubted = self.doubted, False

        def more_came() -> bool:
            return self.doubted or self.cancel_waits or self.taken != before or bool(self.to_claim)

        until = self.payment.watched_until
        order = MoneyWanted(**dict(instruction(self.stream)), at_once=at_once)
        looking = question(Payments.late_money, order, self._watched, BANK, watched_until=until)
        await self.ask(looking, news=more_came)

    async def _watched(self, found: Watched) -> None:
        await self.record_captures(found)
        if found.watched_until is not None:
            command_id = f"fee:watched:{self.payment.seq}"
            await self.stream.attempt(EndPaymentWatch(command_id=command_id, until=found.watched_until))


@workflow.defn(name="Payment")
@takes_commands(PAYMENT)
class PaymentWorkflow:
    """Collects one fee, by any number of payment requests.

    Ends once the fee is settled and all money that is not owed is refunded.
    """

    @workflow.init
    def __init__(self, *raw: Any) -> None:
        self.life = PaymentLife(PAYMENT, single_argument(raw))

    @workflow.run
    async def run(self, *raw: Any) -> st.PaymentView:  # noqa: ARG002 -- parsed before, as the life begins
        """Runs to the end; returns the outcome."""
        await self.life.live()
        return view(self.life.stream.state)

    @workflow.signal
    async def cancel(self, *_: Any) -> None:
        """Handles the filing's signal that this fee or obligation is cancelled."""
        await self.life.hear("cancel", self.life.cancel)

    @workflow.signal
    async def noticed(self, *notice: Any) -> None:
        """Handles a provider's notice about the money: a `MoneyNotice`."""
        await self.life.noticed(single_argument(notice))

    @workflow.signal
    async def refunded(self, *given: Any) -> None:
        """Handles a refund's report of a refunded amount: a `GivenBack`."""
        await self.life.refunded(single_argument(given))

    @workflow.signal
    async def accepted(self, *accepted: Any) -> None:
        """Handles a refund's report of an amount accepted as the whole fee: a `CaptureAccepted`."""
        await self.life.accepted(single_argument(accepted))
