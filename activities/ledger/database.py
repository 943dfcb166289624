"""Access to PostgreSQL for activities."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeAlias

import asyncpg
from temporalio.exceptions import ApplicationError

from activities.keys.master_key import KeysUnavailableError
from views.log import DATABASE_ERRORS

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[Any]"
Pool: TypeAlias = "asyncpg.Pool[Any]"

ACQUIRE_SECONDS: Final = 2
"""The maximum wait for a connection in seconds: an attempt to append has 5 s in all."""


@contextmanager
def mask_database_errors() -> Iterator[None]:
    """Replaces a database error, which may quote values, by an error that says only: log or keys are unreachable."""
    try:
        yield
    except KeysUnavailableError as error:
        raise ApplicationError(str(error), type="keys_unavailable") from None
    except (*DATABASE_ERRORS, OSError, TimeoutError) as error:
        message = f"the ledger could not be reached: {type(error).__name__}"
        raise ApplicationError(message, type="ledger_unavailable") from None


@asynccontextmanager
async def acquired(pool: Pool, seconds: float = ACQUIRE_SECONDS) -> AsyncIterator[Connection]:
    """Yields a connection of the pool; waits at most `seconds`. Errors are replaced as in `mask_database_errors`."""
    with mask_database_errors():
        async with pool.acquire(timeout=seconds) as connection:
            yield connection


@asynccontextmanager
async def transaction(connection: Connection, *first: str) -> AsyncIterator[str]:
    """Opens a transaction with these first statements, in one round trip with `begin`. Any error rolls it back.

    Yields PostgreSQL's status of the last of these statements.
    """
    try:
        yield await connection.execute("; ".join(("begin", *first)))
        await connection.execute("commit")
    except BaseException:
        if not connection.is_closed():
            await connection.execute("rollback")
        raise
