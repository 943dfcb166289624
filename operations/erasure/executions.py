"""Copies outside of the record: Temporal's executions with their inputs, and the files in the store."""

from uuid import UUID

from obstore.store import ObjectStore
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from motcua.payloads.codec import opened
from motcua.payloads.converter import UnopenedError
from operations.store.sweep import ASIDE
from rules.streams import KINDS


def executions_of(filing: UUID) -> str:
    """Returns the query for all executions of a filing's streams, also of streams that were refused at their start."""
    return " or ".join(f"WorkflowId STARTS_WITH '{kind}:{filing}'" for kind in KINDS)


async def files_of(store: ObjectStore, owner: UUID) -> int:
    """Deletes the files of a filing or a callback, and returns their number."""
    deleted = 0
    for prefix in (f"files/{owner}/", f"{ASIDE}files/{owner}/"):
        async for page in store.list(prefix):
            for meta in page:
                try:
                    await store.delete_async(meta["path"])
                except FileNotFoundError:
                    continue  # already deleted
                deleted += 1
    return deleted


async def input_of(temporal: Client, workflow: str, run: str) -> bytes | None:
    """Returns an execution's input; None if this process can't decrypt it; empty if the execution is deleted."""
    try:
        first = await anext(temporal.get_workflow_handle(workflow, run_id=run).fetch_history_events(page_size=1), None)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return b""
    if first is None:
        return b""
    payloads = first.workflow_execution_started_event_attributes.input.payloads
    try:
        return b"".join(payload.data for payload in await opened(temporal, workflow, payloads))
    except UnopenedError:
        return None


async def delete(temporal: Client, workflow: str, run: str) -> int:
    """Deletes an execution. Returns 1, or 0 if the execution does not exist."""
    asked = DeleteWorkflowExecutionRequest(
        namespace=temporal.namespace, workflow_execution=WorkflowExecution(workflow_id=workflow, run_id=run)
    )
    try:
        await temporal.workflow_service.delete_workflow_execution(asked)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return 0
    return 1
