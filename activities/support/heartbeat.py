"""Heartbeats of long activities: when they stop, Temporal knows that the worker has died."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity


@asynccontextmanager
async def heartbeat(every: float = 10) -> AsyncIterator[None]:
    """Sends a heartbeat every `every` seconds while the block runs; does nothing in a local activity."""

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
