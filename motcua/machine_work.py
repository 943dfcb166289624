"""The pending work of a filing's back office, read from Temporal's history; no running workflow is queried.

Of a failure only the type and the line of code are returned, since its message may contain personal data.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, Final

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, PendingActivityState, TimeoutType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client

from .contract import ASKED_AGAIN, CHECK, ISSUE
from .payloads.codec import opened, opened_failure
from .payloads.converter import UnopenedError, data_converter

_WORK: Final = {CHECK: "check", ISSUE: "issue"}
_LOOKED_AT: Final = 100
"""The number of latest events that are searched for requests, and for the timers between repeated requests."""

_TIMEOUTS: Final = {
    TimeoutType.TIMEOUT_TYPE_HEARTBEAT: "no sign of life",
    TimeoutType.TIMEOUT_TYPE_START_TO_CLOSE: "took too long",
}
_FRAME: Final = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}")
_LIBRARIES: Final = ("/site-packages/", "/lib/python3", "/motcua/office/", "/motcua/backoffice.py")


@dataclass(frozen=True)
class MachineWork:
    """One open request of a filing to its agency's back office.

    Attributes:
        work: `check` or `issue`.
        since: The time of the request.
        attempts: The number of attempts that the back office has begun.
        error: The reason why the last attempt failed, in a few words; None if no attempt has failed.
        next_try: The time of the next attempt; None while an attempt runs, or waits for a process to take it.
    """

    work: str
    since: datetime
    attempts: int
    error: str | None = None
    next_try: datetime | None = None


async def machine_work(client: Client, workflow_id: str, limit: timedelta | None = None) -> list[MachineWork]:
    """Returns the filing's open requests; empty for a closed run. Raises `RPCError`, also for an unknown workflow."""
    description = await client.get_workflow_handle(workflow_id).describe(rpc_timeout=limit)
    if description.close_time is not None:
        return []
    page = await client.workflow_service.get_workflow_execution_history_reverse(
        GetWorkflowExecutionHistoryReverseRequest(
            namespace=client.namespace,
            execution=WorkflowExecution(workflow_id=workflow_id, run_id=description.run_id),
            maximum_page_size=_LOOKED_AT,
        ),
        timeout=limit,
    )
    events = page.history.events
    asked = description.raw_description.pending_activities
    found = [await _pending(client, workflow_id, one, events) for one in asked if one.activity_type.name in _WORK]
    return found or await _resting(client, workflow_id, events)


async def _pending(
    client: Client, workflow_id: str, one: PendingActivityInfo, events: Sequence[HistoryEvent]
) -> MachineWork:
    """Returns an open request. `since`: the time of its event, not Temporal's `scheduled_time` (the last attempt's)."""
    waits = one.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
    again = waits and one.HasField("next_attempt_schedule_time")
    asked = [event for event in events if _asks_for(event) == one.activity_type.name]
    since = asked[-1].event_time if asked else one.scheduled_time
    failure = await _failure(client, workflow_id, one.last_failure, asked) if one.HasField("last_failure") else None
    return MachineWork(
        work=_WORK[one.activity_type.name],
        since=since.ToDatetime(tzinfo=UTC),
        attempts=_tries(events, one.activity_type.name) + (one.attempt - 1 if waits else one.attempt),
        error=None if failure is None else error_line(failure),
        next_try=one.next_attempt_schedule_time.ToDatetime(tzinfo=UTC) if again else None,
    )


async def _resting(client: Client, workflow_id: str, events: Sequence[HistoryEvent]) -> list[MachineWork]:
    """Returns the request that the workflow's timer repeats after an unusable answer; empty if no timer runs."""
    over = {
        event.timer_fired_event_attributes.started_event_id or event.timer_canceled_event_attributes.started_event_id
        for event in events  # 0 for an event of another type, which no timer has
    }
    for event in events:
        if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED and event.event_id not in over:
            why = await _summary(client, workflow_id, event)
            if why in ASKED_AGAIN:
                return [await _rests(client, workflow_id, event, why, events)]
    return []


async def _summary(client: Client, workflow_id: str, event: HistoryEvent) -> str | None:
    if not event.HasField("user_metadata") or not event.user_metadata.HasField("summary"):
        return None
    try:
        [found] = await opened(client, workflow_id, [event.user_metadata.summary])
    except UnopenedError:
        return None
    [summary] = await data_converter.decode([found], [str])
    return str(summary)


async def _rests(
    client: Client, workflow_id: str, timer: HistoryEvent, why: str, events: Sequence[HistoryEvent]
) -> MachineWork:
    every = [event for event in events if _asks_for(event) in _WORK]
    asked = [event for event in every if _asks_for(event) == _asks_for(every[0])]
    failed = [
        event.activity_task_failed_event_attributes.failure
        for event in events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED
        and event.event_id > max((one.event_id for one in asked), default=0)
    ]
    started = timer.event_time.ToDatetime(tzinfo=UTC)
    return MachineWork(
        work=_WORK[_asks_for(asked[0])] if asked else "issue",
        since=asked[-1].event_time.ToDatetime(tzinfo=UTC) if asked else started,
        attempts=_tries(events, _asks_for(every[0])) if every else 0,
        error=error_line(await _failure(client, workflow_id, failed[0], asked)) if failed else why,
        next_try=started + timer.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta(),
    )


async def _failure(client: Client, workflow_id: str, failure: Failure, asked: Sequence[HistoryEvent]) -> Failure:
    queue = asked[0].activity_task_scheduled_event_attributes.task_queue.name if asked else None
    return await opened_failure(client, failure, workflow_id, queue)


def _tries(events: Iterable[HistoryEvent], name: str) -> int:
    """Returns the number of attempts at this activity's ended requests. The history lacks those at an open request."""
    asked = {event.event_id for event in events if _asks_for(event) == name}
    begun = (event.activity_task_started_event_attributes for event in events)
    return sum(each.attempt for each in begun if each.scheduled_event_id in asked)


def _asks_for(event: HistoryEvent) -> str:
    return event.activity_task_scheduled_event_attributes.activity_type.name


def error_line(failure: Failure) -> str:
    """Returns a failure in a few words: its type and the line of code that raised it, never its message."""
    if failure.HasField("timeout_failure_info"):
        return _TIMEOUTS.get(failure.timeout_failure_info.timeout_type, "took too long")
    name = error_type(failure) or "Error"
    where = place(failure.stack_trace)
    return name if where is None else f"{name} at {where}"


def error_type(failure: Failure) -> str | None:
    """Returns the type of the exception; None if it is missing or does not look like a type."""
    name = failure.application_failure_info.type
    return name if _NAME.fullmatch(name) else None


def place(stack: str) -> str | None:
    """Returns the innermost frame, if possible of no library, as `folder/file.py:line in function`; else None."""
    frames: list[Any] = _FRAME.findall(stack)
    own = [frame for frame in frames if not any(part in frame[0] for part in _LIBRARIES)]
    if not frames:
        return None
    file, line, function = (own or frames)[-1]
    return f"{'/'.join(PurePosixPath(file).parts[-2:])}:{line} in {function}"
