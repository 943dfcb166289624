"""The one timer that a workflow has running: that of the clock which tells something next."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Protocol

from temporalio import workflow

from workflows.stream.recording import MIN_TIMER


class Timer(Protocol):
    """What a clock will tell, and when."""

    @property
    def clock(self) -> str:
        """The name of the clock."""

    @property
    def moment(self) -> str:
        """What it tells."""

    @property
    def due(self) -> datetime:
        """When."""


class Alarm:
    """A timer that is left alone while what it is set for stays the same, whatever else is waited for meanwhile."""

    def __init__(self) -> None:
        self._timer: Timer | None = None
        self._running: asyncio.Task[None] | None = None

    def set(self, timer: Timer | None) -> None:
        """Set it for this timer, instead of what it was set for; for None, for nothing."""
        if timer == self._timer:
            return
        if self._running is not None:
            self._running.cancel()
        self._timer = timer
        self._running = None if timer is None else asyncio.create_task(_sleep(timer))

    @property
    def fired(self) -> bool:
        """Whether the timer that it is set for has fired."""
        return self._running is not None and self._running.done()


async def _sleep(timer: Timer) -> None:
    """What is overdue waits too, so that no clock decides whether there is a timer."""
    left = max(timer.due - workflow.now(), MIN_TIMER)
    await workflow.sleep(left, summary=f"{timer.clock} {timer.moment}")
