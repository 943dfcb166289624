"""Acts on the outside world that the log orders: a run that is behind the log reads there why its act is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.partners.instructions import NOT_ORDERED, Instruction

from workflows.stream.recording import Stream
from workflows.stream.waiting import outcome, pause

T = TypeVar("T")

_ASKED_AGAIN: Final = timedelta(seconds=10)


def instruction(stream: Stream[Any], case: int | None = None) -> Instruction:
    """Returns the input of such an act: the place of its order in the log."""
    return Instruction(stream=str(stream.id), seq=stream.state.seq, case=case)


def is_not_ordered(error: ActivityError) -> bool:
    """Returns whether the error means that the log does not order the act."""
    return isinstance(error.cause, ApplicationError) and error.cause.type == NOT_ORDERED


async def ordered(stream: Stream[Any], work: workflow.ActivityHandle[T]) -> T | None:
    """Returns the act's result; None, after reading the log again, if the log does not order it.

    Raises the act's other errors, and those of `wait_for` and `read_again`.
    """
    try:
        return await outcome(stream, work)
    except ActivityError as error:
        if not is_not_ordered(error):
            raise
    await read_again(stream)
    return None


async def read_again(stream: Stream[Any]) -> None:
    """Reads the log again after a refused act; pauses if it holds nothing new.

    Raises the errors of `catch_up` and `pause`.
    """
    seq = stream.state.seq
    await stream.catch_up()
    if stream.state.seq == seq:
        await pause(stream, _ASKED_AGAIN, "the log does not order it")
