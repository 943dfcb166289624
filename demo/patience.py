"""Retries while a service that the demo itself uses is unreachable: the database or the signer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias, TypeVar

import asyncpg
from temporalio.exceptions import ApplicationError

from activities.partners.http import UnreachableError
from console.database import AWAY
from demo.insisting import PATIENCE
from views import primary

T = TypeVar("T")
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_PAUSE: Final = 0.3
"""Seconds between two tries."""


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """Returns the result of `work`, which must be repeatable: it is retried until it succeeds, for up to `PATIENCE`."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return await work()
        except (*AWAY, ApplicationError, UnreachableError):
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(_PAUSE)


async def until(look: Callable[[], Awaitable[T | None]]) -> T:
    """Calls `look` again and again; returns its first truthy result."""
    while True:
        if found := await look():
            return found
        await asyncio.sleep(_PAUSE)


async def at_database(url: str, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Returns the result of `work` over a new connection. Retries like `patiently`, so `work` must be repeatable."""

    async def connected() -> T:
        connection: Connection = await primary.connect(url, timeout=5)
        try:
            return await work(connection)
        finally:
            await connection.close(timeout=5)

    return await patiently(connected)
