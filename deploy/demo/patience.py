"""Trying again while what the demo needs beside the platform is away: the database, or whoever signs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from temporalio.exceptions import ApplicationError

from activities.partners.http import UnreachableError
from deploy.demo.insisting import PATIENCE
from operations.patience import AWAY

T = TypeVar("T")

_PAUSE: Final = 0.5
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
