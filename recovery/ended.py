"""Workflows that ended although the record has work for them: terminated, or ended by a stranger's answer."""

from datetime import datetime, timedelta
from typing import Final

from temporalio.client import Client

from activities.ledger.database import Pool
from recovery.histories import each
from recovery.presence import others_work
from recovery.restart import Restarter
from recovery.stalled import of_types
from rules.streams import KINDS

LOOKED_BACK: Final = timedelta(minutes=10)
"""A search finds only workflows that ended within this time."""
LAG: Final = timedelta(minutes=1)
"""A generous bound of the delay with which Temporal's list shows an ended workflow."""
MOST_LISTED: Final = 2000
"""The maximum number of ended workflows that one search examines, the newest first."""


class Ended:
    """The streams whose workflow ended too early. A stream is kept until its workflow runs again."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._searched: datetime | None = None
        self._left: set[str] = set()

    async def look(self, client: Client, restarter: Restarter, now: datetime) -> list[str]:
        """Returns streams with work but no running workflow; none while workers of another Temporal use this record.

        A run that another Temporal's run has overtaken ends as failed, and must not be started again. Raises
        `RPCError`, `MotcuaError`, and the database's errors.
        """
        found = self._left | {one.id async for one in client.list_workflows(self._query(now), limit=MOST_LISTED)}
        left = await restarter.unfinished_of(sorted(found)) if found else []
        runs = await each(restarter.runs, left)
        self._left = {stream for stream, running in zip(left, runs, strict=True) if not running}
        self._searched = now
        if not self._left:
            return []
        async with self._pool.acquire() as connection:
            return [] if await others_work(connection, client) else sorted(self._left)

    def _query(self, now: datetime) -> str:
        """Returns the visibility query of the workflows that ended since the last search."""
        earliest = now - LOOKED_BACK
        since = earliest if self._searched is None else max(self._searched - LAG, earliest)
        lately = f"CloseTime >= '{since.isoformat()}' AND {of_types(*KINDS.workflows)}"
        return f"ExecutionStatus NOT IN ('Running', 'ContinuedAsNew') AND {lately}"
