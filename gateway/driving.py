"""The loop that delivers stored rows: callbacks, and messages that were kept while Temporal was away."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

IDLE: Final = 1.0
"""Seconds between two searches for due rows, if the previous search found none."""


async def drive(some: Callable[[], Awaitable[bool]], kept: asyncio.Event) -> None:
    """Calls `some` until cancelled: again at once while it returns True, else after a while, or once `kept` is set."""
    while True:
        kept.clear()
        if not await some():
            with suppress(TimeoutError):
                await asyncio.wait_for(kept.wait(), IDLE)
