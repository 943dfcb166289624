"""Repeated readings of the record and of Temporal, for the board."""

import asyncio
from collections import deque
from datetime import timedelta
from typing import Final

import asyncpg
from temporalio.client import Client
from temporalio.service import RPCError

from console.database import TIMEOUT, Connection
from motcua.connection import connect
from motcua.errors import MotcuaError
from recovery.stalled import count_reported, reports_problems
from rules.streams import KINDS
from schemas.reading import Board
from views.log import DATABASE_ERRORS, Log, no_keys
from views.operator import board as read_board

SPAN: Final = timedelta(seconds=10)
"""The time over which the rate is averaged. The database updates its counter too unevenly for a shorter one."""

FAILURES: Final = (OSError, TimeoutError, *DATABASE_ERRORS)


class Looks:
    """Repeated readings of the record and of Temporal on the same connections; `close` afterwards."""

    def __init__(self, dsn: str, agency: str | None) -> None:
        self._dsn = dsn
        self._agency = agency
        self._connection: Connection | None = None
        self._temporal: Client | None = None

    async def only(self) -> Board:
        """Returns one board, and closes the connections."""
        try:
            return await self.look()
        finally:
            self.close()

    async def look(self) -> Board:
        """Returns the board of this moment. Raises asyncpg's errors; the next reading then opens a new connection."""
        found, stalled = await asyncio.gather(self._record(), self._stalled())
        return found.model_copy(update={"stalled": stalled})

    def close(self) -> None:
        """Ends the database connection without its closing messages, since the server may be gone."""
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
        """Returns Temporal's count of stalled workflows; None if Temporal does not answer, or does not mark them."""
        try:
            async with asyncio.timeout(2):
                client = self._temporal = self._temporal or await connect()
                return await count_reported(client) if await reports_problems(client) else None
        except (MotcuaError, RPCError, RuntimeError, TimeoutError):
            return None


class Pace:
    """The rate of appends per second, from the boards of the last seconds."""

    def __init__(self) -> None:
        self._seen: deque[Board] = deque()

    def add(self, seen: Board) -> float | None:
        """Returns the appends per second up to this board; None for the first board, or if the counter was reset."""
        if self._seen and seen.appends < self._seen[-1].appends:
            self._seen.clear()
        while len(self._seen) > 1 and seen.as_of - self._seen[1].as_of >= SPAN:
            self._seen.popleft()
        self._seen.append(seen)
        first = self._seen[0]
        passed = (seen.as_of - first.as_of).total_seconds()
        return (seen.appends - first.appends) / passed if passed > 0 else None
