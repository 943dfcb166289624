"""The history of one filing in Temporal, over all its workflows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

SHAPE: Final = (
    *("ACTIVITY_TASK_SCHEDULED", "MARKER_RECORDED", "WORKFLOW_EXECUTION_COMPLETED", "WORKFLOW_EXECUTION_SIGNALED"),
    *("WORKFLOW_EXECUTION_STARTED", "WORKFLOW_EXECUTION_UPDATE_COMPLETED"),
)
"""The events that show the steps of a workflow. Task and timer events are left out, because their numbers vary: with
the timing, and because two deadlines within one minute share a timer."""


@dataclass(frozen=True)
class History:
    """The numbers of events and of bytes, as the server counts them, and the number of events of each kind."""

    events: int
    size: int
    kinds: Mapping[str, int]

    @property
    def shape(self) -> dict[str, int]:
        """The numbers of Updates, signals, activities (a local activity is a marker), starts and completions."""
        return {kind: self.kinds.get(kind, 0) for kind in SHAPE}


async def history(client: Client, workflows: Iterable[str]) -> History:
    events, size, kinds = 0, 0, Counter[str]()
    for workflow_id in workflows:
        handle = client.get_workflow_handle(workflow_id)
        info = (await handle.describe()).raw_description.workflow_execution_info
        events += info.history_length
        size += info.history_size_bytes
        async for event in handle.fetch_history_events():
            kinds[EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")] += 1
    return History(events, size, dict(kinds))
