"""Restarts, from the log, workflows that Temporal has lost or runs wrongly, for streams of every kind."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

from temporalio.client import Client
from temporalio.common import RawValue, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.ledger import beside
from activities.ledger.database import Pool
from motcua.calls.retry import patiently
from motcua.payloads.codec import opened, ring_of_client
from recovery.codec_keys import expect_taken
from recovery.histories import runs
from recovery.stalled import RUNNING
from rules.stream_kind import Kinds
from rules.streams import KINDS
from schemas.ids import TASK_QUEUE, canonical, event_id, restarts_stream
from schemas.people import SYSTEM
from schemas.stream.restart import Restart, Restarted, RestartStart
from views.log import Connection

MAX_CONCURRENCY: Final = 40
"""The maximum number of restarts at the same time."""

PATIENCE: Final = 20.0
"""The maximum seconds to wait for Temporal."""

PAGE: Final = 500
"""The number of streams, or of filings, read at a time."""

_UNTOLD: Final = """
s.heard_as <> '{}' and not exists (
    select from event told where told.stream = 'filing:' || s.filing_id and told.kind = any(s.heard_as)
        and (convert_from(told.body, 'UTF8')::jsonb ->> 'n')::int = s.n)
"""
"""SQL condition: the filing has to record the end of the stream `s`, and has not done so."""

_UNFINISHED: Final = f"""
select stream from standing s join filing f using (filing_id)
where (s.open or s.watched_until > now() or (f.closed_at is null and {_UNTOLD}))
"""  # noqa: S608 -- joined from statements of our own
"""SQL: the unfinished streams: those that are open, are watched for late news, or have an end that the open filing has
not recorded."""
_OF_ONE: Final = f"{_UNFINISHED} and s.kind = $1 and s.filing_id = $2 order by s.n"
_OF_THESE: Final = f"{_UNFINISHED} and s.stream = any($1) order by s.stream"

_PAGES: Final[tuple[tuple[str, Any], ...]] = (
    ("select stream, stream as key from standing where kind = $1 and open and stream > $2 order by key limit $3", ""),
    (
        """
        select stream, watched_until as key from standing
        where kind = $1 and not open and watched_until > greatest(now(), $2)
        order by key fetch first $3 rows with ties
        """,
        datetime(1970, 1, 1, tzinfo=UTC),
    ),
    (
        f"""
        select s.stream, f.filing_id as key
        from (select filing_id from filing where closed_at is null and filing_id > $2 order by filing_id limit $3) as f
        left join standing s on s.filing_id = f.filing_id and s.kind = $1 and not s.open and {_UNTOLD}
        order by key
        """,  # noqa: S608 -- joined from statements of our own
        UUID(int=0),
    ),
)
"""SQL: three queries, each by an index, which together return the unfinished streams.

Each query returns the page after a key, and is paired with the key for its first page."""

NEXT_EPOCH: Final = """
update stream set epoch = epoch + 1 where stream = $1
returning filing_id, agency, epoch, (
    select f.procedure || ' · ' || f.agency || ' · ' || f.code
    from standing s join filing f using (filing_id) where s.stream = $1
)
"""
"""SQL: raises a stream's epoch. Returns the stream's filing, agency, epoch, and summary for Temporal's own pages."""


class Found(StrEnum):
    """The outcome of a restart: `RUNNING` if the workflow was already running, so that nothing was done."""

    RUNNING = "running"
    RESTARTED = "restarted"


class Restarter:
    """Restarts workflows. Several processes may restart the same workflow at once: a running one is not touched."""

    def __init__(self, pool: Pool, temporal: Client, kinds: Kinds = KINDS) -> None:
        self.kinds = kinds
        self._pool = pool
        self._temporal = temporal

    async def unfinished(self, kind: str, filing: UUID) -> list[str]:
        """Returns those streams of this filing and this kind whose workflow still has work."""
        return [row["stream"] for row in await self._pool.fetch(_OF_ONE, kind, filing)]

    async def unfinished_of(self, streams: Sequence[str]) -> list[str]:
        """Returns those of the given streams whose workflow still has work."""
        return [row["stream"] for row in await self._pool.fetch(_OF_THESE, streams)]

    async def all_unfinished(self, kind: str) -> AsyncIterator[list[str]]:
        """Yields, in pages, all streams of this kind whose workflow still has work. A stream may be yielded twice."""
        for statement, first in _PAGES:
            key = first
            while rows := await self._pool.fetch(statement, kind, key, PAGE):
                yield [row["stream"] for row in rows if row["stream"] is not None]
                key = rows[-1]["key"]

    async def answers(self) -> None:
        """Waits until Temporal answers. Raises `MotcuaError` if Temporal does not answer in time."""
        await self.runs("nothing")

    async def streams(self, filing: UUID) -> list[str]:
        """Returns all streams of a filing."""
        rows = await self._pool.fetch("select stream from standing where filing_id = $1", filing)
        return [row["stream"] for row in rows]

    async def running(self) -> list[str]:
        """Returns all running streams in Temporal's list, which may be out of date. Raises `MotcuaError`."""

        async def attempt(limit: Any) -> list[str]:
            return [workflow.id async for workflow in self._temporal.list_workflows(RUNNING, rpc_timeout=limit)]

        return await patiently(attempt, PATIENCE)

    async def restart(self, stream: str, *, force: bool = False, memo: Mapping[str, Any] | None = None) -> Found:
        """Restarts the workflow of a stream. A running workflow is terminated with `force`, and not touched otherwise.

        `memo` is attached to the new run, readable without a key, and passes to later runs.

        Raises `MotcuaError` if Temporal does not answer or refuses, or if workers could not decrypt the start input;
        and the database's errors.
        """
        running = WorkflowIDConflictPolicy.TERMINATE_EXISTING if force else WorkflowIDConflictPolicy.FAIL
        await expect_taken(self._pool, ring_of_client(self._temporal))
        async with self._pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                # The row stays locked: nobody appends, and nobody else restarts it, until the new run exists.
                [(filing, agency, epoch, summary)] = await connection.fetch(NEXT_EPOCH, stream)
                await leave_trace(connection, filing, agency, stream, epoch)
                start = partial(
                    self._temporal.start_workflow,
                    self.kinds.of(stream).workflow,
                    RestartStart(restart=Restart(epoch=epoch)),
                    id=stream,
                    task_queue=TASK_QUEUE,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    id_conflict_policy=running,
                    memo=memo,
                    static_summary=summary,
                )
                await patiently(lambda limit: start(rpc_timeout=limit), PATIENCE)
            except WorkflowAlreadyStartedError:
                await transaction.rollback()
                return Found.RUNNING
            except BaseException:
                # It may have started all the same, under this epoch.
                await transaction.commit()
                raise
            await transaction.commit()
        return Found.RESTARTED

    async def begin_again(self, stream: str, memo: Mapping[str, Any] | None = None) -> None:
        """Restarts a running workflow: from its log, else with its original input. Raises the errors of `restart`."""
        if await self._pool.fetchval("select exists (select from stream where stream = $1)", stream):
            await self.restart(stream, force=True, memo=memo)
            return
        await expect_taken(self._pool, ring_of_client(self._temporal))
        handle = self._temporal.get_workflow_handle(stream)

        async def attempt(limit: Any) -> None:
            async for event in handle.fetch_history_events(rpc_timeout=limit):
                begun = event.workflow_execution_started_event_attributes
                await self._temporal.start_workflow(
                    begun.workflow_type.name,
                    args=[RawValue(one) for one in await opened(self._temporal, stream, begun.input.payloads)],
                    id=stream,
                    task_queue=TASK_QUEUE,
                    id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
                    memo=memo,
                    rpc_timeout=limit,
                )
                return

        await patiently(attempt, PATIENCE)

    async def runs(self, stream: str) -> bool:
        """Returns whether a stream has a running workflow. Raises `MotcuaError`."""
        return await patiently(lambda limit: runs(self._temporal, stream, limit), PATIENCE)


async def leave_trace(connection: Connection, filing: UUID, agency: str, stream: str, epoch: int) -> None:
    """Records, in the caller's transaction, that a stream of a filing continues under this epoch (docs/ledger.md).

    The event is in the filing's `restarts` stream. An epoch without such an event was raised without authority.
    """
    traces, command_id, said = restarts_stream(filing), str(uuid4()), Restarted(stream=stream, epoch=epoch)
    body = canonical(said.model_dump(mode="json", exclude={"kind"}))
    head = (await beside.heads(connection, [(traces, filing, agency)]))[traces]
    event = {
        "stream": traces,
        "seq": head["head_seq"] + 1,
        "event_id": event_id(traces, command_id, 0),
        "filing_id": filing,
        "agency": head["agency"],
        "kind": said.kind,
        "version": 1,
        "body": body,
        "sealed": None,
        "key_id": None,
        "command_id": command_id,
        "actor": canonical(SYSTEM.model_dump(mode="json", exclude_none=True)),
        "via": "motcua/restart",
        "occurred_at": head["now"],
    }
    await beside.append(connection, head, [event], hashlib.sha256(body).hexdigest())
