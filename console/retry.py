"""Retry of a command's repeatable work when the database restarts meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import asyncpg

T = TypeVar("T")

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
"""The errors of a restarting database."""
LOST: Final = (ConnectionError, *_SEEN)
"""The errors of a restarting database that can have no other cause."""

_NO_RESTART: Final = (asyncpg.QueryCanceledError, ValueError)
"""Errors in `AWAY` that are no sign of a restart after all: a server's time limit, a wrong address or value."""


def is_away(error: Exception) -> bool:
    """Whether an error can only mean that a database that could be reached is now unavailable."""
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
