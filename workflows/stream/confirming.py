"""Checks that the object store has the file that an agency names as its result."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.papers import QUICKLY, STORE, Papers
    from schemas.backoffice import IssueAnswer

from workflows.stream.asking import answer_of
from workflows.stream.recording import Stream
from workflows.stream.waiting import wait_for


async def confirmed(stream: Stream[Any], answer: IssueAnswer) -> bool:
    """Returns whether the store has the file; also False if the check failed. Raises the errors of `wait_for`."""
    with suppress(FailureError):
        return await workflow.execute_local_activity_method(Papers.confirm, answer, **QUICKLY)
    asked = answer_of(Papers.confirm, answer, STORE)
    await wait_for(stream, asked.done)
    return await asked is True
