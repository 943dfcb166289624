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
"""The greatest age of an end that a search finds."""
LAG: Final = timedelta(minutes=1)
"""The time by which Temporal's list may lag behind, as a generous bound."""
MOST_LISTED: Final = 2000
"""The maximum number of ends that one search looks at, the newest."""


class Ended:
    """The streams whose workflow ended too early. A stream is kept until its workflow runs again."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._searched: datetime | None = None
        self._left: set[str] = set()

    async def look(self, client: Client, restarter: Restarter, now: datetime) -> list[str]:
        """Returns the streams that have work and no running workflow; none while another Temporal's workers work.

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
