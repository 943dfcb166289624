"""Workflows that an operator resets, or that Temporal loses and that are restarted from the log."""

from uuid import uuid4

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from recovery.restart import Found, Restarter
from tests.conftest import World
from workers.wiring import open_pool

COMPLETED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED


async def lose(world: World, stream: str) -> None:
    """Terminate the workflow of a stream, as if Temporal had lost it."""
    await world.temporal.get_workflow_handle(stream).terminate("lost")


async def restart(world: World, *streams: str, force: bool = False) -> None:
    """Restart lost workflows, or with `force` running ones."""
    async with open_pool(world.settings) as pool:
        for stream in streams:
            assert await Restarter(pool, world.temporal).restart(stream, force=force) is Found.RESTARTED


async def lost_and_restarted(world: World, *streams: str) -> None:
    """Lose the workflows of these streams, and restart those that neither healing nor their filing starts before."""
    lost = {stream: await _run(world, stream) for stream in streams}
    for stream in streams:
        await lose(world, stream)
    async with open_pool(world.settings) as pool:
        for stream in streams:
            await Restarter(pool, world.temporal).restart(stream)
            assert await _run(world, stream) != lost[stream]


async def _run(world: World, stream: str) -> str | None:
    return (await world.temporal.get_workflow_handle(stream).describe()).run_id


async def reset(world: World, stream: str) -> None:
    """Reset the workflow of a stream to its first workflow task, as an operator would."""
    history = await world.temporal.get_workflow_handle(stream).fetch_history()
    first = next(event.event_id for event in history.events if event.event_type == COMPLETED)
    await world.temporal.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=world.namespace,
            workflow_execution=WorkflowExecution(workflow_id=stream, run_id=history.run_id),
            reason="a test",
            workflow_task_finish_event_id=first,
            request_id=uuid4().hex,
        )
    )
