"""Creates the schedules of two tasks: the search for workflows to heal, and the checkpoints of the record."""

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from temporalio import client as temporal

from motcua.calls.retry import patiently
from rules.time.working_time import VIETNAM
from schemas.ids import TASK_QUEUE
from schemas.stream.checkpoint import CHECKPOINT
from schemas.stream.checkpoint import SCHEDULE as CHECKPOINTS
from schemas.stream.restart import SCHEDULE

EVERY: Final = timedelta(seconds=20)

LONGEST: Final = timedelta(minutes=2)
"""The maximum duration of one search. A longer search is ended, so that the next search can begin."""

LONGEST_CHECKPOINT: Final = timedelta(hours=6)
"""The maximum duration of one checkpoint, with all its attempts."""

PATIENCE: Final = 5.0
"""The maximum seconds to wait for Temporal."""


async def keep_healing(client: temporal.Client) -> None:
    """Creates or updates the schedule of healing; it stays paused if operators have paused it. Raises `MotcuaError`."""
    spec = temporal.ScheduleSpec(intervals=[temporal.ScheduleIntervalSpec(every=EVERY)])
    await _keep(client, SCHEDULE, "Healing", spec, LONGEST)


async def keep_checkpoints(client: temporal.Client, minutes: int) -> None:
    """Creates or updates the schedule of checkpoints, like `keep_healing`: every `minutes`, and at the end of a day."""
    end = temporal.ScheduleCalendarSpec(
        hour=[temporal.ScheduleRange(23)], minute=[temporal.ScheduleRange(59)], second=[temporal.ScheduleRange(50)]
    )
    every = temporal.ScheduleIntervalSpec(every=timedelta(minutes=minutes))
    spec = temporal.ScheduleSpec(intervals=[every], calendars=[end], time_zone_name=VIETNAM.key)
    await _keep(client, CHECKPOINTS, CHECKPOINT, spec, LONGEST_CHECKPOINT)


async def _keep(
    client: temporal.Client, id_: str, workflow: str, spec: temporal.ScheduleSpec, longest: timedelta
) -> None:
    def schedule(state: temporal.ScheduleState) -> temporal.Schedule:
        return temporal.Schedule(
            action=temporal.ScheduleActionStartWorkflow(
                workflow, id=id_, task_queue=TASK_QUEUE, execution_timeout=longest, args=()
            ),
            spec=spec,
            policy=temporal.SchedulePolicy(overlap=temporal.ScheduleOverlapPolicy.SKIP, catchup_window=EVERY),
            state=state,
        )

    async def attempt(limit: Any) -> None:
        with suppress(temporal.ScheduleAlreadyRunningError):
            await client.create_schedule(id_, schedule(temporal.ScheduleState()), rpc_timeout=limit)
            return
        await client.get_schedule_handle(id_).update(
            lambda found: temporal.ScheduleUpdate(schedule(found.description.schedule.state)), rpc_timeout=limit
        )

    await patiently(attempt, PATIENCE)
