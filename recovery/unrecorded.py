"""Runs whose stream is missing in the record.

A stranger who executes our activity may report events to a run that are in no log. The run is then nudged: it reads the
log, and begins anew.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from activities.ledger.database import Pool
from recovery.histories import each
from recovery.stalled import RUNNING
from schemas.ids import NUDGE

BEGUN: Final = timedelta(minutes=1)
"""The minimum age of a run to be nudged: a younger run may just be recording its first event."""

SINCE: Final = timedelta(minutes=10)
"""The maximum age of a run to be nudged: an older run has been nudged twice."""

AGAIN: Final = timedelta(minutes=5)
"""The time after which this process nudges a run again."""

MOST: Final = 1000

_UNRECORDED: Final = """
select asked from unnest($1::text[]) as asked where not exists (select from stream where stream = asked)
"""

_log = structlog.stdlib.get_logger("motcua.healing")


class Nudges:
    """The runs that this process has nudged, by run id."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._nudged: dict[str, datetime] = {}

    async def nudge(self, client: Client, now: datetime) -> list[str]:
        """Nudges the runs without a stream; returns their ids. Raises `RPCError`, and the database's errors."""
        query = f"{RUNNING} AND StartTime > '{_at(now - SINCE)}' AND StartTime < '{_at(now - BEGUN)}'"
        found = {one.run_id: one.id async for one in client.list_workflows(query, limit=MOST)}
        self._nudged = {run: at for run, at in self._nudged.items() if run in found and at > now - AGAIN}
        due = {workflow: run for run, workflow in found.items() if run not in self._nudged}
        unrecorded = [row["asked"] for row in await self._pool.fetch(_UNRECORDED, list(due))]

        async def one(stream: str) -> None:
            self._nudged[due[stream]] = now
            _log.warning("workflow.unrecorded", stream=stream)
            with suppress(RPCError):  # it has ended meanwhile
                await client.get_workflow_handle(stream, run_id=due[stream]).signal(NUDGE)

        await each(one, unrecorded)
        return unrecorded


def _at(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")
