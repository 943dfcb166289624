"""What lies outside of the record: files in the object store, and Temporal's executions. Everything may be repeated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from obstore.store import ObjectStore
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowFailureError
from temporalio.service import RPCError, RPCStatusCode

from activities.checkpoints.place import Place
from activities.failpoint import failpoint
from operations.store.sweep import ASIDE
from schemas.reading import LONGEST_WAIT
from views.log import Connection

AT_ONCE: Final = 20
"""So many executions are asked for at the same time."""
LONGEST_QUESTION: Final = 2 * LONGEST_WAIT
"""So many seconds a question under way is waited for before it is deleted all the same."""


@dataclass(frozen=True)
class Outside:
    """The object store, Temporal, and the second place of checkpoints, if there is one."""

    store: ObjectStore
    temporal: Client
    elsewhere: Place | None = None


@dataclass(frozen=True)
class Gone:
    """So many files and executions were deleted."""

    files: int
    executions: int


async def erase_outside(connection: Connection, outside: Outside, filings: Collection[UUID]) -> Gone:
    """Delete the files of filings that are erased in the record, and what Temporal still has of them.

    Raises what asyncpg, obstore and Temporal raise; what was done until then is done.
    """
    rows = await connection.fetch(_STREAMS, list(filings))
    owners = [*filings, *(row["id"] for row in await connection.fetch(_CALLBACKS, list(filings)))]
    files = 0
    for owner in owners:
        files += await _files(outside.store, owner)
    failpoint("erasure.files")
    executions = 0
    for row in rows:
        executions += await _executions(outside.temporal, row["stream"])
    failpoint("erasure.executions")
    return Gone(files, executions + await _questions(outside.temporal, filings))


async def _files(store: ObjectStore, owner: UUID) -> int:
    deleted = 0
    for prefix in (f"files/{owner}/", f"{ASIDE}files/{owner}/"):
        async for page in store.list(prefix):
            for meta in page:
                try:
                    await store.delete_async(meta["path"])
                except FileNotFoundError:
                    continue  # somebody else did
                deleted += 1
    return deleted


async def _executions(temporal: Client, workflow: str) -> int:
    """Every run of a stream's workflow."""
    deleted = 0
    async for found in temporal.list_workflows(f"WorkflowId = '{workflow}'"):
        deleted += await _delete(temporal, found.id, found.run_id)
    return deleted


async def _questions(temporal: Client, filings: Collection[UUID]) -> int:
    """Questions about these filings, and such as name a person. What is being answered is waited for."""
    wanted, deleted = {str(filing) for filing in filings}, 0
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(workflow: str, run: str) -> int:
        async with gate:
            said = await _asked(temporal, workflow, run)
            if _PERSONS not in said and not any(filing in said for filing in wanted):
                return 0
            await _ended(temporal, workflow, run)
            return await _delete(temporal, workflow, run)

    async for page in _pages(temporal):
        deleted += sum(await asyncio.gather(*(look(*one) for one in page)))
    return deleted


async def _pages(temporal: Client) -> AsyncIterator[list[tuple[str, str]]]:
    """Questions, page by page: of an id and a run each. The list may still call running what has ended."""
    page: list[tuple[str, str]] = []
    async for found in temporal.list_workflows("WorkflowType = 'View'"):
        page.append((found.id, found.run_id))
        if len(page) == _PAGE:
            yield page
            page = []
    yield page


async def _asked(temporal: Client, workflow: str, run: str) -> str:
    """What was asked, as far as it can be opened here; empty for what is gone meanwhile."""
    try:
        first = await anext(temporal.get_workflow_handle(workflow, run_id=run).fetch_history_events(page_size=1), None)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return ""
    if first is None:
        return ""
    payloads = first.workflow_execution_started_event_attributes.input.payloads
    return repr(await temporal.data_converter.decode(payloads))


async def _ended(temporal: Client, workflow: str, run: str) -> None:
    """Whoever asked gets an answer, which may be that it failed, unless nobody gives one."""
    try:
        async with asyncio.timeout(LONGEST_QUESTION):
            await temporal.get_workflow_handle(workflow, run_id=run).result()
    except (WorkflowFailureError, TimeoutError):
        return
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def _delete(temporal: Client, workflow: str, run: str) -> int:
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


_PAGE: Final = 200
_PERSONS: Final = "persons_filings"
_STREAMS: Final = "select stream from stream where filing_id = any($1) order by stream"
_CALLBACKS: Final = """
select id from callback where stream in (select stream from stream where filing_id = any($1)) order by id
"""
