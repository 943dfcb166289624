"""Finds runs that do not know the newest event of their stream, and nudges them, so that they read the log.

A command is in the log before it is in the history. If Temporal is restarted in between, it forgets the Update and the
workflow task, and a client that then finds its receipt in the log does not repeat the command.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from activities.ledger.database import Connection, Pool
from recovery.behind import behind
from recovery.histories import each
from recovery.presence import others_work
from recovery.settled import Settled
from recovery.stalled import RUNNING
from schemas.ids import NUDGE

_log = structlog.stdlib.get_logger("motcua.healing")

_AT_REST: Final = """
select p.stream from position p
join stream s on (s.stream, s.head_seq) = (p.stream, p.seq) join standing t on t.stream = p.stream
where p.position > $1 and p.position <= $2
"""
_NAMED: Final = 100
"""The number of workflows that one query of Temporal's list names."""


async def at_rest(connection: Connection, since: int, upto: int) -> set[str]:
    """Returns the streams whose newest event has a position above `since`, up to `upto`.

    Closed streams too: a run that has missed the last event would wait for ever.
    """
    return {row["stream"] for row in await connection.fetch(_AT_REST, since, upto)}


class Unheard:
    """Searches for runs that are behind their log. A stream is examined once its newest event is a minute old."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._settled = Settled()

    async def nudge(self, client: Client, now: datetime) -> list[str]:
        """Signals the runs that are behind their log; returns their streams.

        Returns none while another Temporal's workers use this record. Raises `RPCError`, and the database's errors.
        """
        async with self._pool.acquire() as connection:
            streams = await self._settled.search(connection, now, at_rest)
            if not streams or await others_work(connection, client):
                return []
        found = (await behind(client, self._pool, await _running(client, sorted(streams)))).behind

        async def one(stream: str) -> None:
            _log.warning("workflow.unheard", stream=stream)
            with suppress(RPCError):  # it has ended meanwhile
                await client.get_workflow_handle(stream).signal(NUDGE)

        await each(one, found)
        return found


async def _running(client: Client, streams: Sequence[str]) -> list[str]:
    """Returns those of the streams whose workflow runs according to Temporal's list."""
    found = set[str]()
    for some in (streams[first : first + _NAMED] for first in range(0, len(streams), _NAMED)):
        named = ", ".join(f"'{one}'" for one in some)
        found |= {one.id async for one in client.list_workflows(f"{RUNNING} AND WorkflowId IN ({named})")}
    return sorted(found)
