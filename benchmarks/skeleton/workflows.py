"""The skeleton's workflows: they take the same steps in the same order as the product's in a level-4 filing.

They also have the same Updates, signals and queries, so that the cost of having handlers is the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.ledger.append import LEDGER
    from activities.money.payment import BANK
    from activities.papers import QUICKLY
    from activities.workflows import TEMPORAL, StartRequest, TellRequest, Workflows
    from benchmarks.skeleton.handlers import COMMANDS, update
    from benchmarks.skeleton.steps import OFFICE_QUEUE, Plain, Steps, issue

_LONG: Final = timedelta(days=1)


class _Log:
    """One stream of events, to which each step makes one append, under a lock."""

    def __init__(self, stream: str) -> None:
        self.receipts: dict[str, Plain] = {}
        self._stream = stream
        self._lock = asyncio.Lock()

    async def record(self, command_id: str, step: str) -> Plain:
        async with self._lock:
            seq = len(self.receipts) + 1
            batch = {"stream": self._stream, "seq": seq, "step": step, "at": workflow.now().isoformat()}
            stored: Plain = await workflow.execute_local_activity_method(Steps.append, batch, **LEDGER)
            self.receipts[command_id] = {"command_id": command_id, "seq": stored["seq"], "at": stored["at"]}
            return self.receipts[command_id]


@workflow.defn(name="SkeletonFiling")
class Filing:
    """A filing without rules."""

    @workflow.init
    def __init__(self, start: Plain) -> None:
        self.log = _Log(workflow.info().workflow_id)
        self.steps: set[str] = set()
        self._start = start

    @workflow.run
    async def run(self, start: Plain) -> Plain:
        await workflow.execute_local_activity_method(Steps.open, start, **LEDGER)
        await self.log.record("submit", "submit")
        await self._until(lambda: "accept" in self.steps)
        await self._pay()
        await self._until(lambda: "decide" in self.steps)
        await self._issue()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return {"closing": "delivered", "filing": start["filing"]}

    @workflow.update
    async def submit(self, check: Plain) -> Plain:
        await workflow.wait_condition(lambda: "submit" in self.log.receipts)
        return self.log.receipts["submit"] if check["content"] else {}

    @submit.validator
    def _may_submit(self, check: Plain) -> None:
        if not check["content"]:
            raise ValueError(check)

    for _kind in COMMANDS:
        locals()[_kind] = update(_kind)

    @workflow.update
    async def adopt_calendar(self, calendar: Plain) -> Plain:
        """Adopt another calendar; unused here."""
        return calendar

    @workflow.signal
    async def fee_settled(self, fact: Plain) -> None:
        await self.log.record(f"fee:{fact['n']}", "fee_settled")
        self.steps.add("fee_settled")

    @workflow.signal
    async def parcel_settled(self, fact: Plain) -> None:
        """Records that a parcel has ended; unused here."""
        await self.log.record(f"parcel:{fact['n']}", "parcel_settled")

    async def _pay(self) -> None:
        request = StartRequest(
            workflow="SkeletonPayment",
            id=payment_id(self._start["filing"]),
            said={"filing": self._start["filing"], "n": 1, "amount": 16000},
            summary="skeleton",
        )
        await workflow.execute_local_activity_method(Workflows.start, request, **TEMPORAL)
        await self._until(lambda: "fee_settled" in self.steps)

    async def _issue(self) -> None:
        await workflow.execute_local_activity_method(Steps.confirm, await self._make(), **QUICKLY)
        await self.log.record("issue", "issue")

    async def _make(self) -> Plain:
        return await workflow.execute_activity(
            issue,
            {"request_id": f"issue:{len(self.log.receipts)}", "filing": self._start["filing"]},
            task_queue=OFFICE_QUEUE,
            start_to_close_timeout=timedelta(minutes=2),
            heartbeat_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
        )

    async def _until(self, done: Callable[[], bool]) -> None:
        await workflow.wait_condition(done, timeout=_LONG, timeout_summary="clock")


@workflow.defn(name="SkeletonPayment")
class Payment:
    """A payment without rules."""

    @workflow.init
    def __init__(self, start: Plain) -> None:
        self._log = _Log(payment_id(start["filing"]))

    @workflow.run
    async def run(self, start: Plain) -> Plain:
        await workflow.execute_local_activity_method(Steps.merchant, "H01.12", **LEDGER)
        await self._log.record("request", "request")
        order = {"key": f"fee:{start['filing']}", "amount": start["amount"]}
        config = BANK | {"schedule_to_close_timeout": _LONG}
        await workflow.execute_activity_method(Steps.order, order, **config)
        await self._log.record("order", "order")
        await workflow.execute_activity_method(Steps.money, {"key": f"fee:{start['filing']}"}, **config)
        await self._log.record("capture", "capture")
        fact = {"n": start["n"], "settlement": "paid", "amount": start["amount"]}
        told = TellRequest(id=filing_id(start["filing"]), signal="fee_settled", said=fact)
        await workflow.execute_local_activity_method(Workflows.tell, told, **TEMPORAL)
        await workflow.execute_activity_method(Steps.late_money, {"key": f"fee:{start['filing']}"}, **BANK)
        return {"state": "paid"}

    @workflow.update
    async def adopt_calendar(self, calendar: Plain) -> Plain:
        """Adopt another calendar; unused here."""
        return calendar

    @workflow.signal
    def cancel(self, reason: str) -> None:
        """Cancel the payment; unused here."""
        self._log.receipts[reason] = {}


def filing_id(filing: str) -> str:
    return f"skeleton:{filing}"


def payment_id(filing: str) -> str:
    return f"skeleton-payment:{filing}"


WORKFLOWS: Final[Sequence[type]] = (Filing, Payment)
