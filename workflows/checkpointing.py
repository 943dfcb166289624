"""A workflow that makes one checkpoint of the whole record."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from schemas.stream.checkpoint import CHECKPOINT, MAKE, Made

from workflows.stream.asking import answered

MAKING: Final = ActivityConfig(
    start_to_close_timeout=timedelta(hours=2),
    heartbeat_timeout=timedelta(seconds=60),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_attempts=3),
)
"""The first checkpoint of a large record takes long. The attempts are limited, since the next run comes soon."""


@workflow.defn(name=CHECKPOINT)
class CheckpointWorkflow:
    """The workflow of one checkpoint. A schedule starts it again and again."""

    @workflow.run
    async def run(self) -> Made:
        """Makes a checkpoint. If that is impossible, fails with the fault in words."""
        made: Made = await answered(MAKE, Made, MAKING)
        return made
