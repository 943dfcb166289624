"""Starting again, from the log, what Temporal has lost: filings, payments and parcels, each by its own stream."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import asyncpg
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from motcua.patience import is_not_found, patiently
from rules.streams import KINDS, Kinds
from schemas.ids import TASK_QUEUE
from schemas.stream.restart import Restart, RestartStart

MAX_CONCURRENCY: Final = 10
"""So many are started at the same time."""

PATIENCE: Final = 20.0
"""Seconds for which Temporal is waited for."""

_UNFINISHED: Final = """
select stream from standing s join filing f using (filing_id)
where s.kind = $1 and ($2::uuid is null or s.filing_id = $2)
    and (s.open or s.watched_until > now() or (
        s.heard_as <> '{}' and f.closed_at is null and not exists (
            select from event told where told.stream = 'filing:' || s.filing_id and told.kind = any(s.heard_as)
                and (convert_from(told.body, 'UTF8')::jsonb ->> 'n')::int = s.n)))
order by f.submitted_at, s.n, s.stream
"""
"""Open; or late news may still come; or its filing, open itself, has not heard how it ended."""

_SUMMARY: Final = """
select f.procedure || ' · ' || f.agency || ' · ' || f.code
from standing s join filing f using (filing_id) where s.stream = $1
"""
"""How it reads in Temporal's own pages."""


class Found(StrEnum):
    """How it stood with a workflow."""

    RUNNING = "running"
    RESTARTED = "restarted"


class Restarter:
    """Starts workflows again. Safe to use twice, and several at once: who runs is left alone."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], temporal: Client, kinds: Kinds = KINDS) -> None:
        self.kinds = kinds
        self._pool = pool
        self._temporal = temporal

    async def unfinished(self, kind: str, filing: UUID | None = None) -> list[str]:
        """The streams of a kind, of one filing or of all, whose workflow still has something to do."""
        rows = await self._pool.fetch(_UNFINISHED, kind, filing)
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
                await self._start(stream, epoch, await connection.fetchval(_SUMMARY, stream))
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

    async def _start(self, stream: str, epoch: int, summary: str | None) -> None:
        async def attempt(limit: Any) -> None:
            await self._temporal.start_workflow(
                self.kinds.of(stream).workflow,
                RestartStart(restart=Restart(epoch=epoch)),
                id=stream,
                task_queue=TASK_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                static_summary=summary,
                rpc_timeout=limit,
            )

        await patiently(attempt, PATIENCE)
