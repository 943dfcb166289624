"""Connects commands to the database. A command waits while the database restarts; an error is one line and a code."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias, TypeVar

import asyncpg

from activities.keys.master_key import KeysUnavailableError
from console.addresses import APPLICATION, find_address
from motcua.cli.running import Exit, fail, note, refuse
from schemas.errors import RefusalError
from schemas.translate import said
from views.log import DATABASE_ERRORS

TIMEOUT: Final = 10.0
"""Seconds for connecting, and for each statement."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Database: TypeAlias = "Connection | str"
"""A connection as the owner, or the address for one."""

T = TypeVar("T")


def say_away(seconds: float) -> None:
    """Prints that the command waits for the database, and the maximum wait in seconds."""
    note(said("refused.database.waiting", seconds=f"{seconds:.0f}"))


def address(variable: str) -> str:
    """Returns the database's address, or ends the command."""
    found = find_address(variable)
    if found and not found.startswith(("postgresql://", "postgres://")):
        fail(said("refused.database.address", name=variable), Exit.USAGE)
    if not found:
        fail(said("refused.database.unknown", name=variable), Exit.USAGE)
    return found


def ask(work: Callable[[Connection], Awaitable[T]], variable: str = APPLICATION) -> T:
    """Returns the result of `work`, called with a connection. Retries and ends the command as `answered` does."""
    dsn = address(variable)

    async def within() -> T:
        async with connected(dsn) as connection:
            return await work(connection)

    return answered(within, variable)


def answered(work: Callable[[], Coroutine[Any, Any, T]], variable: str = APPLICATION) -> T:
    """Returns the result of `work`; a refusal or an error of the database ends the command.

    The database's own messages are never shown: they may quote values.

    While the database restarts, `work` is retried: it must be safe to repeat.
    """
    try:
        return asyncio.run(while_away(work, told=say_away))
    except RefusalError as error:
        refuse(error.refusal)
    except asyncpg.DiskFullError:
        fail(said("refused.database.disk_full", name=variable), Exit.UNREACHABLE)
    except asyncpg.UndefinedTableError:
        fail(said("refused.database.no_tables", name=variable), Exit.REFUSED)
    except asyncpg.InsufficientPrivilegeError:
        fail(said("refused.database.no_right", name=variable), Exit.REFUSED)
    except KeysUnavailableError as error:
        fail(said("refused.database.no_keys", error=error), Exit.UNREACHABLE)
    except (OSError, TimeoutError, *DATABASE_ERRORS) as error:
        fail(said("refused.database.away", name=variable, error=type(error).__name__), Exit.UNREACHABLE)


@asynccontextmanager
async def connected(database: Database, timeout: float = TIMEOUT) -> AsyncIterator[Connection]:  # noqa: ASYNC109
    """Yields the connection itself, or opens one and closes it. `timeout`: seconds for each statement."""
    if not isinstance(database, str):
        yield database
        return
    connection = await asyncpg.connect(database, timeout=timeout, command_timeout=timeout)
    try:
        yield connection
    finally:
        await connection.close(timeout=timeout)


PATIENCE: Final = 60.0
"""The seconds to wait for a database that could be reached before, or that reports that it is starting."""
SHORT: Final = 5.0
"""The seconds to wait for a database that was never reached, since its address may be wrong."""
PAUSE: Final = 0.5

_SEEN: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
AWAY: Final = (OSError, TimeoutError, *_SEEN)
"""Errors that a restart of the database may cause."""
LOST: Final = (ConnectionError, *_SEEN)
"""The errors in `AWAY` that nothing else than a restart of the database can cause."""

_NO_RESTART: Final = (asyncpg.QueryCanceledError, ValueError)
"""Errors in `AWAY` that are no sign of a restart after all: a server's time limit, a wrong address or value."""


def is_away(error: Exception) -> bool:
    """Whether the error proves that a database that was reachable before is unavailable now."""
    return isinstance(error, LOST) and not isinstance(error, _NO_RESTART)


async def while_away(work: Callable[[], Awaitable[T]], told: Callable[[float], None] = lambda _: None) -> T:
    """Returns the result of `work`, which is retried from its beginning while the database is unavailable.

    Args:
        work: Must be safe to repeat, and open its own connections.
        told: Called once, at the first failure that is retried, with the maximum wait in seconds.

    Raises: The errors of `work`: at once if they are no sign of a restart, else after the maximum wait.
    """
    began = time.monotonic()
    patience, first = SHORT, True
    while True:
        try:
            return await work()
        except AWAY as error:
            patience = PATIENCE if isinstance(error, _SEEN) else patience
            if isinstance(error, _NO_RESTART) or time.monotonic() - began > patience:
                raise
            if first:
                told(patience)
                first = False
        await asyncio.sleep(PAUSE)
