"""Workflows that an operator resets, or that Temporal loses and that are restarted from the log."""

from itertools import takewhile
from uuid import uuid4

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from recovery.restart import Found, Restarter
from tests.conftest import World
from workers.wiring import open_pool

COMPLETED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED


async def lose(world: World, stream: str) -> None:
    """Terminate the workflow of a stream, as if Temporal had lost it."""
    await world.temporal.get_workflow_handle(stream).terminate("lost")


async def restart(world: World, *streams: str, force: bool = False) -> None:
    """Restarts lost workflows, or with `force` running ones."""
    async with open_pool(world.settings) as pool:
        for stream in streams:
            assert await Restarter(pool, world.temporal).restart(stream, force=force) is Found.RESTARTED


async def lost_and_restarted(world: World, *streams: str) -> None:
    """Loses these streams' workflows; restarts each that neither healing nor its filing has restarted meanwhile."""
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
    """Resets the workflow of a stream to its first workflow task, as an operator would."""
    history = await world.temporal.get_workflow_handle(stream).fetch_history()
    first = next(event.event_id for event in history.events if event.event_type == COMPLETED)
    await _reset_to(world, stream, history.run_id, first)


async def forget(world: World, stream: str, update: str) -> None:
    """Makes Temporal forget this Update of a stream and all that came after it; the log still has them."""
    history = await world.temporal.get_workflow_handle(stream).fetch_history()
    before = takewhile(
        lambda event: event.workflow_execution_update_accepted_event_attributes.accepted_request.input.name != update,
        history.events,
    )
    last = [event.event_id for event in before if event.event_type == COMPLETED][-1]  # the one that accepts the Update
    await _reset_to(world, stream, history.run_id, last, ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE)


async def _reset_to(
    world: World, stream: str, run_id: str, task: int, *forgotten: ResetReapplyExcludeType.ValueType
) -> None:
    await world.temporal.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=world.namespace,
            workflow_execution=WorkflowExecution(workflow_id=stream, run_id=run_id),
            reason="a test",
            workflow_task_finish_event_id=task,
            request_id=uuid4().hex,
            reset_reapply_exclude_types=forgotten,
        )
    )
