"""The database of the owner, who alone may publish."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

import asyncpg

TIMEOUT: Final = 10.0
"""Seconds that connecting, and each statement, may take."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Database: TypeAlias = "Connection | str"
"""A connection of the owner's, or where to open one."""


@asynccontextmanager
async def connected(database: Database) -> AsyncIterator[Connection]:
    """The connection itself, or one that is opened and closed here."""
    if not isinstance(database, str):
        yield database
        return
    connection = await asyncpg.connect(database, timeout=TIMEOUT, command_timeout=TIMEOUT)
    try:
        yield connection
    finally:
        await connection.close()
