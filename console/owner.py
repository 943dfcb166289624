"""The database connection of its owner, the only role that may publish."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

import asyncpg

TIMEOUT: Final = 10.0
"""Seconds for connecting, and for each statement."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Database: TypeAlias = "Connection | str"
"""The owner's connection, or the address for it."""


@asynccontextmanager
async def connected(database: Database) -> AsyncIterator[Connection]:
    """Yields the connection itself, or opens one and closes it."""
    if not isinstance(database, str):
        yield database
        return
    connection = await asyncpg.connect(database, timeout=TIMEOUT, command_timeout=TIMEOUT)
    try:
        yield connection
    finally:
        await connection.close()
