"""Reads Temporal's histories and descriptions of many workflows, without a query to any of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Final, TypeVar

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client, WorkflowExecutionStatus

from motcua.calls.retry import MayBeGone

MAX_CONCURRENCY: Final = 20
_PAGE: Final = 25

T = TypeVar("T")
A = TypeVar("A")


async def each(work: Callable[[A], Awaitable[T]], given: Iterable[A]) -> list[T]:
    """Returns the results of `work` for each value in `given`, at most `MAX_CONCURRENCY` at a time."""
    free = asyncio.Semaphore(MAX_CONCURRENCY)

    async def one(value: A) -> T:
        async with free:
            return await work(value)

    return await asyncio.gather(*map(one, given))


async def newest_first(client: Client, workflow_id: str) -> AsyncIterator[HistoryEvent]:
    """Yields the events of a workflow's newest run, the last event first. Raises `RPCError`."""
    token = b""
    while True:
        page = await client.workflow_service.get_workflow_execution_history_reverse(
            GetWorkflowExecutionHistoryReverseRequest(
                namespace=client.namespace,
                execution=WorkflowExecution(workflow_id=workflow_id),
                maximum_page_size=_PAGE,
                next_page_token=token,
            )
        )
        for event in page.history.events:
            yield event
        token = page.next_page_token
        if not token:
            return


async def runs(client: Client, workflow_id: str, limit: timedelta | None = None) -> bool:
    """Returns whether the workflow with this id runs. Raises `RPCError`, also if there is no answer within `limit`."""
    with MayBeGone():
        description = await client.get_workflow_handle(workflow_id).describe(rpc_timeout=limit)
        return description.status is WorkflowExecutionStatus.RUNNING
    return False
