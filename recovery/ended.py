"""Workflows that ended although the record has work for them: terminated, or ended by somebody else's answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from temporalio.client import Client

from recovery.presence import others_work
from recovery.restart import Restarter
from recovery.stalled import of_types
from rules.streams import KINDS
from views.log import Connection

LOOKED_BACK: Final = timedelta(minutes=10)
"""The greatest age of an end that is looked at: searches follow each other in seconds."""
MOST_LISTED: Final = 2000
"""The maximum number of ends that one search looks at, the newest."""


async def ended_early(client: Client, connection: Connection, restarter: Restarter, now: datetime) -> list[str]:
    """Returns the streams whose workflow ended lately and has work left; none while another Temporal's workers work.

    A run that another Temporal's run has overtaken ends as failed, and must not be started again. Raises `RPCError`.
    """
    lately = f"CloseTime >= '{(now - LOOKED_BACK).isoformat()}' AND {of_types(*KINDS.workflows)}"
    query = f"ExecutionStatus NOT IN ('Running', 'ContinuedAsNew') AND {lately}"
    ended = {one.id async for one in client.list_workflows(query, limit=MOST_LISTED)}
    if not ended or not (left := await restarter.unfinished_of(sorted(ended))):
        return []
    return [] if await others_work(connection, client) else [one for one in left if not await restarter.runs(one)]
