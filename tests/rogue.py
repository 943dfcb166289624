"""An intruder with access to Temporal, whose own worker deployment requests the platform's activities."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import PinnedVersioningOverride, RetryPolicy, VersioningBehavior, WorkerDeploymentVersion
from temporalio.converter import WorkflowSerializationContext
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

from schemas.ids import TASK_QUEUE
from tests.acting import eventually

EVIL: Final = WorkerDeploymentVersion("evil", "b1")
Order = tuple[str, Any]
"""The name of an activity, and its argument; `Given` for several arguments."""


class Given(list[Any]):
    """The arguments of one activity, if there are several."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of an order: the answer, or the type of the raised error."""

    name: str
    answer: Any = None
    refused: str | None = None


@workflow.defn(name="Rogue", sandboxed=False)
class Rogue:
    """A workflow that requests activities on its own queue, which is the platform's."""

    @workflow.run
    async def run(self, orders: list[Any], tries: int, at_once: bool) -> list[Any]:  # noqa: FBT001 -- from a message
        """Returns for each order the answer or the type of the error; runs the orders one by one, or all `at_once`."""
        if at_once:
            return list(await asyncio.gather(*(self._ask(name, given, tries) for name, given in orders)))
        return [await self._ask(name, given, tries) for name, given in orders]

    async def _ask(self, name: str, given: list[Any], tries: int) -> list[Any]:
        try:
            answer = await workflow.execute_activity(
                name,
                args=given,
                task_queue=TASK_QUEUE,
                schedule_to_close_timeout=timedelta(seconds=60),
                retry_policy=RetryPolicy(maximum_attempts=tries),
            )
        except ActivityError as error:
            cause = error.cause
            return [None, (isinstance(cause, ApplicationError) and cause.type) or type(cause).__name__]
        return [answer, None]


@asynccontextmanager
async def rogues(client: Client) -> AsyncIterator[None]:
    """Runs the intruder's worker, which polls the platform's queue for workflow tasks of its own deployment."""
    config = WorkerDeploymentConfig(
        version=EVIL, use_worker_versioning=True, default_versioning_behavior=VersioningBehavior.PINNED
    )
    async with Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Rogue],
        deployment_config=config,
        workflow_runner=UnsandboxedWorkflowRunner(),
        identity="a stranger",
    ):
        yield


async def ordered(
    client: Client, orders: Iterable[Order], workflow_id: str | None = None, *, tries: int = 1, at_once: bool = False
) -> list[Outcome]:
    """Gives orders from an intruder's run; returns their outcomes. `tries`: attempts for each order, 0 for no limit."""
    named, orders = workflow_id or f"rogue-{uuid4()}", list(orders)
    given = [[[name, said if isinstance(said, Given) else [said]] for name, said in orders], tries, at_once]
    handle = await eventually(lambda: _started(client, given, named), lambda begun: begun is not None)
    assert handle is not None
    answers = await handle.result()
    return [Outcome(name, answer, refused) for (name, _), (answer, refused) in zip(orders, answers, strict=True)]


async def _started(client: Client, given: list[Any], workflow_id: str) -> WorkflowHandle[Any, list[Any]] | None:
    """Starts the run and returns it; None if the server does not know the intruder's worker yet."""
    try:
        return await client.start_workflow(
            Rogue.run,
            args=given,
            id=workflow_id,
            task_queue=TASK_QUEUE,
            versioning_override=PinnedVersioningOverride(EVIL),
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.FAILED_PRECONDITION:
            raise
        return None


async def honest(client: Client, workflow_id: str) -> list[Order]:
    """Returns the activities that this workflow's last run requested on the platform's queue, with their arguments."""
    found: list[Order] = []
    context = WorkflowSerializationContext(namespace=client.namespace, workflow_id=workflow_id)
    converter = client.data_converter.with_context(context)
    async for event in client.get_workflow_handle(workflow_id).fetch_history_events():
        asked = event.activity_task_scheduled_event_attributes
        if asked.task_queue.name == TASK_QUEUE:
            found.append((asked.activity_type.name, Given(await converter.decode(asked.input.payloads))))
    return found


def refused(outcomes: Iterable[Outcome]) -> set[str | None]:
    """Returns the refusals of the orders; None stands for an order that got an answer."""
    return {one.refused for one in outcomes}
