"""The one timer that a workflow has running: that of the clock which tells something next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from temporalio import workflow

from workflows.stream.recording import MIN_TIMER, Stream
from workflows.stream.waiting import wait_for


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

    async def changed_first(self, stream: Stream[Any], timer: Timer | None, changed: Callable[[], bool]) -> bool:
        """Wait, set for this timer, until something has changed; False if the timer fired first.

        No branch asks the clock: a query that reaches a new worker after a timer fired and before the task that tells
        of it runs this code with the clock of the task before, and what was decided then is kept (ADR 0005). Raises as
        `wait_for` does.
        """
        self.set(timer)
        await wait_for(stream, lambda: changed() or self._fired)
        if changed():
            return True
        self.set(None)
        return False

    @property
    def _fired(self) -> bool:
        """Whether the timer that it is set for has fired."""
        return self._running is not None and self._running.done()


def ring_id(timer: Timer, seq: int) -> str:
    """The id of the command by which this timer rings in a stream of `seq` events.

    A clock may come to the same instant twice: a calendar put it off, and the next one has put it back.
    """
    return f"ring:{timer.clock}:{timer.moment}:{timer.due:%Y%m%dT%H%M%S}:{seq}"


async def _sleep(timer: Timer) -> None:
    """What is overdue waits too, so that no clock decides whether there is a timer."""
    left = max(timer.due - workflow.now(), MIN_TIMER)
    await workflow.sleep(left, summary=f"{timer.clock} {timer.moment}")
