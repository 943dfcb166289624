"""Starting again, from the log, what Temporal has lost: filings, payments and parcels, each by its own stream."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import asyncpg
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from motcua.patience import is_not_found, patiently
from schemas.ids import TASK_QUEUE
from schemas.stream.restart import Restart, RestartStart

MAX_CONCURRENCY: Final = 10
"""So many are started at the same time."""

PATIENCE: Final = 20.0
"""Seconds for which Temporal is waited for."""

WORKFLOWS: Final[Mapping[str, str]] = {"filing": "Filing", "payment": "Payment", "parcel": "Parcel"}
"""The workflow of each kind of stream, in the order in which they are started: who reports must find its filing."""

_UNFINISHED: Final[Mapping[str, str]] = {
    "filing": """
select 'filing:' || f.filing_id from filing f
where f.closed_at is null and ($1::uuid is null or f.filing_id = $1) order by f.submitted_at
""",
    # Unpaid; or with money to give back; or its filing has not heard how it ended; or late money may still come.
    "payment": """
select p.stream from payment p join filing f using (filing_id)
    join event asked on asked.stream = p.stream and asked.seq = 1
where ($1::uuid is null or p.filing_id = $1) and (
    p.state = 'pending'
    or p.captured - p.refunded > case p.state when 'paid' then p.amount else 0 end
    or (f.closed_at is null and p.state in ('paid', 'expired') and not exists (
        select from event told where told.stream = 'filing:' || p.filing_id
            and told.kind like 'fee\\_%' and told.kind <> 'fee_requested'
            and (convert_from(told.body, 'UTF8')::jsonb ->> 'n')::int = p.n))
    or exists (
        select from event settled where settled.stream = p.stream
            and (settled.kind in ('payment_expired', 'payment_cancelled') or (settled.kind = 'payment_captured'
                and convert_from(settled.body, 'UTF8')::jsonb @> '{"owed": true}'))
            and settled.occurred_at + make_interval(
                secs => (convert_from(asked.body, 'UTF8')::jsonb ->> 'watch_seconds')::float) > now()))
order by p.requested_at
""",
    # Under way; or its filing has not heard how it ended.
    "parcel": """
select p.stream from parcel p join filing f using (filing_id)
where ($1::uuid is null or p.filing_id = $1) and (
    p.state in ('requested', 'sent')
    or (f.closed_at is null and not exists (
        select from event told where told.stream = 'filing:' || p.filing_id and told.kind = 'parcel_failed'
            and (convert_from(told.body, 'UTF8')::jsonb ->> 'n')::int = p.n)))
order by p.requested_at
""",
}


class Found(StrEnum):
    """How it stood with a workflow."""

    RUNNING = "running"
    RESTARTED = "restarted"


class Restarter:
    """Starts workflows again. Safe to use twice, and several at once: who runs is left alone."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], temporal: Client) -> None:
        self._pool = pool
        self._temporal = temporal

    async def unfinished(self, kind: str, filing: UUID | None = None) -> list[str]:
        """The streams of a kind, of one filing or of all, whose workflow still has something to do."""
        rows = await self._pool.fetch(_UNFINISHED[kind], filing)
        return [row[0] for row in rows]

    async def answers(self) -> None:
        """Return once Temporal answers. Raises `MotcuaError`."""
        await self._runs("nothing")

    async def restart(self, stream: str) -> Found:
        """Start the workflow of a stream again, unless it runs.

        Raises:
            MotcuaError: Temporal does not answer, or refuses.
            asyncpg.PostgresError, OSError, TimeoutError: The database does.
        """
        if await self._runs(stream):
            return Found.RUNNING
        async with self._pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                # The row stays locked: nobody appends, and nobody else restarts it, until the new run is there.
                epoch = await connection.fetchval(
                    "update stream set epoch = epoch + 1 where stream = $1 returning epoch", stream
                )
                await self._start(stream, epoch)
            except WorkflowAlreadyStartedError:
                await transaction.rollback()
                return Found.RUNNING
            except BaseException:
                # It may have been started all the same, under this epoch.
                await transaction.commit()
                raise
            await transaction.commit()
        return Found.RESTARTED

    async def _runs(self, stream: str) -> bool:
        handle = self._temporal.get_workflow_handle(stream)

        async def attempt(limit: Any) -> bool:
            try:
                description = await handle.describe(rpc_timeout=limit)
            except RPCError as error:
                if is_not_found(error):
                    return False
                raise
            return description.status is WorkflowExecutionStatus.RUNNING

        return await patiently(attempt, PATIENCE)

    async def _start(self, stream: str, epoch: int) -> None:
        async def attempt(limit: Any) -> None:
            await self._temporal.start_workflow(
                WORKFLOWS[stream.partition(":")[0]],
                RestartStart(restart=Restart(epoch=epoch)),
                id=stream,
                task_queue=TASK_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                rpc_timeout=limit,
            )

        await patiently(attempt, PATIENCE)
