"""Acts outside that the log orders: a run that asks for one, and is behind the log, reads there why it may not."""

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
    """What an act is given: where its order stands."""
    return Instruction(stream=str(stream.id), seq=stream.state.seq, case=case)


def is_not_ordered(error: ActivityError) -> bool:
    """Whether the log does not order what was asked for."""
    return isinstance(error.cause, ApplicationError) and error.cause.type == NOT_ORDERED


async def ordered(stream: Stream[Any], work: workflow.ActivityHandle[T]) -> T | None:
    """What an act returns; None if the log does not order it: then the log was read again.

    Raises what the act does otherwise, and what `wait_for` and `read_again` raise.
    """
    try:
        return await outcome(stream, work)
    except ActivityError as error:
        if not is_not_ordered(error):
            raise
    await read_again(stream)
    return None


async def read_again(stream: Stream[Any]) -> None:
    """Read in the log why it does not order what this run asked for; wait where it holds nothing more.

    Raises what `catch_up` and `pause` raise.
    """
    seq = stream.state.seq
    await stream.catch_up()
    if stream.state.seq == seq:
        await pause(stream, _ASKED_AGAIN, "the log does not order it")
