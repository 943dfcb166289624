"""A question reaches a filing between an event and the task that reports the event, while the history gets long."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.worker import Replayer

from motcua import filing_workflow
from motcua.payloads.converter import data_converter
from tests.acting import Doubtful, Play, birth, eventually
from tests.conftest import SUGGEST, World, own_stack
from tests.faults.processes import worker_process
from workers.wiring import WORKFLOWS

LONG = "11"
"""The number of events after which Temporal suggests a new run: the first task comes earlier, the second later."""
TOLD = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
SECOND = 2
MEANWHILE = 0.5
"""A wait in seconds, shorter than the time for which the question waits for the dead worker."""


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with own_stack(**{SUGGEST: LONG}) as (_, world):
        yield world


async def kinds(handle: WorkflowHandle[Any, Any]) -> list[int]:
    """Returns the types of the events in the workflow's history."""
    return [event.event_type async for event in handle.fetch_history_events()]


async def test_a_look_before_an_answer_is_told_leaves_a_history_that_replays(world: World, tmp_path: Path) -> None:
    """The next worker passes the answer in the history before it learns that the history is long (ADR 0006)."""
    async with worker_process(world.process_env, tmp_path):
        play = await Play.begin(world, birth())
    looking = asyncio.create_task(play.view())
    await asyncio.sleep(MEANWHILE)
    handle = world.temporal.get_workflow_handle(filing_workflow(play.filing))
    run_id = (await handle.describe()).run_id
    async with world.back_office(Doubtful()):
        await eventually(lambda: kinds(handle), lambda found: EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED in found)
    async with worker_process(world.process_env, tmp_path):
        await looking
        await eventually(lambda: kinds(handle), lambda found: found.count(TOLD) == SECOND)
        await play.accept()
    first = world.temporal.get_workflow_handle(filing_workflow(play.filing), run_id=run_id)
    history = await first.fetch_history()
    await Replayer(workflows=WORKFLOWS, data_converter=data_converter).replay_workflow(history)
    assert (await handle.describe()).run_id != run_id
