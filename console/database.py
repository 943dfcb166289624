"""Commands' work with the database: a result, or one line of error and an exit code."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

import asyncpg

from activities.keys.manager import KeysUnavailableError
from console.addresses import APPLICATION, find_address
from console.connecting import TIMEOUT, Connection, say_away
from console.retry import while_away
from motcua.cli.running import Exit, fail, refuse
from schemas.errors import RefusalError
from schemas.translate import said
from views.log import DATABASE_ERRORS

_SCHEMES: Final = ("postgresql://", "postgres://")

T = TypeVar("T")


def address(variable: str) -> str:
    """Returns the database's address, or ends the command."""
    found = find_address(variable)
    if found and not found.startswith(_SCHEMES):
        fail(said("refused.database.address", name=variable), Exit.USAGE)
    if not found:
        fail(said("refused.database.unknown", name=variable), Exit.USAGE)
    return found


def ask(work: Callable[[Connection], Awaitable[T]], variable: str = APPLICATION) -> T:
    """Returns the result of `work`, called with a connection. Errors and repeats as in `answered`."""
    dsn = address(variable)

    async def within() -> T:
        connection: Connection = await asyncpg.connect(dsn, timeout=TIMEOUT, command_timeout=TIMEOUT)
        try:
            return await work(connection)
        finally:
            await connection.close(timeout=TIMEOUT)

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
