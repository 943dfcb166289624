"""Signs of life of an activity that takes long: who dies over it is noticed by the missing ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from temporalio import activity

_BEAT: Final = 10
"""Seconds."""


@asynccontextmanager
async def beating(every: float = _BEAT) -> AsyncIterator[None]:
    """Say meanwhile that it goes on; what runs within a workflow's task has nobody to say it to."""

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
