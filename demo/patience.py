"""Trying again while what the demo needs beside the platform is away: the database, or whoever signs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias, TypeVar

import asyncpg
from temporalio.exceptions import ApplicationError

from activities.partners.http import UnreachableError
from demo.insisting import PATIENCE
from operations.patience import AWAY

T = TypeVar("T")
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_PAUSE: Final = 0.3
"""Seconds."""


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """What `work`, which can be repeated, returns once it can."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return await work()
        except (*AWAY, ApplicationError, UnreachableError):
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(_PAUSE)


async def until(look: Callable[[], Awaitable[T | None]]) -> T:
    """What `look` finds, once that is something."""
    while True:
        if found := await look():
            return found
        await asyncio.sleep(_PAUSE)


async def at_database(url: str, work: Callable[[Connection], Awaitable[T]]) -> T:
    """What `work`, which can be repeated, returns over a connection of its own once it can."""

    async def connected() -> T:
        connection: Connection = await asyncpg.connect(url, timeout=5)
        try:
            return await work(connection)
        finally:
            await connection.close(timeout=5)

    return await patiently(connected)
