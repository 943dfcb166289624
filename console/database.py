"""Connects commands to the database. Address and master keys come from the environment, else from this folder's stack.

A command waits while the database restarts. An error ends it with one line and an exit code.
"""

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias, TypeVar

import asyncpg

from activities.keys.master_key import KeysUnavailableError
from activities.keys.masters import MASTER_KEY, WITH_MASTER_KEY, MasterKeys, master_keys
from console.home import Home
from motcua.cli.running import STACK, Exit, fail, not_of_stack, note, refuse, refusing
from schemas.errors import RefusalError
from schemas.translate import said
from views import primary
from views.log import DATABASE_ERRORS
from workers.database_hosts import hosts_of

APPLICATION: Final = "MOTCUA_DATABASE_URL"
OWNER: Final = "MOTCUA_OWNER_DATABASE_URL"
DOOR: Final = "MOTCUA_DOOR_DATABASE_URL"
PORT: Final = 5432
_WITH_PORT: Final = re.compile(r":\d+$|^/")
TIMEOUT: Final = 10.0
"""Seconds for connecting, and for each statement."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Database: TypeAlias = "Connection | str"
"""A connection of the tables' owner, or the address for such a connection."""

T = TypeVar("T")


def running_stack() -> dict[str, str]:
    """Returns the settings of the stack that runs in this folder; empty if none runs."""
    return Home(STACK.parents[1]).read_env() or {}


def stack_beside() -> dict[str, str]:
    """Returns this folder's stack settings, without those that the environment replaces (see `not_of_stack`)."""
    own = not_of_stack()
    return {name: value for name, value in running_stack().items() if not name.startswith(own)}


def find_setting(variable: str) -> str | None:
    """Returns a setting from the environment, else from the stack in this folder; None if neither has it."""
    return os.environ.get(variable) or running_stack().get(variable)


def master_key_at_hand() -> MasterKeys | None:
    """Returns the master keys; None if neither the environment nor a stack in this folder has them."""
    return master_key() if find_setting(MASTER_KEY) else None


def master_key() -> MasterKeys:
    """Returns the master keys from the environment, else from the stack in this folder; else ends the command."""
    stack = {} if os.environ.get(MASTER_KEY) else running_stack()
    current, *others = (os.environ.get(name) or stack.get(name, "") for name in (MASTER_KEY, *WITH_MASTER_KEY))
    with refusing(ValueError, Exit.USAGE, said("refused.not_set", name=MASTER_KEY)):
        return master_keys(current, *others)


def say_away(seconds: float) -> None:
    """Prints that the command waits for the database, and the maximum wait in seconds."""
    note(said("refused.database.waiting", seconds=f"{seconds:.0f}"))


def address(variable: str) -> str:
    """Returns the database's address; ends the command if there is none."""
    found = find_setting(variable)
    if found and not found.startswith(("postgresql://", "postgres://")):
        fail(said("refused.database.address", name=variable), Exit.USAGE)
    if not found:
        fail(said("refused.database.unknown", name=variable), Exit.USAGE)
    return found


def server(variable: str) -> str:
    """Returns the hosts and ports of the database at the address in this setting; `?` if the address can't be read."""
    try:
        hosts = hosts_of(find_setting(variable) or "")
    except ValueError:
        return "?"
    return ", ".join(host if _WITH_PORT.search(host) else f"{host}:{PORT}" for host in hosts) or "?"


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
        fail(
            said("refused.database.away", name=variable, where=server(variable), error=type(error).__name__),
            Exit.UNREACHABLE,
        )


@asynccontextmanager
async def connected(database: Database, timeout: float = TIMEOUT) -> AsyncIterator[Connection]:  # noqa: ASYNC109
    """Yields `database` itself if it is a connection; if it is an address, yields a new connection, closed at the end.

    `timeout`: seconds for connecting, and for each statement.
    """
    if not isinstance(database, str):
        yield database
        return
    connection = await primary.connect(database, timeout=timeout, command_timeout=timeout)
    try:
        yield connection
    finally:
        await connection.close(timeout=timeout)


PATIENCE: Final = 60.0
"""The seconds to wait for a database that could be reached before, or that reports that it is starting."""
SHORT: Final = 3.0
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
"""The errors in `AWAY` that only a restart of the database can cause."""

_NO_RESTART: Final = (asyncpg.QueryCanceledError, ValueError)
"""Errors in `AWAY` that are no sign of a restart: the server's time limit, a wrong address, a wrong value."""


def is_away(error: Exception) -> bool:
    """Whether the error proves that a database that was reachable before is unavailable now."""
    return isinstance(error, LOST) and not isinstance(error, _NO_RESTART)


async def while_away(work: Callable[[], Awaitable[T]], told: Callable[[float], None] = lambda _: None) -> T:
    """Returns the result of `work`, which is retried from its beginning while the database is unavailable.

    `work` must be safe to repeat, and open its own connections. `told` is called once, at the first retried failure,
    with the maximum wait in seconds. Raises the error of `work` after that wait; raises it at once if it is no sign of
    a restart.
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
