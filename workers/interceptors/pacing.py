"""Slows down the intake of a worker that has to refuse many new runs, so that a flood leaves time for all others.

A refused run costs Temporal more than the worker: at several dozen a second, every task in Temporal waits for seconds.
If the worker takes new runs more slowly, they wait in Temporal's queue instead, at almost no cost. Tasks of runs in the
worker's cache, and officers' questions, do not wait with them.
"""

import asyncio
from time import monotonic
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    CustomSlotSupplier,
    ExecuteWorkflowInput,
    FixedSizeSlotSupplier,
    Interceptor,
    SlotMarkUsedContext,
    SlotPermit,
    SlotReleaseContext,
    SlotReserveContext,
    WorkerTuner,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

RATE: Final = 30
"""The average number of refused runs a second above which a worker takes new runs more slowly (docs/performance.md)."""

BURST: Final = 100
"""The number of refusals beyond this rate after which the worker takes new runs more slowly."""

CACHED: Final = 32
"""The maximum number of a worker's concurrent tasks of cached runs. Each has a thread; one thread at a time runs."""

NEW: Final = 12
"""The maximum number of a worker's concurrent tasks of other runs, so that they leave time for cached runs."""

SLOTS: Final = 100
"""The maximum number of a worker's concurrent activities of each kind: the SDK's default."""


class _Permit(SlotPermit):
    """A slot for a task. `free`: the semaphore that counts the free slots of its kind."""

    def __init__(self, free: asyncio.Semaphore) -> None:
        self.free = free


class Pace(CustomSlotSupplier, Interceptor):
    """Counts the new runs that fail, and supplies the slots of workflow tasks. One for each worker."""

    def __init__(self) -> None:
        self._due = self._turn = 0.0
        self._cached = asyncio.Semaphore(CACHED)
        self._new = asyncio.Semaphore(NEW)

    def tuner(self) -> WorkerTuner:
        """Returns the worker's tuner."""
        fixed = FixedSizeSlotSupplier(SLOTS)
        return WorkerTuner.create_composite(
            workflow_supplier=self, activity_supplier=fixed, local_activity_supplier=fixed, nexus_supplier=fixed
        )

    def refused(self) -> None:
        """Counts a refusal."""
        self._due = max(self._due, monotonic() - BURST / RATE) + 1 / RATE

    async def reserve_slot(self, ctx: SlotReserveContext) -> SlotPermit:
        """Returns a slot. After too many refusals, runs outside the cache get only `RATE` slots a second."""
        if not ctx.is_sticky and self._due > (now := monotonic()):
            self._turn = max(self._turn, now) + 1 / RATE
            await asyncio.sleep(self._turn - now)
        free = self._cached if ctx.is_sticky else self._new
        await free.acquire()
        return _Permit(free)

    def try_reserve_slot(self, ctx: SlotReserveContext) -> SlotPermit | None:  # noqa: ARG002 -- the SDK's signature
        """Returns None: no task comes without a poll."""
        return None

    def mark_slot_used(self, ctx: SlotMarkUsedContext) -> None:
        """Does nothing."""

    def release_slot(self, ctx: SlotReleaseContext) -> None:
        """Takes the slot back."""
        permit: Any = ctx.permit
        permit.free.release()

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002, ARG002 -- the SDK's signature
        """Returns a class of interceptors that count the runs that fail."""
        refused = self.refused

        class Counted(WorkflowInboundInterceptor):
            async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002 -- the SDK's name
                try:
                    return await super().execute_workflow(input)
                except ApplicationError:
                    if not workflow.unsafe.is_replaying():
                        refused()
                    raise

        return Counted
