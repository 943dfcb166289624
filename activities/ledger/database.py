"""Access to PostgreSQL for activities."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeAlias

import asyncpg
from temporalio.exceptions import ApplicationError

from activities.keys.manager import KeysUnavailableError
from views.log import DATABASE_ERRORS

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[Any]"
Pool: TypeAlias = "asyncpg.Pool[Any]"

ACQUIRE_SECONDS: Final = 2
"""The maximum wait for a connection in seconds: an attempt to append has 5 s in all."""


@contextmanager
def mask_database_errors() -> Iterator[None]:
    """Replaces database errors, whose text may quote values: the new one only says that log or keys are unreachable."""
    try:
        yield
    except KeysUnavailableError as error:
        raise ApplicationError(str(error), type="keys_unavailable") from None
    except (*DATABASE_ERRORS, OSError, TimeoutError) as error:
        msg = f"the ledger could not be reached: {type(error).__name__}"
        raise ApplicationError(msg, type="ledger_unavailable") from None


@asynccontextmanager
async def transaction(connection: Connection, *first: str) -> AsyncIterator[None]:
    """A transaction that begins with these statements, in the same round trip as `begin`. Any error rolls it back."""
    try:
        await connection.execute("; ".join(("begin", *first)))
        yield
        await connection.execute("commit")
    except BaseException:
        if not connection.is_closed():
            await connection.execute("rollback")
        raise
