"""Who says what a stream begins with: an activity asks, and its answer stands in the history."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from schemas.errors import Refusal, RefusalCode, RefusalError

T = TypeVar("T")


async def heard(asked: Awaitable[T]) -> T:
    """What an activity answers that asks who is speaking. Raises `RefusalError` where it is not taken."""
    try:
        return await asked
    except (ActivityError, ApplicationError) as error:  # a local one is told as itself where it has just failed
        match error.cause if isinstance(error, ActivityError) else error:
            case ApplicationError(type=RefusalCode.NOT_AUTHORISED, details=[said, *_]):
                raise RefusalError(Refusal.model_validate(said)) from None
        raise
