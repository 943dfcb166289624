"""Going on when the database is started again under a command: what can be repeated is repeated once it is back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import asyncpg

T = TypeVar("T")

PATIENCE: Final = 60.0
"""Seconds for which a database that was there, or that says that it is starting, is waited for."""
SHORT: Final = 5.0
"""Seconds for one that nobody has seen: its address may be wrong."""
PAUSE: Final = 0.5

_SEEN: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
AWAY: Final = (OSError, TimeoutError, *_SEEN)
"""How a database looks that is being started again."""
LOST: Final = (ConnectionError, *_SEEN)
"""The same, without what may be somebody else's error."""

_NO_RESTART: Final = (asyncpg.QueryCanceledError, ValueError)
"""What is of those types and no sign of a restart: a time limit of the server, an address or a value that is wrong."""


def is_away(error: Exception) -> bool:
    """Whether an error says that a database which was there is away, and nothing else."""
    return isinstance(error, LOST) and not isinstance(error, _NO_RESTART)


async def while_away(work: Callable[[], Awaitable[T]], told: Callable[[float], None] = lambda _: None) -> T:
    """What `work` returns, repeated from its beginning while the database is away.

    Args:
        work: Must be safe to repeat, and open its own connections.
        told: Called once with the seconds that are left, as soon as the database is found to be away.

    Raises:
        What `work` raises: at once what is no sign of a restart, and what is one when the time is over.
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
