"""Heartbeats of long activities: when they stop, Temporal knows that the worker has died."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from temporalio import activity

_BEAT: Final = 10
"""Seconds between two heartbeats."""


@asynccontextmanager
async def heartbeat(every: float = _BEAT) -> AsyncIterator[None]:
    """Sends heartbeats while the block runs. Sends none from a local activity, which has no heartbeat."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(every)

    going = None if activity.info().is_local else asyncio.create_task(beat())
    try:
        yield
    finally:
        if going is not None:
            going.cancel()
