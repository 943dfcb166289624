"""Verification of the sender of a stream's first message, by an activity: its answer is in the history."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from schemas.errors import Refusal, RefusalCode, RefusalError

T = TypeVar("T")


async def heard(asked: Awaitable[T]) -> T:
    """Returns the answer of an activity that verifies the sender. Raises `RefusalError` if it refuses."""
    try:
        return await asked
    except (ActivityError, ApplicationError) as error:  # a local activity that just failed raises it unwrapped
        match error.cause if isinstance(error, ActivityError) else error:
            case ApplicationError(type=RefusalCode.NOT_AUTHORISED, details=[said, *_]):
                raise RefusalError(Refusal.model_validate(said)) from None
        raise
