"""Collects the money: orders are placed, queried, and closed once the fee is due."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.money.payment import BANK, MoneyWanted, Payments
    from activities.partners.instructions import Instruction
    from rules.payment import fold
    from rules.require import require
    from schemas.payment.commands import AwaitOutcome, ExpirePayment, ExpireRequest, RecordOrder
    from schemas.payment.state import Attempt, Closed, Order, Payment, PaymentState, Taken
    from workflows.stream.ordering import instruction, is_not_ordered, ordered, read_again
    from workflows.stream.recording import MIN_TIMER
    from workflows.stream.waiting import first_of, wait_for

from workflows.payment.commands import of_request, record
from workflows.payment.known import KnownPayment, proxied
from workflows.payment.refunding import Refunding


class Collecting:
    """Queries the providers of one payment, about all its requests at once."""

    _rang: datetime | None = None

    def __init__(self, life: KnownPayment, refunding: Refunding) -> None:
        self._life = proxied(life)
        self._refunding = refunding

    async def until_settled(self) -> None:
        """Collects until the money has come, or the providers confirm that it has not."""
        while True:
            while self._life.payment.state is PaymentState.PENDING:
                await self._refunding.begin()
                if not await self._poll():
                    break
            if self._life.payment.state is PaymentState.PAID or await self._close():
                return

    async def _poll(self) -> bool:
        """Queries the providers until there is news or a request expires; False once no request can be paid.

        The queries run in parallel: a provider that gives no answer does not prevent payment through another.
        """
        before, due = self._life.payment, require(self._life.payment.due)
        open_until = [fold.ends(before, one) for one in before.attempts if not one.over]
        until = min((end for end in open_until if end > self._now), default=due)
        at_once, self._life.doubted = self._life.doubted, False
        told = partial(self._news_since, before)
        work = self._work(until, at_once=at_once)
        ended = await first_of(self._life.stream, tuple(work), told)
        happened = told()
        for one in ended:
            happened = await self._taken_in(one, work[one]) or happened
        if not happened and not await self._waited(told, until):
            return until < due
        await self._life.hear_cancel()
        return True

    def _news_since(self, before: Payment) -> bool:
        """Returns whether there is news from a callback, the filing or another command."""
        return self._life.doubted or self._life.cancel_waits or _news(self._life.payment) != _news(before)

    def _work(
        self, until: datetime, *, at_once: bool
    ) -> dict[workflow.ActivityHandle[Any], Callable[[Any], Awaitable[None]]]:
        """Returns the activities to run now, each with the handler of its answer.

        The server retries them until it is too late, so a timer is needed only if none is left.
        """
        payment, now = self._life.payment, self._now
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
            wanted = MoneyWanted(**dict(instruction(self._life.stream)), at_once=at_once)
            looking = workflow.start_activity_method(Payments.money, wanted, **config)
            work[looking] = self.record_captures
        return work

    async def _taken_in(self, ended: workflow.ActivityHandle[Any], then: Callable[[Any], Awaitable[None]]) -> bool:
        """Handles an answer; False if there was none in time."""
        try:
            answer = await ended
        except ActivityError as error:
            workflow.logger.info("payment.no_answer", extra={"activity": error.activity_type})
            if not is_not_ordered(error):
                return False
            await read_again(self._life.stream)
        else:
            await then(answer)
        return True

    def _instruct(self, request: Attempt) -> Instruction:
        return instruction(self._life.stream, request.attempt)

    async def _record_order(self, request: Attempt, order: Order) -> None:
        """Records where to pay. Refused once nothing is owed any more."""
        n = request.attempt
        made = {"order_id": order.order_id, "pay_url": order.pay_url, "code": order.code}
        await self._life.stream.attempt(RecordOrder(command_id=of_request("fee:order", n), **made, attempt=n))

    async def _request_closed(self, request: Attempt, found: Closed) -> None:
        """Ends a request, unless its provider reports a payment, or may still report one now that the fee is due."""
        await self.record_captures(found)
        if found.awaited_until is None:
            await self._expire_request(request.attempt)

    async def _expire_request(self, n: int) -> None:
        await self._life.stream.attempt(ExpireRequest(command_id=of_request("fee:expire_request", n), attempt=n))

    async def _close(self) -> bool:
        """Closes the orders, or queries them: only the providers can confirm that nobody has paid.

        While one is undecided or gives no answer, callbacks, other providers' answers and the filing's cancellation
        still count. The activity limits that time, so that a provider that never answers ends it too. Returns False if
        another calendar has moved the due date into the future: the requests closed by then are over.
        """
        closed: set[int] = set()
        while not self._due_later:
            if self._life.payment.state is PaymentState.PAID:
                return True
            open_ = [request for request in self._life.payment.attempts if request.attempt not in closed]
            if not open_:
                if self._life.payment.state is PaymentState.PENDING:
                    await self._life.stream.record(ExpirePayment(command_id="fee:expire"))
                return True
            now_closed = await self._closed(open_)
            if not now_closed:
                await self._life.hear_cancel()
                await self._refunding.begin()
            closed |= now_closed
        for n in sorted(closed):
            await self._expire_request(n)
        return False

    async def _closed(self, requests: list[Attempt]) -> set[int]:
        """Closes these requests at once; returns the numbers with a final outcome, none if other news came first."""
        before, self._life.doubted = self._life.payment, False
        closing = {workflow.start_activity_method(Payments.close, self._instruct(one), **BANK): one for one in requests}
        told = await first_of(self._life.stream, tuple(closing), partial(self._news_since, before))
        known_now: set[int] = set()
        for work in told:
            found = await ordered(self._life.stream, work)
            if found is not None and await self._outcome_known(closing[work], found):
                known_now.add(closing[work].attempt)
        return known_now

    async def _outcome_known(self, request: Attempt, found: Closed) -> bool:
        """Records the request's captures; False, after recording the wait, if more may still be reported."""
        await self.record_captures(found)
        if found.awaited_until is None:
            return True
        if request.awaited is None:
            n = request.attempt
            command_id = f"fee:await:{n}:{self._life.payment.seq}"  # anew on each calendar
            await self._life.stream.attempt(AwaitOutcome(command_id=command_id, attempt=n, until=found.awaited_until))
        return False

    async def _waited(self, told: Callable[[], bool], until: datetime) -> bool:
        """Waits for news at most until that time; False if there was none."""
        left = max(until - workflow.now(), MIN_TIMER)
        try:
            await wait_for(self._life.stream, told, within=left, summary="the end of the wait for money")
        except TimeoutError:
            self._rang = until
            return False
        return True

    @property
    def _due_later(self) -> bool:
        return self._life.payment.state is PaymentState.PENDING and self._now < require(self._life.payment.due)

    @property
    def _now(self) -> datetime:
        """The current time, but never before a timer that fired: a replay after a query has another clock."""
        now = workflow.now()
        return now if self._rang is None else max(now, self._rang)

    async def record_captures(self, taken: Taken) -> None:
        """Records new captures. A notice of the same capture may have been first."""
        for capture in taken.captures:
            if capture.capture_id not in self._life.taken:
                await self._life.stream.attempt(record(capture))


def _news(payment: Payment) -> tuple[Any, ...]:
    """Returns the parts of the payment that other commands may change."""
    money = len(payment.captures), len(payment.charged_back)
    return payment.due, payment.state, len(payment.attempts), *money
