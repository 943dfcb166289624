"""Tells a supervisor how this process is, by the file in `MOTCUA_READY_FILE` and one beside it, named `….alive`."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

READY_FILE: Final = "MOTCUA_READY_FILE"
EVERY: Final = 10.0
"""The seconds between two looks."""


async def always() -> bool:
    """Returns that the process works."""
    return True


async def keep_health(ready: str | None, works: Callable[[], Awaitable[bool]] = always) -> None:
    """Touches the second file every ten seconds, and the first one if the process works, until it is cancelled.

    So the first is fresh if the process is ready, and the second if its event loop runs. Without a file it returns.
    """
    while ready:
        _touch(f"{ready}.alive")
        if await works():
            _touch(ready)
        await asyncio.sleep(EVERY)


def _touch(file: str) -> None:
    Path(file).touch()
