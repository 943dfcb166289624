"""The workflows that schedules start: one searches for workflows to heal, and one makes a checkpoint of the record."""

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from schemas.stream.checkpoint import CHECKPOINT, MAKE, Made
    from schemas.stream.restart import HEAL, Healings, Look

from workflows.stream.asking import answered

LOOKING: Final = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=20),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3),
)
"""The options of the activity that searches. The attempts are limited, since the next search comes soon."""

MAKING: Final = ActivityConfig(
    start_to_close_timeout=timedelta(hours=2),
    heartbeat_timeout=timedelta(seconds=60),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_attempts=3),
)
"""The options of a checkpoint. The first one takes long. The attempts are limited, since the next one comes soon."""


@workflow.defn
class Healing:
    """Searches once for workflows to heal. The schedule passes this search's result to the next run."""

    @workflow.run
    async def run(self) -> Healings:
        """Requests the healing of workflows. Returns the workflows that this run and earlier runs have healed."""
        before = workflow.get_last_completion_result(Healings) or Healings()
        return before.after(await answered(HEAL, Look, LOOKING))


@workflow.defn(name=CHECKPOINT)
class CheckpointWorkflow:
    """Makes one checkpoint of the whole record."""

    @workflow.run
    async def run(self) -> Made:
        """Makes a checkpoint. If that is impossible, fails with a message that explains the fault."""
        made: Made = await answered(MAKE, Made, MAKING)
        return made
