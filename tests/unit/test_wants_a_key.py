"""A workflow that stands still for want of a key is known, also where the SDK has made that an error of its own."""

from __future__ import annotations

from typing import Any, cast

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure
from temporalio.api.history.v1 import HistoryEvent, WorkflowTaskFailedEventAttributes
from temporalio.client import Client

from operations.doctor.engine.codec import wants_a_key
from recovery.stalled import _told


def raised(*types: str) -> Failure:
    """The failure of an exception that came of the others."""
    first, *others = types
    cause: dict[str, Any] = {"cause": raised(*others)} if others else {}
    return Failure(message="x", application_failure_info=ApplicationFailureInfo(type=first), **cause)


@pytest.mark.parametrize(
    ("types", "wants"),
    [
        (["KeyMissingError"], True),
        (["UnopenedError"], True),
        (["RuntimeError", "UnopenedError"], True),
        (["RuntimeError", "ValueError", "UnopenedError"], True),
        (["RuntimeError", "ValueError"], False),
        (["RuntimeError"], False),
    ],
)
async def test_it_is_known_by_what_it_came_of(types: list[str], wants: bool) -> None:  # noqa: FBT001 -- what is expected
    failed = WorkflowTaskFailedEventAttributes(failure=raised(*types))
    event = HistoryEvent(
        event_type=EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED, workflow_task_failed_event_attributes=failed
    )
    one = await _told(cast("Client", None), "filing:x", 3, [event])
    assert (one.error, one.caused_by) == (types[0], tuple(types[1:]))
    assert wants_a_key(one) is wants
