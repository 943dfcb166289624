"""A fee that is asked for online, as a workflow of its own: it outlives its filing, so that no money is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.ledger.append import LEDGER
    from activities.merchants import MerchantRequest, Merchants, RenewalRequest
    from activities.partners.instructions import Instruction
    from activities.payment import BANK, MoneyWanted, Payments
    from activities.refunds import PaymentOf, Refunds
    from rules.known import known
    from rules.payment import charge_backs, fold, status
    from rules.payment.view import view
    from rules.refund.claims import number_of
    from rules.stream_kind import StreamKind
    from rules.streams import PAYMENT
    from schemas import payment as pay
    from schemas.errors import RefusalError
    from schemas.filing.commands import Command, content_of
    from schemas.filing.events import FeeSettlement
    from schemas.filing.state import FeeFact
    from schemas.ids import digest
    from schemas.payment import (
        Attempt,
        CaptureAccepted,
        Closed,
        GivenBack,
        MoneyNotice,
        Order,
        PaymentState,
        PaymentView,
        Taken,
    )
    from schemas.stream.ledger import Receipt
    from workflows.children import begin_refund
    from workflows.stream.ordering import instruction, is_not_ordered, ordered, read_again
    from workflows.stream.recording import MIN_TIMER, single_argument
    from workflows.stream.reporting import report
    from workflows.stream.shell import Life, Opening, of_kind
    from workflows.stream.waiting import drain_handlers, first_of, wait_for


_OWED: Final = {PaymentState.PENDING, PaymentState.PAID}


class PaymentLife(Life[pay.Payment]):
    """The life of a payment, with all its requests: it outlives its filing."""

    _rang: datetime | None = None
    _doubted: bool = False
    """Something was said of which only a query tells what it means: it is asked at once."""

    def __init__(self, kind: StreamKind[pay.Payment], raw: Any) -> None:
        super().__init__(kind, raw)
        self._taking_back = asyncio.Lock()

    async def opening(self) -> Opening:
        """The request as its first command, through whom the agency's directory names unless the start does."""
        opening = await super().opening()
        start: pay.PaymentStart = self.start
        asked = MerchantRequest(agency=start.agency, chosen=start.provider)
        through = await workflow.execute_local_activity_method(Merchants.merchant, asked, **LEDGER)
        command = pay.RequestPayment(
            command_id=opening.command.command_id,
            start=start.model_copy(update={"provider": through.provider}),
            seconds=through.seconds,
        )
        return replace(opening, command=command)

    async def take_command(self, command: Command) -> Receipt:
        """Record that it is asked for anew: for whose filing it is, through whom the agency's directory names."""
        if not isinstance(command, pay.RenewPayment):
            return await super().take_command(command)
        stream = await self.recorded()
        asked = RenewalRequest(
            agency=self._payment.agency,
            chosen=command.provider,
            filing_id=self._payment.filing_id,
            actor=command.actor,
            at=workflow.now(),
        )
        found = await workflow.execute_local_activity_method(Merchants.renewal, asked, **LEDGER)
        through = found.through or pay.Through(provider=self._payment.provider)
        renewed = pay.RenewThrough(**dict(command), through=through)
        return await stream.record(renewed, content_of(command), refusal=found.refusal)

    async def proceed(self) -> None:
        """Ask for the money, tell the filing how it ended, then watch for money that nobody owes."""
        if not self.memory.told:
            await self._await_money()
            await self._tell_filing()
            self._remember(told=True)
        while True:
            await self._watch()
            await drain_handlers(self.stream)  # this run may have been started for the notice that is being taken
            if self._to_give_back:
                continue
            await wait_for(self.stream, lambda: not self._payment.to_refund or bool(self._to_give_back))
            if not (self._payment.to_refund or self._to_give_back):
                return

    async def caught_up(self) -> None:
        """Hear what was said to the run before: that nothing is owed, what went back. It may have been lost with it."""
        if self._payment.state in _OWED:
            await self._cancelled(status.not_owed(self._payment.n))
        if self._payment.captures:
            asked = PaymentOf(filing_id=self._payment.filing_id, n=self._payment.n)
            for given in await workflow.execute_local_activity_method(Refunds.given, asked, **LEDGER):
                await self.stream.attempt(self._refunded(given))
            if fold.lacking(self._payment):
                for accepted in await workflow.execute_local_activity_method(Refunds.accepted, asked, **LEDGER):
                    await self.stream.attempt(self._accepted(accepted))

    def cancel(self) -> None:
        """Hear that the filing no longer owes it."""
        self._remember(cancel="cancelled")

    async def heard(self, raw: Any) -> None:
        """Record what a provider says by itself, exactly as what it answers. What is of no use is parked."""
        stream = await self.recorded()
        try:
            notice = MoneyNotice.model_validate(raw)
        except ValidationError:
            await self.park("noticed", raw, "no notice of money")
            return
        request = next((one for one in self._payment.attempts if self._about(one, notice)), None)
        if request is None:
            await self.park("noticed", raw, "a notice about other money")
        elif notice.outcome == "reversed":
            await self._charged_back(request, notice)
        elif self._of_another(request, notice):
            await self.park("noticed", raw, "a transaction of another request has this number")
        elif notice.outcome == "paid":
            at = notice.at or workflow.now()
            capture = pay.Capture(capture_id=notice.transaction, amount=notice.amount, at=at, attempt=request.attempt)
            await stream.attempt(_record(capture).model_copy(update={"via": pay.TOLD}))
        elif notice.outcome == "pending":
            self._doubted = True

    async def _charged_back(self, request: Attempt, notice: MoneyNotice) -> None:
        """Record what the payer's bank took back, also if that money is not known yet.

        One after the other: what a further part under the same number is known by depends on those that are recorded.
        """
        n = request.attempt
        said = {"transaction": notice.transaction, "amount": notice.amount, "at": notice.at or workflow.now()}
        back = pay.ChargeBack.model_validate(said | {"attempt": fold.unless_first(n), "by_number": notice.by_number})
        async with self._taking_back:
            if notice.at is None:
                back = back.model_copy(update={"at": charge_backs.when(self._payment, back)})
            command_id = _of_request(_of_transaction("charge_back", charge_backs.named(self._payment, back)), n)
            await self.stream.attempt(pay.RecordChargeBack(command_id=command_id, via=pay.TOLD, back=back))

    def _about(self, request: Attempt, notice: MoneyNotice) -> bool:
        return status.reference(self._payment, request) == notice.reference

    def _of_another(self, request: Attempt, notice: MoneyNotice) -> bool:
        """Whether its number is that of a transaction of another request: two providers may count alike."""
        same = (one for one in self._payment.captures if one.capture_id == notice.transaction)
        return any((one.attempt or 1) != request.attempt for one in same)

    def _remember(self, **what: Any) -> None:
        self.memory = self.memory.model_copy(update=what)

    @property
    def _payment(self) -> pay.Payment:
        return self.stream.state

    async def _await_money(self) -> None:
        while True:
            while self._payment.state is PaymentState.PENDING:
                await self._begin_refunds()
                if not await self._something():
                    break
            if self._payment.state is PaymentState.PAID or await self._close_orders():
                return

    async def _something(self) -> bool:
        """Ask whoever takes the money until something happens, or a request can be paid no longer; False once none can.

        What is asked goes on at the same time: a provider that gives no answer keeps nobody from paying by another.
        """
        before, due = self._payment, known(self._payment.due)
        open_until = [fold.ends(before, one) for one in before.attempts if not one.over]
        until = min((end for end in open_until if end > self._now), default=due)
        at_once, self._doubted = self._doubted, False
        told = partial(self._told_since, before)
        work = self._work(until, at_once=at_once)
        ended = await first_of(self.stream, tuple(work), told)
        happened = told()
        for one in ended:
            happened = await self._taken_in(one, work[one]) or happened
        if not happened and not await self._waited(told, until):
            return until < due
        await self._hear()
        return True

    def _told_since(self, before: pay.Payment) -> bool:
        """Whether anybody has said something of it that is to be heard."""
        return self._doubted or self._unheard_cancel or _news(self._payment) != _news(before)

    def _work(
        self, until: datetime, *, at_once: bool
    ) -> dict[workflow.ActivityHandle[Any], Callable[[Any], Awaitable[None]]]:
        """All that is to be asked now, and what each answer is for.

        The server repeats it until it is too late, so that a timer is needed for the rest alone.
        """
        payment, now = self._payment, self._now
        requests, past = payment.attempts, fold.past(payment, now)
        newest = requests[-1]
        config = BANK | {"schedule_to_close_timeout": max(until - now, MIN_TIMER)}
        work: dict[workflow.ActivityHandle[Any], Callable[[Any], Awaitable[None]]] = {}
        if not (newest.ordered or newest.over or newest in past):
            making = workflow.start_activity_method(Payments.order, self._instruct(newest), **config)
            work[making] = partial(self._record_order, newest)
        for request in past:
            closing = workflow.start_activity_method(Payments.close, self._instruct(request), **config)
            work[closing] = partial(self._request_closed, request)
        if len(requests) > 1 or not work:
            wanted = MoneyWanted(**dict(instruction(self.stream)), at_once=at_once)
            looking = workflow.start_activity_method(Payments.money, wanted, **config)
            work[looking] = self._record_captures
        return work

    async def _taken_in(self, ended: workflow.ActivityHandle[Any], then: Callable[[Any], Awaitable[None]]) -> bool:
        """Take in what was answered; False if there was no answer in time."""
        try:
            answer = await ended
        except ActivityError as error:
            workflow.logger.info("payment.no_answer", extra={"activity": error.activity_type})
            if not is_not_ordered(error):
                return False
            await read_again(self.stream)
        else:
            await then(answer)
        return True

    def _instruct(self, request: Attempt) -> Instruction:
        return instruction(self.stream, request.attempt)

    async def _record_order(self, request: Attempt, order: Order) -> None:
        """Where it is paid. Refused once nothing is owed any more."""
        n = request.attempt
        made = {"order_id": order.order_id, "pay_url": order.pay_url, "code": order.code}
        await self.stream.attempt(pay.RecordOrder(command_id=_of_request("fee:order", n), **made, attempt=n))

    async def _request_closed(self, request: Attempt, found: Closed) -> None:
        """A request is over unless the provider says that it was paid, or will say so now that the fee is due."""
        await self._record_captures(found)
        if found.awaited_until is None:
            await self._expire_request(request.attempt)

    async def _expire_request(self, n: int) -> None:
        await self.stream.attempt(pay.ExpireRequest(command_id=_of_request("fee:expire_request", n), attempt=n))

    async def _close_orders(self) -> bool:
        """Only the providers can say that nobody has paid: they close the orders, or are asked, and that decides.

        For as long as one does not know, or gives no answer, what a callback or another one says counts, and so does
        the filing's word. How long that may be, whoever asks them knows: a provider that never tells ends it too.
        False if the fee is due only later by now, on another calendar: what was closed by then is over.
        """
        closed: set[int] = set()
        while not self._due_later:
            if self._payment.state is PaymentState.PAID:
                return True
            open_ = [request for request in self._payment.attempts if request.attempt not in closed]
            if not open_:
                if self._payment.state is PaymentState.PENDING:
                    await self.stream.record(pay.ExpirePayment(command_id="fee:expire"))
                return True
            now_closed = await self._closed(open_)
            if not now_closed:
                await self._hear()
                await self._begin_refunds()
            closed |= now_closed
        for n in sorted(closed):
            await self._expire_request(n)
        return False

    async def _closed(self, requests: list[Attempt]) -> set[int]:
        """Have all of these closed at once; those of which it is known what came. None if something else came first."""
        before, self._doubted = self._payment, False
        closing = {workflow.start_activity_method(Payments.close, self._instruct(one), **BANK): one for one in requests}
        told = await first_of(self.stream, tuple(closing), partial(self._told_since, before))
        known_now: set[int] = set()
        for work in told:
            found = await ordered(self.stream, work)
            if found is not None and await self._outcome_known(closing[work], found):
                known_now.add(closing[work].attempt)
        return known_now

    async def _outcome_known(self, request: Attempt, found: Closed) -> bool:
        """Record what came by a request; False, and that it is awaited, if it may still be said that more did."""
        await self._record_captures(found)
        if found.awaited_until is None:
            return True
        if request.awaited is None:
            n = request.attempt
            command_id = f"fee:await:{n}:{self._payment.seq}"  # on each calendar anew
            await self.stream.attempt(pay.AwaitOutcome(command_id=command_id, attempt=n, until=found.awaited_until))
        return False

    async def _tell_filing(self) -> None:
        payment = self._payment
        settled = {PaymentState.PAID: FeeSettlement.PAID, PaymentState.EXPIRED: FeeSettlement.EXPIRED}
        if not status.tells(payment):
            return
        paid = payment.amount - payment.forgone
        fact = FeeFact(n=payment.n, settlement=settled[payment.state], amount=paid, forgone=payment.forgone or None)
        if not await report(self.stream, "fee_settled", fact):
            await self._cancelled("the filing has ended")

    async def _cancelled(self, reason: str) -> None:
        """Owe nothing any more, if the record of the filing bears that out."""
        self._remember(cancel=None)
        try:
            await self.stream.record(pay.CancelPayment(command_id="fee:cancel", reason=reason))
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
        before = self._taken
        self._doubted = False

        def more_came() -> bool:
            return self._doubted or self._unheard_cancel or self._taken != before or bool(self._to_give_back)

        looking = workflow.start_activity_method(Payments.late_money, instruction(self.stream), **BANK)
        await first_of(self.stream, (looking,), more_came)
        if not looking.done():
            return True
        found = await ordered(self.stream, looking)
        if found is not None:
            await self._record_captures(found)
        return found is None or more_came()

    async def _hear(self) -> None:
        """Take the filing's word, if there is one."""
        if self.memory.cancel is not None:
            await self._cancelled(status.not_owed(self._payment.n))

    async def _waited(self, told: Callable[[], bool], until: datetime) -> bool:
        """Wait for what is told, until it is too late for that too; False then."""
        left = max(until - workflow.now(), MIN_TIMER)
        try:
            await wait_for(self.stream, told, within=left, summary="the end of the wait for money")
        except TimeoutError:
            self._rang = until
            return False
        return True

    @property
    def _due_later(self) -> bool:
        return self._payment.state is PaymentState.PENDING and self._now < known(self._payment.due)

    @property
    def _now(self) -> datetime:
        """Not before what has rung: where a query comes first, the clock of a replay is ahead of the one that was."""
        now = workflow.now()
        return now if self._rang is None else max(now, self._rang)

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
        """What nobody owes, is disputed while the fee is due, or was charged back, and whose refund did not hear it."""
        payment = self._payment
        claimed = (one for one in payment.captures if one in payment.to_refund or payment.taken_back(one))
        return tuple(one for one in claimed if self._told_of(one) not in self.memory.begun)

    def _told_of(self, capture: pay.Capture) -> str:
        """What its refund hears: that it is short while the fee is due, that nobody owes it, what was charged back."""
        short = ":short" if self._payment.state is PaymentState.PENDING else ""
        charged = self._payment.taken_back(capture)
        return f"{capture.capture_id}{short}" + (f":{charged}" if charged else "")

    async def _begin_refunds(self) -> None:
        """Have people agree that what nobody owes goes back, also what comes meanwhile. Who is told twice looks twice.

        Nothing may be waited for between the last of it and the next look: what comes then would be left until that.
        """
        while to_give_back := self._to_give_back:
            capture = to_give_back[0]
            ordinal = self._taken.index(capture.capture_id) + 1
            about = self._told_of(capture)
            await begin_refund(self._payment.filing_id, number_of(self._payment.n, ordinal))
            self._remember(begun=(*self.memory.begun, about))

    async def gave_back(self, raw: Any) -> None:
        """Record what a refund says that it gave back. What is of no use is parked."""
        stream = await self.recorded()
        try:
            await stream.attempt(self._refunded(GivenBack.model_validate(raw)))
        except ValueError:
            await self.park("refunded", raw, "no refund of this payment")

    async def took_for_whole(self, raw: Any) -> None:
        """Record that less than was asked is taken for the whole fee, if that is due. What is of no use is parked."""
        stream = await self.recorded()
        try:
            await stream.attempt(self._accepted(CaptureAccepted.model_validate(raw)))
        except ValueError:
            await self.park("accepted", raw, "no money of this payment")

    def _accepted(self, accepted: CaptureAccepted) -> pay.RecordAcceptance:
        """Raises `ValueError` if it is of no capture of this payment."""
        ordinal = self._taken.index(accepted.capture_id) + 1
        return pay.RecordAcceptance(command_id=f"accept:{ordinal}", accepted=accepted)

    def _refunded(self, given: GivenBack) -> pay.RecordRefund:
        """Raises `ValueError` if it is of no capture of this payment."""
        ordinal = self._taken.index(given.capture_id) + 1
        return pay.RecordRefund(command_id=f"refund:{ordinal}:{given.case}", given=given)


def _of_request(what: str, n: int) -> str:
    """The id of a command about the n-th request."""
    return what if n == 1 else f"{what}:{n}"


def _news(payment: pay.Payment) -> tuple[Any, ...]:
    """What somebody else may have changed of it."""
    money = len(payment.captures), len(payment.charged_back)
    return payment.due, payment.state, len(payment.attempts), *money


def _record(capture: pay.Capture) -> pay.RecordCapture:
    return pay.RecordCapture(command_id=_of_transaction("capture", capture.capture_id), capture=capture)


def _of_transaction(what: str, transaction: str) -> str:
    """The id of a command about a transaction, whose number may be longer than an id."""
    return f"fee:{what}:{transaction if len(transaction) <= _AS_IT_IS else digest(transaction)[:_AS_IT_IS]}"


_AS_IT_IS: Final = 40


@workflow.defn(name="Payment")
@of_kind(PAYMENT, PaymentLife)
class PaymentWorkflow:
    """One fee, by as many requests as it takes: paid, expired or cancelled, and what is not owed given back."""

    life: PaymentLife

    @workflow.run
    async def run(self, *raw: Any) -> PaymentView:  # noqa: ARG002 -- parsed before, as the life begins
        """Live, and say what became of the money."""
        await self.life.live()
        return view(self.life.stream.state)

    @workflow.signal
    def cancel(self, *_: Any) -> None:
        """The filing no longer owes this fee, or this obligation."""
        self.life.cancel()

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

    @workflow.signal
    async def accepted(self, *accepted: Any) -> None:
        """A refund says what is taken for the whole fee: a `CaptureAccepted`."""
        with suppress(RefusalError):
            await self.life.took_for_whole(single_argument(accepted))
