"""A workflow that searches once for workflows that can't be replayed, and adds to the sum of all searches so far."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from schemas.stream.healing import HEAL, Healings, Look

from workflows.stream.asking import answered

LOOKING: Final = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=20),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3),
)
"""The attempts are limited, since the next search comes soon."""


@workflow.defn
class Healing:
    """Started again and again by a schedule, which passes the result of the last completed run to the next."""

    @workflow.run
    async def run(self) -> Healings:
        """Heals, and returns the workflows healed so far."""
        before = workflow.get_last_completion_result(Healings) or Healings()
        return before.after(await answered(HEAL, Look, LOOKING))
