"""Looks at the record and at Temporal, again and again."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from typing import Final

import asyncpg
from temporalio.client import Client
from temporalio.service import RPCError

from motcua.connection import connect
from motcua.errors import MotcuaError
from operations.connecting import TIMEOUT, Connection
from recovery.stalled import count_reported, reports_problems
from rules.streams import KINDS
from schemas.reading import Board
from views.log import DATABASE_ERRORS, Log, no_keys
from views.operator import board as read_board

TEMPORAL_PATIENCE: Final = 2.0
"""Seconds, after which a board is shown without what Temporal knows."""


SPAN: Final = timedelta(seconds=10)
"""The database counts by fits and starts: over less a steady load would seem to come in bursts."""


FAILURES: Final = (OSError, TimeoutError, *DATABASE_ERRORS)


class Looks:
    """Looks at the record and at Temporal, one after the other on the same connections; `close` afterwards."""

    def __init__(self, dsn: str, agency: str | None) -> None:
        self._dsn = dsn
        self._agency = agency
        self._connection: Connection | None = None
        self._temporal: Client | None = None

    async def only(self) -> Board:
        """One look."""
        try:
            return await self.look()
        finally:
            self.close()

    async def look(self) -> Board:
        """How it stands now. Raises what asyncpg raises; the look after that takes a new connection."""
        found, stalled = await asyncio.gather(self._record(), self._stalled())
        return found.model_copy(update={"stalled": stalled})

    def close(self) -> None:
        """Leave the database, without a word: it may be gone."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _record(self) -> Board:
        try:
            if self._connection is None:
                self._connection = await asyncpg.connect(self._dsn, timeout=TIMEOUT, command_timeout=TIMEOUT)
            return await read_board(Log(self._connection, no_keys, KINDS), self._agency)
        except FAILURES:
            self.close()
            raise

    async def _stalled(self) -> int | None:
        """How many workflows Temporal counts as stalled; None if it does not answer, or marks none."""
        try:
            async with asyncio.timeout(TEMPORAL_PATIENCE):
                client = self._temporal = self._temporal or await connect()
                return await count_reported(client) if await reports_problems(client) else None
        except (MotcuaError, RPCError, RuntimeError, TimeoutError):
            return None


class Pace:
    """Appends a second, of the boards seen in the last seconds."""

    def __init__(self) -> None:
        self._seen: deque[Board] = deque()

    def add(self, seen: Board) -> float | None:
        """Appends a second up to this board; None for the first one, and after the database began to count anew."""
        if self._seen and seen.appends < self._seen[-1].appends:
            self._seen.clear()
        while len(self._seen) > 1 and seen.as_of - self._seen[1].as_of >= SPAN:
            self._seen.popleft()
        self._seen.append(seen)
        first = self._seen[0]
        passed = (seen.as_of - first.as_of).total_seconds()
        return (seen.appends - first.appends) / passed if passed > 0 else None
