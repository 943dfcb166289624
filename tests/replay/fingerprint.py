"""Shows a reviewer the effects of a history on its workflow: one line for each command and each input.

`>` is a command of the workflow: an activity, a timer, the answer to an Update, the end. `<` is an input of the
workflow. Instants, ids and payloads are left out; for an append, the kinds of the returned events are shown.
"""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory


def commands(file: Path) -> list[str]:
    recorded = json.loads(file.read_text(encoding="utf-8"))
    names: dict[str, str] = {}
    history = WorkflowHistory.from_json(recorded["workflow_id"], recorded["history"])
    return [line for event in history.events for line in lines(event, names)]


def neighbours(file: Path) -> set[tuple[str, str, str]]:
    """Returns all pairs of successive lines in a golden history, each with the type of the workflow."""
    every = commands(file)
    return {(every[0].rpartition(" ")[2], *pair) for pair in pairwise(every)}


def lines(event: HistoryEvent, names: dict[str, str]) -> Iterator[str]:
    """Yields the lines of an event. `names` keeps names, since later events only refer to them."""
    yield from _work(event)
    yield from _waiting(event, names)
    yield from _messages(event, names)
    yield from _ending(event)


def _work(event: HistoryEvent) -> Iterator[str]:
    match event.event_type:
        case EventType.EVENT_TYPE_MARKER_RECORDED:
            marker = event.marker_recorded_event_attributes.details
            name = json.loads(marker["data"].payloads[0].data)["activity_type"]
            yield f"> local {name}{_recorded(json.loads(marker['result'].payloads[0].data or 'null'))}"
        case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            activity = event.activity_task_scheduled_event_attributes
            yield f"> activity {activity.activity_type.name} on {activity.task_queue.name}"
        case EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED:
            yield "> cancel activity"


def _recorded(answer: Any) -> str:
    stored = answer.get("stored", []) if isinstance(answer, dict) else []
    return "".join(f" {each['event']['kind']}" for each in stored)


def _waiting(event: HistoryEvent, names: dict[str, str]) -> Iterator[str]:
    match event.event_type:
        case EventType.EVENT_TYPE_TIMER_STARTED:
            timer = event.timer_started_event_attributes.timer_id
            summary = event.user_metadata.summary.data
            names[timer] = f"timer {json.loads(summary)}" if summary else "timer"
            yield f"> {names[timer]}"
        case EventType.EVENT_TYPE_TIMER_CANCELED:
            yield f"> cancel {names[event.timer_canceled_event_attributes.timer_id]}"
        case EventType.EVENT_TYPE_TIMER_FIRED:
            yield f"< {names[event.timer_fired_event_attributes.timer_id]}"


def _messages(event: HistoryEvent, names: dict[str, str]) -> Iterator[str]:
    match event.event_type:
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            yield f"< signal {event.workflow_execution_signaled_event_attributes.signal_name}"
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
            asked = event.workflow_execution_update_accepted_event_attributes.accepted_request
            names[asked.meta.update_id] = f"update {asked.input.name}"
            yield f"< update {asked.input.name}"
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
            answer = event.workflow_execution_update_completed_event_attributes
            refused = " refused" if answer.outcome.HasField("failure") else ""
            yield f"> answer {names[answer.meta.update_id]}{refused}"


def _ending(event: HistoryEvent) -> Iterator[str]:
    match event.event_type:
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            yield f"< start {event.workflow_execution_started_event_attributes.workflow_type.name}"
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
            yield "> complete"
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
            failure = event.workflow_execution_failed_event_attributes.failure
            yield f"> fail {failure.application_failure_info.type}"
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
            yield "> continue as new"
