"""Workflows that know less than the log: Temporal was brought back older, or an answer never reached them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.service import RPCError

from activities.ledger.append import APPEND
from motcua.converter import UnopenedError
from motcua.patience import is_not_found
from motcua.sealed_histories import opened
from recovery.histories import each, newest_first, runs
from views import order

PAGE: Final = 500
"""So many workflows are compared with the log at a time."""

ON_THE_WAY: Final = 3.0
"""Seconds: an answer of the log that has not reached its workflow by then does not reach it."""

HEADS: Final = "select stream, head_seq from stream where stream = any($1)"

NEWEST: Final = f"""
select stream, head_seq from stream
where stream in (select stream from ({order.NEWEST.format(most="$1")}) as new) and filing_id is not null
"""  # noqa: S608 -- joined from statements of our own
"""The streams of the newest events: when Temporal comes back older, these are the ones that it knows least of."""


@dataclass(frozen=True)
class Compared:
    """Of some streams those whose workflow runs and has not seen what the log holds.

    Attributes:
        behind: They, as their histories say.
        unopened: Those that run and whose histories can't be opened here, so that nobody knows.
    """

    behind: list[str]
    unopened: list[str]


async def behind(client: Client, heads: Mapping[str, int]) -> Compared:
    """Which of these streams run and have not seen this head of the log. Raises `RPCError`."""
    unopened: set[str] = set()

    async def falls_behind(stream: str) -> bool:
        try:
            return await seen_seq(client, stream) < heads[stream] and await runs(client, stream)
        except UnopenedError:
            if await runs(client, stream):
                unopened.add(stream)
            return False

    async def those(of: Iterable[str]) -> list[str]:
        streams = list(of)
        return [one for one, it_does in zip(streams, await each(falls_behind, streams), strict=True) if it_does]

    if found := await those(heads):
        await asyncio.sleep(ON_THE_WAY)
        found = await those(found)
    return Compared(found, sorted(unopened))


async def all_behind(
    client: Client, pool: asyncpg.Pool[asyncpg.Record], running: Sequence[str]
) -> AsyncIterator[Compared]:
    """Of these that run those that are behind, page by page."""
    for start in range(0, len(running), PAGE):
        page = running[start : start + PAGE]
        heads = {row["stream"]: row["head_seq"] for row in await pool.fetch(HEADS, page)}
        yield await behind(client, heads)


async def seen_seq(client: Client, workflow_id: str) -> int:
    """The seq up to which a workflow has seen its stream, by its history; 0 if there is none.

    Raises:
        RPCError: Temporal refuses.
        UnopenedError: What tells it can't be opened.
    """
    try:
        async for event in newest_first(client, workflow_id):
            if (seq := await _seen(client, workflow_id, event)) is not None:
                return seq
    except RPCError as error:
        if not is_not_found(error):
            raise
    return 0


async def _seen(client: Client, workflow_id: str, event: HistoryEvent) -> int | None:
    """The seq that an event tells its workflow, if it tells any."""
    marker = event.marker_recorded_event_attributes.details
    if "result" in marker and _plain(marker["data"].payloads).get("activity_type") == APPEND:
        stored = _plain(await opened(client, workflow_id, marker["result"].payloads)).get("stored")
        return stored[-1]["seq"] if stored else None
    snapshot = await snapshot_in(client, workflow_id, event)
    return snapshot["state"]["seq"] if snapshot else None


async def snapshot_in(client: Client, workflow_id: str, event: HistoryEvent) -> dict[str, Any] | None:
    """What the run before has handed on, in the first event of a history. Raises `UnopenedError`."""
    handed_on = event.workflow_execution_started_event_attributes.input.payloads
    return _plain(await opened(client, workflow_id, handed_on)).get("snapshot") if handed_on else None


def _plain(payloads: Sequence[Payload]) -> dict[str, Any]:
    try:
        found = json.loads(payloads[0].data)
    except ValueError:
        return {}  # somebody's who knows no JSON
    return found if isinstance(found, dict) else {}
