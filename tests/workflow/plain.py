"""Submissions and commands as any client may send them, and checks of how their workflows end."""

from typing import Any

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from schemas.errors import Refusal
from schemas.ids import filing_id
from tests.acting import eventually, record, refusal, stock
from tests.conftest import World

Plain = dict[str, Any]


def start(*args: Any, workflow_id: str) -> WithStartWorkflowOperation[Any, Any]:
    return WithStartWorkflowOperation(
        "Filing",
        args=args,
        id=workflow_id,
        task_queue="motcua",
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    )


async def submit(client: Client, *args: Any, workflow_id: str) -> Any:
    operation = start(*args, workflow_id=workflow_id)
    return await client.execute_update_with_start_workflow("submit", start_workflow_operation=operation)


async def refused_submission(world: World, submission: Plain) -> Refusal:
    """Returns a submission's refusal; fails if anything was recorded, or if its workflow did not end cleanly."""
    client = await stock(world)
    before = await record(world)
    workflow_id = f"filing:{filing_id(submission['client_id'], submission['submission_id'])}"
    why = await refusal(submit(client, {"submission": submission}, workflow_id=workflow_id))
    await ended_cleanly(client, workflow_id)
    assert await record(world) == before
    return why


async def ended_cleanly(client: Client, workflow_id: str) -> None:
    """Asserts that the workflow fails within five seconds, without a failed workflow task."""
    handle = client.get_workflow_handle(workflow_id)

    async def status() -> WorkflowExecutionStatus | None:
        return (await handle.describe()).status

    await eventually(status, lambda found: found is WorkflowExecutionStatus.FAILED, within=5)
    assert await failed_tasks(handle) == 0


async def failed_tasks(handle: WorkflowHandle[Any, Any]) -> int:
    """Returns the number of failed tasks, without those that the server repeats because of a signal."""
    failures = [
        event.workflow_task_failed_event_attributes.cause
        for event in (await handle.fetch_history()).events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    ]
    return len(failures) - failures.count(WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND)


async def length(handle: WorkflowHandle[Any, Any]) -> int:
    return len((await handle.fetch_history()).events)


def command(**fields: Any) -> Plain:
    actor = {"subject": "h56.30-reception-1", "role": "reception", "agency": "H56.30"}
    return {"command_id": "c-1", "actor": actor, "via": {"principal": "test"}} | fields
