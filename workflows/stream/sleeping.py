"""Sleeping, in the one form that leaves nothing behind when a worker evicts the run."""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow


async def sleep(time: timedelta, summary: str | None = None) -> None:
    """Sleeps for this time.

    At an eviction `workflow.sleep` raises an error in a callback. Its traceback is a cycle that keeps the whole run
    until a garbage collection (workers/memory.py).
    """
    with suppress(TimeoutError):
        await workflow.wait_condition(lambda: False, timeout=time, timeout_summary=summary)
