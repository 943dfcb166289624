"""Waits for new events of streams: one statement serves all waits."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any, Final, TypeAlias

import asyncpg

from views.log import DATABASE_ERRORS

PAUSE: Final = 0.1
"""Seconds between two checks."""

_Told: TypeAlias = "asyncio.Future[Exception | None]"


class Watch:
    """Notifies callers that wait for new events of streams. Polls the database only while somebody waits."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool
        self._waiting: defaultdict[str, dict[_Told, int]] = defaultdict(dict)
        self._looking: asyncio.Task[None] | None = None

    async def beyond(self, stream: str, after: int, wait: float) -> None:
        """Waits at most `wait` seconds for an event with a seq above `after`; returns at once for an unknown stream."""
        told: _Told = asyncio.get_running_loop().create_future()
        self._waiting[stream][told] = after
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            await asyncio.wait({told}, timeout=wait)
        finally:
            del self._waiting[stream][told]
            if not self._waiting[stream]:
                del self._waiting[stream]
        if told.done() and (error := told.result()) is not None:
            raise error

    async def _look(self) -> None:
        """Wakes the callers whose streams have new events or do not exist; on an error, all of them, with the error."""
        while self._waiting:
            asked = list(self._waiting)
            heads: dict[str, int] = {}
            error: Exception | None = None
            try:
                rows = await self._pool.fetch("select stream, head_seq from heads_of($1)", asked)
                heads = dict(rows)
            except (*DATABASE_ERRORS, OSError, TimeoutError) as failed:
                error = failed
            for stream in asked:
                for told, after in self._waiting.get(stream, {}).items():
                    if not told.done() and (stream not in heads or heads[stream] > after):
                        told.set_result(error)
            await asyncio.sleep(PAUSE)
