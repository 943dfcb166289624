"""Collects a payment's money: places orders with providers, queries the orders, and closes them when the fee is due."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.money.payment import BANK, MoneyWanted, Payments
    from activities.partners.instructions import Instruction
    from rules.payment import fold
    from rules.require import require
    from schemas.payment.commands import AwaitOutcome, ExpirePayment, ExpireRequest, RecordOrder
    from schemas.payment.state import Attempt, Closed, Order, Payment, PaymentState, Taken
    from workflows.stream.asking import Question, instruction, question
    from workflows.stream.recording import MIN_TIMER
    from workflows.stream.waiting import in_time

from workflows.payment.known import KnownPayment, of_request


class Collecting(KnownPayment):
    """A payment's life, with the methods that query the providers about all its requests in parallel."""

    _rang: datetime | None = None

    async def until_settled(self) -> None:
        """Collects until the money has arrived, or the providers confirm that none will."""
        while True:
            while self.payment.state is PaymentState.PENDING:
                await self.begin_refunds()
                if not await self._poll():
                    break
            if self.payment.state is PaymentState.PAID or await self._close():
                return

    async def _poll(self) -> bool:
        """Queries the providers until there is news or a request expires. Returns False if no request can be paid.

        The queries run in parallel, so a provider without an answer does not prevent payment through another.
        """
        before, due = self.payment, require(self.payment.due)
        open_until = [fold.ends(before, one) for one in before.attempts if not one.over]
        until = min((end for end in open_until if end > self._now), default=due)
        at_once, self.doubted = self.doubted, False
        told = partial(self._news_since, before)
        over = await self.ask(*self._queries(until, at_once=at_once), news=told)
        if not (told() or over):
            return True
        if not told() and not await self._waited(told, until):
            return until < due
        await self.hear_cancel()
        return True

    def _news_since(self, before: Payment) -> bool:
        """Returns whether a callback, the filing or another command has brought news since the state `before`."""
        return self.doubted or self.cancel_waits or _news(self.payment) != _news(before)

    def _queries(self, until: datetime, *, at_once: bool) -> list[Question[Any]]:
        """Returns the questions to ask providers now. Temporal's server retries each until its time limit."""
        payment, now = self.payment, self._now
        requests, past = payment.attempts, fold.past(payment, now)
        newest, within = requests[-1], max(until - now, MIN_TIMER)
        queries: list[Question[Any]] = []
        if not (newest.ordered or newest.over or newest in past):
            made = partial(self._record_order, newest)
            queries.append(question(Payments.order, self._instruct(newest), made, BANK, within))
        for request in past:
            ended = partial(self._request_closed, request)
            queries.append(question(Payments.close, self._instruct(request), ended, BANK, within))
        if len(requests) > 1 or not queries:
            wanted = MoneyWanted(**dict(instruction(self.stream)), at_once=at_once)
            queries.append(question(Payments.money, wanted, self.record_captures, BANK, within))
        return queries

    def _instruct(self, request: Attempt) -> Instruction:
        return instruction(self.stream, request.attempt)

    async def _record_order(self, request: Attempt, order: Order) -> None:
        """Records the address or code for paying a request. The log refuses this if the fee is no longer owed."""
        n = request.attempt
        made = {"order_id": order.order_id, "pay_url": order.pay_url, "code": order.code}
        await self.stream.attempt(RecordOrder(command_id=of_request("fee:order", n), **made, attempt=n))

    async def _request_closed(self, request: Attempt, found: Closed) -> None:
        """Expires a closed request, unless its provider has reported new money, or its outcome is still awaited."""
        if not await self.record_captures(found) and found.awaited_until is None:
            await self._expire_request(request.attempt)

    async def _expire_request(self, n: int) -> None:
        await self.stream.attempt(ExpireRequest(command_id=of_request("fee:expire_request", n), attempt=n))

    async def _close(self) -> bool:
        """Closes the orders, because only the providers can confirm that nobody has paid; then expires the payment.

        Until a provider gives a final answer, callbacks, other providers' answers and the filing's cancellation still
        count. The activity ends this wait even if a provider never answers. Returns False if another calendar has moved
        the due date into the future: then only the requests that were closed before are recorded as expired.
        """
        closed: set[int] = set()
        while not self._due_later:
            if self.payment.state is PaymentState.PAID:
                return True
            open_ = [one for one in self.payment.attempts if not (one.over or one.attempt in closed)]
            if open_:
                await self._ask_to_close(open_, closed)
                continue
            if self.payment.state is PaymentState.PENDING:
                await self.stream.attempt(ExpirePayment(command_id="fee:expire"))
            if self.payment.state is not PaymentState.PENDING:
                return True
            closed.clear()
        for n in sorted(closed):
            await self._expire_request(n)
        return False

    async def _ask_to_close(self, requests: list[Attempt], closed: set[int]) -> None:
        """Closes these requests in parallel, until there is other news. Adds the numbers of unpaid ones to `closed`."""
        before, self.doubted = self.payment, False
        closing = [
            question(Payments.close, self._instruct(one), partial(self._outcome, one, closed), BANK) for one in requests
        ]
        await self.ask(*closing, news=partial(self._news_since, before))
        await self.hear_cancel()
        await self.begin_refunds()

    async def _outcome(self, request: Attempt, closed: set[int], found: Closed) -> None:
        """Records new captures and an awaited outcome. If there is neither, adds the request's number to `closed`."""
        n, news = request.attempt, await self.record_captures(found)
        if found.awaited_until is None:
            if not news:
                closed.add(n)
        elif request.awaited is None:
            command_id = f"fee:await:{n}:{self.payment.seq}"  # anew on each calendar
            await self.stream.attempt(AwaitOutcome(command_id=command_id, attempt=n, until=found.awaited_until))

    async def _waited(self, told: Callable[[], bool], until: datetime) -> bool:
        """Waits until `told` is true, but not longer than the time `until`. Returns False if the time ended first."""
        left = max(until - workflow.now(), MIN_TIMER)
        if await in_time(self.stream, told, left, "the end of the wait for money"):
            return True
        self._rang = until
        return False

    @property
    def _due_later(self) -> bool:
        return self.payment.state is PaymentState.PENDING and self._now < require(self.payment.due)

    @property
    def _now(self) -> datetime:
        """The current time, but not before a timer that fired: in a replay after a query, the clock is behind."""
        now = workflow.now()
        return now if self._rang is None else max(now, self._rang)

    async def record_captures(self, taken: Taken) -> bool:
        """Records new captures. Returns False if there are none, for example after a callback has reported them."""
        new = [capture for capture in taken.captures if capture.capture_id not in self.taken]
        for capture in new:
            await self.record_capture(capture)
        return bool(new)


def _news(payment: Payment) -> tuple[Any, ...]:
    """Returns the values of the payment that other commands may change."""
    money = len(payment.captures), len(payment.charged_back)
    return payment.due, payment.state, len(payment.attempts), *money
