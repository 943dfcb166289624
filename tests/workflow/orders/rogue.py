"""Whoever reaches Temporal with a deployment of their own, and asks at the platform's queue for its activities."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import PinnedVersioningOverride, RetryPolicy, VersioningBehavior, WorkerDeploymentVersion
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

from schemas.ids import TASK_QUEUE
from tests.acting import eventually

EVIL: Final = WorkerDeploymentVersion("evil", "b1")

Order = tuple[str, Any]
"""The name of an activity, and what it is given."""


@dataclass(frozen=True)
class Outcome:
    """What came of an order: the answer, or the type of what was raised."""

    name: str
    answer: Any = None
    refused: str | None = None


@workflow.defn(name="Rogue", sandboxed=False)
class Rogue:
    """Asks for one activity after the other at its own queue, which is the platform's, each once."""

    @workflow.run
    async def run(self, orders: list[Any]) -> list[Any]:
        return [await self._ask(*order) for order in orders]

    async def _ask(self, name: str, said: Any) -> list[Any]:
        try:
            answer = await workflow.execute_activity(
                name,
                said,
                task_queue=TASK_QUEUE,
                start_to_close_timeout=timedelta(seconds=60),
                retry_policy=RetryPolicy(maximum_attempts=1),
            )
        except ActivityError as error:
            cause = error.cause
            return [None, (isinstance(cause, ApplicationError) and cause.type) or type(cause).__name__]
        return [answer, None]


@asynccontextmanager
async def rogues(client: Client) -> AsyncIterator[None]:
    """Their worker polls the platform's queue for workflow tasks of their own deployment."""
    config = WorkerDeploymentConfig(
        version=EVIL, use_worker_versioning=True, default_versioning_behavior=VersioningBehavior.PINNED
    )
    async with Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Rogue],
        deployment_config=config,
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        yield


async def ordered(client: Client, orders: Sequence[Order], workflow_id: str | None = None) -> list[Outcome]:
    """What comes of these orders, given by a run of theirs under any id."""
    named = workflow_id or f"rogue-{uuid4()}"
    handle = await eventually(lambda: _started(client, orders, named), lambda begun: begun is not None)
    assert handle is not None
    answers = await handle.result()
    return [Outcome(name, answer, refused) for (name, _), (answer, refused) in zip(orders, answers, strict=True)]


async def _started(client: Client, orders: Sequence[Order], workflow_id: str) -> WorkflowHandle[Any, list[Any]] | None:
    """None where the server has not seen their worker yet."""
    try:
        return await client.start_workflow(
            Rogue.run,
            [list(order) for order in orders],
            id=workflow_id,
            task_queue=TASK_QUEUE,
            versioning_override=PinnedVersioningOverride(EVIL),
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.FAILED_PRECONDITION:
            raise
        return None


async def honest(client: Client, workflow_id: str) -> list[Order]:
    """What the last run of this workflow has asked for at the platform's queue, as it was given."""
    found: list[Order] = []
    async for event in client.get_workflow_handle(workflow_id).fetch_history_events():
        asked = event.activity_task_scheduled_event_attributes
        if asked.task_queue.name == TASK_QUEUE:
            [said] = await client.data_converter.decode(asked.input.payloads)
            found.append((asked.activity_type.name, said))
    return found
