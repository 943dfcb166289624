"""Workflows that know less than the log: Temporal was brought back older, or an answer never reached them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Final

import asyncpg
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.service import RPCError

from activities.ledger.append import APPEND
from motcua.patience import is_not_found
from recovery.histories import each, newest_first, runs

PAGE: Final = 500
"""So many workflows are compared with the log at a time."""

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

    async def falls_behind(stream: str) -> bool:
        return await seen_seq(client, stream) < heads[stream] and await runs(client, stream)

    async def those(of: Iterable[str]) -> list[str]:
        streams = list(of)
        return [one for one, it_does in zip(streams, await each(falls_behind, streams), strict=True) if it_does]

    if found := await those(heads):
        await asyncio.sleep(ON_THE_WAY)
        found = await those(found)
    return found


async def all_behind(
    client: Client, pool: asyncpg.Pool[asyncpg.Record], running: Sequence[str]
) -> AsyncIterator[list[str]]:
    """Of these that run those that are behind, page by page."""
    for start in range(0, len(running), PAGE):
        page = running[start : start + PAGE]
        heads = {row["stream"]: row["head_seq"] for row in await pool.fetch(HEADS, page)}
        yield await behind(client, heads)


async def seen_seq(client: Client, workflow_id: str) -> int:
    """The seq up to which a workflow has seen its stream, by its history; 0 if there is none. Raises `RPCError`."""
    try:
        async for event in newest_first(client, workflow_id):
            if (seq := _seen(event)) is not None:
                return seq
    except RPCError as error:
        if not is_not_found(error):
            raise
    return 0


def _seen(event: HistoryEvent) -> int | None:
    """The seq that an event tells its workflow, if it tells any."""
    marker = event.marker_recorded_event_attributes.details
    if "result" in marker and _plain(marker["data"].payloads).get("activity_type") == APPEND:
        stored = _plain(marker["result"].payloads).get("stored")
        return stored[-1]["seq"] if stored else None
    snapshot = snapshot_in(event)
    return snapshot["state"]["seq"] if snapshot else None


def snapshot_in(event: HistoryEvent) -> dict[str, Any] | None:
    """What the run before has handed on, in the first event of a history."""
    handed_on = event.workflow_execution_started_event_attributes.input.payloads
    return _plain(handed_on).get("snapshot") if handed_on else None


def _plain(payloads: Sequence[Payload]) -> dict[str, Any]:
    found = json.loads(payloads[0].data)
    return found if isinstance(found, dict) else {}
