"""Schedules: the search for workflows that can't be replayed, and checkpoints of the record."""

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
)

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


async def keep_healing(client: Client) -> None:
    """Creates the schedule of healing, or updates an existing one; several processes may do so at once.

    A schedule that an operator has paused stays paused. Raises `MotcuaError`.
    """
    spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EVERY)])
    await _keep(client, SCHEDULE, "Healing", spec, LONGEST)


async def keep_checkpoints(client: Client, minutes: int) -> None:
    """Creates or updates the schedule of checkpoints, as `keep_healing` does: every `minutes`, and when days end."""
    end = ScheduleCalendarSpec(hour=[ScheduleRange(23)], minute=[ScheduleRange(59)], second=[ScheduleRange(50)])
    every = ScheduleIntervalSpec(every=timedelta(minutes=minutes))
    spec = ScheduleSpec(intervals=[every], calendars=[end], time_zone_name=VIETNAM.key)
    await _keep(client, CHECKPOINTS, CHECKPOINT, spec, LONGEST_CHECKPOINT)


async def _keep(client: Client, id_: str, workflow: str, spec: ScheduleSpec, longest: timedelta) -> None:
    def schedule(state: ScheduleState) -> Schedule:
        return Schedule(
            action=ScheduleActionStartWorkflow(
                workflow, id=id_, task_queue=TASK_QUEUE, execution_timeout=longest, args=()
            ),
            spec=spec,
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=EVERY),
            state=state,
        )

    async def attempt(limit: Any) -> None:
        with suppress(ScheduleAlreadyRunningError):
            await client.create_schedule(id_, schedule(ScheduleState()), rpc_timeout=limit)
            return
        await client.get_schedule_handle(id_).update(
            lambda found: ScheduleUpdate(schedule(found.description.schedule.state)), rpc_timeout=limit
        )

    await patiently(attempt, PATIENCE)
