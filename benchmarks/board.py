"""Waits for the progress of filings, read from PostgreSQL. One query serves all waiting callers."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Hashable
from contextlib import suppress
from typing import Any, Final, Self

import asyncpg

GLANCE: Final = 0.01
"""Seconds between two queries."""
PATIENCE: Final = 120
"""The most seconds to wait for a filing."""


class Board:
    """Waits until filings reach a place, such as a stage. `query` returns (id, place) of the filings with ids `$1`."""

    def __init__(self, dsn: str, query: str) -> None:
        self._dsn = dsn
        self._query = query
        self._waiting: dict[tuple[Hashable, str], asyncio.Event] = {}

    async def __aenter__(self) -> Self:
        self._connection = await asyncpg.connect(self._dsn)
        self._looking = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._looking.cancel()
        with suppress(asyncio.CancelledError):
            await self._looking
        await self._connection.close()

    async def at(self, filing: Hashable, place: str) -> None:
        """Returns once the filing has reached this place. Raises `TimeoutError` after `PATIENCE` seconds."""
        arrived = self._waiting[filing, place] = asyncio.Event()
        async with asyncio.timeout(PATIENCE):
            await arrived.wait()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(GLANCE)
            for key in await self._rows({filing for filing, _ in self._waiting}):
                if arrived := self._waiting.pop(key, None):
                    arrived.set()

    async def _rows(self, filings: Collection[Any]) -> list[tuple[Any, str]]:
        if not filings:
            return []
        return [(row[0], row[1]) for row in await self._connection.fetch(self._query, list(filings))]
