"""The schedule by which somebody looks, again and again, for what can't be replayed."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from motcua.patience import patiently
from schemas.ids import TASK_QUEUE
from schemas.stream.healing import SCHEDULE

EVERY: Final = timedelta(seconds=20)

LONGEST: Final = timedelta(minutes=2)
"""Of one look. One that stands still itself, for whatever reason, makes way for the next."""

PATIENCE: Final = 5.0
"""Seconds for which Temporal is waited for."""


async def keep_healing(client: Client) -> None:
    """Make the schedule, or bring one that is there up to date; safe to do by several at once.

    Whether somebody has paused it stays as it is. Raises `MotcuaError`.
    """

    async def attempt(limit: Any) -> None:
        with suppress(ScheduleAlreadyRunningError):
            await client.create_schedule(SCHEDULE, _schedule(ScheduleState()), rpc_timeout=limit)
            return
        await client.get_schedule_handle(SCHEDULE).update(_updated, rpc_timeout=limit)

    await patiently(attempt, PATIENCE)


def _updated(found: ScheduleUpdateInput) -> ScheduleUpdate:
    return ScheduleUpdate(_schedule(found.description.schedule.state))


def _schedule(state: ScheduleState) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            "Healing", id=SCHEDULE, task_queue=TASK_QUEUE, execution_timeout=LONGEST, args=()
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EVERY)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=EVERY),
        state=state,
    )
