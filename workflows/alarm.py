"""The only timer that a workflow runs at a time, set for the next event of the stream's clocks."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.complaint.state import ComplaintTimer
    from schemas.filing.state import Timer as FilingTimer
    from schemas.ids import RING

from workflows.stream.recording import MIN_TIMER, Stream
from workflows.stream.waiting import wait_for

Timer: TypeAlias = FilingTimer | ComplaintTimer


class Alarm:
    """A timer. It keeps running if it is set to the same event again, and during other waits of the workflow."""

    def __init__(self) -> None:
        self._timer: Timer | None = None
        self._running: asyncio.Task[None] | None = None

    def set(self, timer: Timer | None) -> None:
        """Sets the alarm to this timer instead of an earlier one. With None, cancels the earlier timer."""
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

        No branch depends on the current time. After a timer fired, but before the task that reports it, a query may
        reach a new worker, which runs this code with the previous task's time, and keeps the outcome (ADR 0005).
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
    """Returns the id of the command that this timer leads to, in a stream of `seq` events.

    `seq` is part of the id, because a timer may be set to one instant twice: a change of calendar may move the instant,
    and the next change may move it back.
    """
    return f"{RING}{timer.clock}:{timer.moment}:{timer.due:%Y%m%dT%H%M%S}:{seq}"
