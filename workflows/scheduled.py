"""The workflows that schedules start again and again: a search for runs to heal, a checkpoint of the record."""

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
"""The options of a search. The attempts are limited, since the next search comes soon."""

MAKING: Final = ActivityConfig(
    start_to_close_timeout=timedelta(hours=2),
    heartbeat_timeout=timedelta(seconds=60),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_attempts=3),
)
"""The options of a checkpoint. The first one takes long; the attempts are limited, since the next run comes soon."""


@workflow.defn
class Healing:
    """Searches once for workflows that can't be replayed. The schedule passes its result to the next run."""

    @workflow.run
    async def run(self) -> Healings:
        """Has broken workflows healed; returns the ones healed by this run and the previous ones."""
        before = workflow.get_last_completion_result(Healings) or Healings()
        return before.after(await answered(HEAL, Look, LOOKING))


@workflow.defn(name=CHECKPOINT)
class CheckpointWorkflow:
    """Makes one checkpoint of the whole record."""

    @workflow.run
    async def run(self) -> Made:
        """Makes a checkpoint. If that is impossible, fails with the fault in words."""
        made: Made = await answered(MAKE, Made, MAKING)
        return made
