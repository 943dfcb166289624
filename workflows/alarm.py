"""The single running timer of a workflow, set for the clock whose event comes next."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.complaint.state import ComplaintTimer
    from schemas.filing.state import Timer as FilingTimer

from workflows.stream.recording import MIN_TIMER, Stream
from workflows.stream.waiting import wait_for

Timer: TypeAlias = FilingTimer | ComplaintTimer


class Alarm:
    """A timer. While it is set to the same event again, it keeps running, also during other waits of the workflow."""

    def __init__(self) -> None:
        self._timer: Timer | None = None
        self._running: asyncio.Task[None] | None = None

    def set(self, timer: Timer | None) -> None:
        """Replaces the timer with this one; None cancels it."""
        if timer == self._timer:
            return
        if self._running is not None:
            self._running.cancel()
        self._timer, self._running = timer, None
        if timer is not None:
            left = max(timer.due - workflow.now(), MIN_TIMER)  # a timer is started even if it is overdue
            sleep = workflow.sleep(left, summary=f"{timer.clock} {timer.moment}")
            self._running = asyncio.create_task(sleep)

    async def changed_first(self, stream: Stream[Any], timer: Timer | None, changed: Callable[[], bool]) -> bool:
        """Waits, with this timer set, until `changed` is true; returns False if the timer fired first.

        No branch depends on the current time. A query may reach a new worker after a timer fired, but before the task
        that reports it: the worker runs this code with the time of the previous task, and keeps the outcome (ADR 0005).
        Raises the errors of `wait_for`.
        """
        self.set(timer)
        await wait_for(stream, lambda: changed() or self._fired)
        if changed():
            return True
        self.set(None)
        return False

    @property
    def _fired(self) -> bool:
        return self._running is not None and self._running.done()


def ring_id(timer: Timer, seq: int) -> str:
    """Returns the id of the command for this timer in a stream of `seq` events.

    `seq` is part of the id: a timer is set twice to one instant if one calendar moves it and the next moves it back.
    """
    return f"ring:{timer.clock}:{timer.moment}:{timer.due:%Y%m%dT%H%M%S}:{seq}"
