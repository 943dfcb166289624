"""Schedules: the search for workflows that can't be replayed, and checkpoints of the record."""

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
"""The maximum duration of one search: one that hangs is then ended, and the next can begin."""

LONGEST_CHECKPOINT: Final = timedelta(hours=6)
"""Maximum duration of one checkpoint, with all its attempts."""

PATIENCE: Final = 5.0
"""Seconds to wait for Temporal."""


async def keep_healing(client: temporal.Client) -> None:
    """Creates or updates the schedule of healing; one that operators have paused stays paused. Raises `MotcuaError`."""
    spec = temporal.ScheduleSpec(intervals=[temporal.ScheduleIntervalSpec(every=EVERY)])
    await _keep(client, SCHEDULE, "Healing", spec, LONGEST)


async def keep_checkpoints(client: temporal.Client, minutes: int) -> None:
    """Creates or updates the schedule of checkpoints, as `keep_healing` does: every `minutes`, and when days end."""
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
