"""Workflows that know less than the log: Temporal was brought back older, or an answer never reached them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import asyncpg
from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client
from temporalio.service import RPCError

from activities.ledger.append import APPEND
from motcua.patience import is_not_found

MAX_CONCURRENCY: Final = 20
PAGE: Final = 500
"""So many workflows are compared with the log at a time."""

_EVENTS: Final = 25

ON_THE_WAY: Final = 3.0
"""Seconds: an answer of the log that has not reached its workflow by then does not reach it."""

HEADS: Final = "select stream, head_seq from stream where stream = any($1)"

NEWEST: Final = """
select stream, head_seq from stream
where stream in (select stream from (select stream from event order by xid desc, stream desc, seq desc limit $1) as new)
"""
"""The streams of the newest events: when Temporal comes back older, these are the ones that it knows least of."""


async def behind(client: Client, heads: Mapping[str, int]) -> list[str]:
    """Those of these streams whose workflow runs and has not seen this head of the log. Raises `RPCError`."""
    found = await _unseen(client, heads)
    if found:
        await asyncio.sleep(ON_THE_WAY)
        found = await _unseen(client, {stream: heads[stream] for stream in found})
    return found


async def _unseen(client: Client, heads: Mapping[str, int]) -> list[str]:
    free = asyncio.Semaphore(MAX_CONCURRENCY)

    async def look(stream: str, head: int) -> str | None:
        async with free:
            seen = await seen_seq(client, stream)
        return stream if seen is not None and seen < head else None

    found = await asyncio.gather(*(look(stream, head) for stream, head in heads.items()))
    return [stream for stream in found if stream is not None]


async def all_behind(
    client: Client, pool: asyncpg.Pool[asyncpg.Record], running: Sequence[str]
) -> AsyncIterator[list[str]]:
    """Of these that run those that are behind, page by page."""
    for start in range(0, len(running), PAGE):
        page = running[start : start + PAGE]
        heads = {row["stream"]: row["head_seq"] for row in await pool.fetch(HEADS, page)}
        yield await behind(client, heads)


async def seen_seq(client: Client, workflow_id: str) -> int | None:
    """The seq up to which a running workflow has seen its stream, by its history; None if there is none that runs."""
    which = WorkflowExecution(workflow_id=workflow_id)
    token = b""
    try:
        while True:
            page = await client.workflow_service.get_workflow_execution_history_reverse(
                GetWorkflowExecutionHistoryReverseRequest(
                    namespace=client.namespace, execution=which, maximum_page_size=_EVENTS, next_page_token=token
                )
            )
            for event in page.history.events:
                if (seq := _seen(event)) is not None:
                    return seq
            token = page.next_page_token
            if not token:
                return 0
    except RPCError as error:
        if is_not_found(error):
            return None
        raise


def _seen(event: HistoryEvent) -> int | None:
    """The seq that an event tells its workflow, if it tells any."""
    marker = event.marker_recorded_event_attributes.details
    if "result" in marker and _plain(marker["data"].payloads).get("activity_type") == APPEND:
        stored = _plain(marker["result"].payloads).get("stored")
        return stored[-1]["seq"] if stored else None
    handed_on = event.workflow_execution_started_event_attributes.input.payloads
    snapshot = _plain(handed_on).get("snapshot") if handed_on else None
    return snapshot["state"]["seq"] if snapshot else None


def _plain(payloads: Sequence[Payload]) -> dict[str, Any]:
    found = json.loads(payloads[0].data)
    return found if isinstance(found, dict) else {}
