"""Erasure outside of the record: files in the object store, and Temporal's executions. Everything is idempotent."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from obstore.store import ObjectStore
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RawValue
from temporalio.service import RPCError, RPCStatusCode

from activities.checkpoints.log import Place
from activities.support.failpoint import failpoint
from motcua.payloads.codec import opened
from motcua.payloads.converter import UnopenedError
from operations.erasure.erasing import why
from operations.store.sweep import ASIDE
from schemas.reading import LONGEST_WAIT
from views.log import Connection

AT_ONCE: Final = 20
"""Maximum number of concurrent requests."""
LONGEST_QUESTION: Final = 2 * LONGEST_WAIT
"""Maximum seconds to wait until a running `View` workflow has ended; then the workflow is deleted all the same."""


@dataclass(frozen=True)
class Outside:
    """The object store, Temporal, and the second place of checkpoints, if any."""

    store: ObjectStore
    temporal: Client
    elsewhere: Place | None = None


@dataclass
class Gone:
    """The numbers of deleted files and executions. `failed`: the filings of which some are left, and the reason."""

    files: int = 0
    executions: int = 0
    failed: dict[UUID, str] = field(default_factory=dict)


async def erase_outside(connection: Connection, outside: Outside, filings: Collection[UUID]) -> Gone:
    """Deletes the files and executions of erased filings, whatever fails for one. Raises asyncpg's errors."""
    owners, streams = defaultdict[UUID, list[UUID]](list), defaultdict[UUID, list[str]](list)
    for row in await connection.fetch(_CALLBACKS, list(filings)):
        owners[row["filing_id"]].append(row["id"])
    for row in await connection.fetch(_STREAMS, list(filings)):
        streams[row["filing_id"]].append(row["stream"])
    gone, gate = Gone(), asyncio.Semaphore(AT_ONCE)

    async def one(filing: UUID) -> None:
        async with gate:
            try:
                files = [await _files(outside.store, owner) for owner in (filing, *owners[filing])]
                gone.files += sum(files)
                failpoint("erasure.files")
                deleted = 0
                for stream in streams[filing]:
                    async for found in outside.temporal.list_workflows(f"WorkflowId = '{stream}'"):
                        deleted += await _delete(outside.temporal, found.id, found.run_id)
                gone.executions += deleted
            except Exception as error:  # noqa: BLE001 -- on any error the others are deleted, and it is reported
                gone.failed[filing] = why(error)

    await asyncio.gather(*map(one, filings))
    failpoint("erasure.executions")
    await _questions(outside.temporal, set(filings) - gone.failed.keys(), gone)
    return gone


async def _files(store: ObjectStore, owner: UUID) -> int:
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


async def _questions(temporal: Client, filings: Collection[UUID], gone: Gone) -> None:
    """Deletes `View` workflows about these filings or persons, and undecryptable ones, after waiting for their end."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(workflow: str, run: str) -> None:
        about = filings  # if the question can't be read, it may be about any
        try:
            async with gate:
                said = await _asked(temporal, workflow, run)
                about = [one for one in filings if said is None or _PERSONS in said or str(one).encode() in said]
                if about:
                    await _ended(temporal, workflow, run)
                    deleted = await _delete(temporal, workflow, run)
                    gone.executions += deleted
        except Exception as error:  # noqa: BLE001 -- on any error the others are deleted, and it is reported
            gone.failed |= dict.fromkeys(about, why(error))

    try:
        async for page in _pages(temporal):
            await asyncio.gather(*(look(*one) for one in page))
    except Exception as error:  # noqa: BLE001 -- it is unknown which filings the questions are about
        gone.failed |= dict.fromkeys(filings, why(error))


async def _pages(temporal: Client) -> AsyncIterator[list[tuple[str, str]]]:
    """Yields `View` workflows page by page, each as a workflow id and a run id. Temporal's list may lag behind."""
    page: list[tuple[str, str]] = []
    async for found in temporal.list_workflows("WorkflowType = 'View'"):
        page.append((found.id, found.run_id))
        if len(page) == _PAGE:
            yield page
            page = []
    yield page


async def _asked(temporal: Client, workflow: str, run: str) -> bytes | None:
    """Returns a `View` workflow's input: None if undecryptable here, empty if the workflow was deleted meanwhile."""
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


async def _ended(temporal: Client, workflow: str, run: str) -> None:
    """Waits at most `LONGEST_QUESTION` seconds for the end of a `View` workflow, so that its caller gets an answer."""
    try:
        async with asyncio.timeout(LONGEST_QUESTION):
            await temporal.get_workflow_handle(workflow, run_id=run, result_type=RawValue).result()
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
_PERSONS: Final = b"persons_filings"
_STREAMS: Final = "select filing_id, stream from stream where filing_id = any($1) order by stream"
_CALLBACKS: Final = """
select filing_id, id from callback join stream using (stream) where filing_id = any($1) order by id
"""
