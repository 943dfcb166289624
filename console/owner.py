"""The connection to the database as the owner of its tables, the only role that may publish."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg

from console.connecting import TIMEOUT, Connection

Database: TypeAlias = "Connection | str"
"""A connection as the owner, or the address for one."""


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
