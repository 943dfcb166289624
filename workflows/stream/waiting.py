"""Lets workflows wait: for months if need be, over any number of runs.

A workflow with a long history continues as a new run. A run ends only in a wait, so that a pending record is completed
first, and only if the log's answer has requested the end (ADR 0006). A loop that may run for long without recording
anything queries the log each time.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from temporalio import workflow

from workflows.stream.recording import Stream

with workflow.unsafe.imports_passed_through():
    from activities.support.refusal import failure
    from schemas.errors import SUPERSEDED


class ContinueAsNewDueError(Exception):
    """The history has become long: a new run must continue this run."""


async def wait_for(
    stream: Stream[Any], done: Callable[[], bool], *, within: timedelta | None = None, summary: str | None = None
) -> None:
    """Waits until `done` is true.

    Raises:
        TimeoutError: The time `within` was over first.
        ContinueAsNewDueError: The next run must continue.
        ApplicationError: `ledger_conflict`: another run has taken the stream over, so that this run ends.

    If the run has taken its stream over, raises `ContinueAsNewDueError` even if `done` is true: its state was replaced.
    """

    def changed() -> bool:
        return done() or stream.superseded or stream.makes_way

    await workflow.wait_condition(changed, timeout=within, timeout_summary=summary)
    if stream.superseded:
        await drain_handlers(stream)
        raise failure(SUPERSEDED)
    if stream.anew or not done():
        raise ContinueAsNewDueError


async def drain_handlers(stream: Stream[Any], also: Callable[[], bool] = lambda: True) -> None:
    """Waits until all handlers have finished, nothing is being recorded and `also` holds, so that the run may end."""
    await workflow.wait_condition(lambda: workflow.all_handlers_finished() and stream.idle and also())


async def in_time(stream: Stream[Any], done: Callable[[], bool], within: timedelta | None, summary: str) -> bool:
    """Waits until `done` is true. Returns False if the time `within` is over first. Raises the errors of `wait_for`."""
    try:
        await wait_for(stream, done, within=within, summary=summary)
    except TimeoutError:
        return False
    return True


async def pause(stream: Stream[Any], time: timedelta, summary: str) -> None:
    """Pauses for this time. Raises the errors of `wait_for`."""
    await in_time(stream, lambda: False, time, summary)


async def first_of(
    stream: Stream[Any], work: tuple[workflow.ActivityHandle[Any], ...], done: Callable[[], bool]
) -> list[workflow.ActivityHandle[Any]]:
    """Waits until `done` is true or an activity has ended. Returns the ended activities, cancels the others.

    Raises the errors of `wait_for`.
    """
    ended: list[workflow.ActivityHandle[Any]] = []
    try:
        await wait_for(stream, lambda: done() or any(one.done() for one in work))
        ended = [one for one in work if one.done()]
    finally:
        for one in work:
            if not one.done():
                one.add_done_callback(lambda left: left.cancelled() or left.exception())  # its outcome is ignored
                one.cancel()
    return ended
