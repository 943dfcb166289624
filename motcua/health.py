"""Reports this process's health to a supervisor by two files: `MOTCUA_READY_FILE`, and its neighbour `….alive`."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

READY_FILE: Final = "MOTCUA_READY_FILE"
EVERY: Final = 10.0
"""Seconds between two checks."""


async def always() -> bool:
    """Returns True, for processes without a health check of their own."""
    return True


async def keep_health(ready: str | None, works: Callable[[], Awaitable[bool]] = always) -> None:
    """Touches `….alive` every ten seconds, and the file `ready` as well if `works` returns True; until cancelled.

    A fresh `ready` shows that the process is ready, a fresh `….alive` that its event loop runs. If `ready` is None,
    returns at once.
    """
    while ready:
        _touch(f"{ready}.alive")
        if await works():
            _touch(ready)
        await asyncio.sleep(EVERY)


def _touch(file: str) -> None:
    Path(file).touch()
