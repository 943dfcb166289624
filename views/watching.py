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
        """Waits for an event with a seq above `after`, at most `wait` seconds. Does not wait for an unknown stream."""
        told: _Told = asyncio.get_running_loop().create_future()
        self._waiting[stream][told] = after
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            await asyncio.wait({told}, timeout=wait)
        finally:
            self._leave(stream, told)
        if told.done() and (error := told.result()) is not None:
            raise error

    def _leave(self, stream: str, told: _Told) -> None:
        del self._waiting[stream][told]
        if not self._waiting[stream]:
            del self._waiting[stream]

    async def _look(self) -> None:
        while self._waiting:
            asked = list(self._waiting)
            try:
                heads = dict(
                    await self._pool.fetch("select stream, head_seq from stream where stream = any($1)", asked)
                )
            except (*DATABASE_ERRORS, OSError, TimeoutError) as error:
                self._tell(asked, {}, error)
            else:
                self._tell(asked, heads, None)
            await asyncio.sleep(PAUSE)

    def _tell(self, asked: list[str], heads: dict[str, int], error: Exception | None) -> None:
        """Wakes the callers whose streams (`asked`) have new events or do not exist; all of them on an error."""
        for stream in asked:
            for told, after in self._waiting.get(stream, {}).items():
                if not told.done() and (stream not in heads or heads[stream] > after):
                    told.set_result(error)
