"""Handles signals, which anybody with access to Temporal can send: reads the log for them at most once a second.

A signal is only a hint. The first one is tried at once, and the log accepts its fact only with evidence in the record.
If no event follows, the signal is dropped and counted, and so are signals that come meanwhile; a second later
everything that the record holds for this stream is read again. So a true fact among any number of false ones is
recorded, and a command waits for one reading at most.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, Protocol

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from schemas.errors import RefusalError

from workflows.stream.basis import UnfoundedError
from workflows.stream.recording import Stream

DROPPED: Final = "motcua_signals_dropped_total"

QUIET: Final = timedelta(seconds=1)
"""The time after a signal without an event, in which no signal leads to a question to the log."""


class SignalReceiver(Protocol):
    """A run that receives signals."""

    async def recorded(self) -> Stream[Any]:
        """Returns the stream, once it has begun. Raises `RefusalError` if the stream will never begin."""

    async def hear_again(self, stream: Stream[Any], /) -> None:
        """Reads everything that the record holds for the stream and that a signal may have reported."""


class SignalHandler:
    """Handles the signals of one run. Refers to no run, so that an evicted run is freed at once (workers/memory.py)."""

    def __init__(self) -> None:
        self._busy = self._reading = self._missed = False

    @property
    def missed(self) -> bool:
        """Whether a signal was dropped and the record was not read since, so that the next run has to read it."""
        return self._missed or self._reading

    @property
    def reading(self) -> bool:
        """Whether the record is being read for dropped signals; if the run ended now, the next run would read it."""
        return self._reading

    async def hear(self, run: SignalReceiver, signal: str, take: Callable[[], Awaitable[bool]]) -> None:
        """Lets `take` record the signal's fact, unless another signal is being handled or the log was read just before.

        `take` returns whether an event followed. Raises no `RefusalError`.
        """
        if self._busy:
            self._missed = True
            _count(signal)
            return
        self._busy, followed = True, False
        # If the run has lost its stream, the stream knows of it, and so does every wait.
        with suppress(RefusalError, UnfoundedError, ApplicationError):
            followed = await take()
        if not followed:
            workflow.logger.warning("signal.dropped", extra={"signal": signal})
            _count(signal)
        if self._missed or not followed:
            self._listen(run)
        else:
            self._busy = False

    def resume(self, run: SignalReceiver) -> None:
        """Reads the record a second from now, since the previous run has dropped signals."""
        self._busy = self._missed = True
        self._listen(run)

    async def last(self, run: SignalReceiver) -> None:
        """Reads the record for dropped signals before the run ends."""
        if self._missed:
            await self._read(run, await run.recorded())

    def _listen(self, run: SignalReceiver) -> None:
        # No handler waits here: a run may end meanwhile, and hands on that it has missed something.
        asyncio.create_task(self._listen_on(run))  # noqa: RUF006 -- a workflow's event loop keeps its tasks

    async def _listen_on(self, run: SignalReceiver) -> None:
        """Reads the record once a second as long as further signals come."""
        try:
            stream = await run.recorded()
            while True:
                await workflow.wait_condition(lambda: stream.idle)  # ADR 0007
                await workflow.sleep(QUIET, summary="signals were dropped")
                if not self._missed:
                    break
                await self._read(run, stream)
        except RefusalError:  # the stream never begins
            pass
        finally:
            self._busy = False

    async def _read(self, run: SignalReceiver, stream: Stream[Any]) -> None:
        """Reads the record; if that is not possible now, leaves it for later. Ends if the run has lost its stream."""
        self._missed, self._reading = False, True
        try:
            with suppress(ApplicationError):
                await run.hear_again(stream)
        except UnfoundedError:
            self._missed = True
        finally:
            self._reading = False


def _count(signal: str) -> None:
    workflow.metric_meter().create_counter(DROPPED, "Signals from which no event followed").add(1, {"signal": signal})
