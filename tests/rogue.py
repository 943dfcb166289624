"""A stranger who reaches the namespace, and asks the platform's queue for activities past every workflow of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from temporalio import workflow
from temporalio.client import Client
from temporalio.common import PinnedVersioningOverride, VersioningBehavior, WorkerDeploymentVersion
from temporalio.exceptions import ActivityError
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

from schemas.ids import TASK_QUEUE
from tests.acting import eventually

THEIRS: Final = WorkerDeploymentVersion(deployment_name="evil", build_id="b1")
LONGEST: Final = timedelta(seconds=2)
"""A request that keeps its caller waiting is given up."""


@workflow.defn(name="Payment", sandboxed=False)
class Rogue:
    """A run on the platform's queue, under a name of ours, that only its own worker takes."""

    @workflow.run
    async def run(self, requests: list[tuple[str, list[Any]]]) -> list[Any]:
        """Of each request its answer, or the type of its refusal; all of them at once."""
        return await asyncio.gather(*(self._one(name, given) for name, given in requests))

    async def _one(self, name: str, given: list[Any]) -> Any:
        try:
            answer = await workflow.execute_activity(
                name, args=given, task_queue=TASK_QUEUE, schedule_to_close_timeout=LONGEST
            )
        except ActivityError as error:
            return {"refused": getattr(error.cause, "type", type(error.cause).__name__)}
        return {"answer": answer}


@dataclass(frozen=True)
class Stranger:
    """Somebody with a client of the namespace, and a worker under a deployment of their own."""

    client: Client

    async def order(self, requests: Iterable[tuple[str, list[Any]]], workflow_id: str | None = None) -> list[Any]:
        """The answers, in a run of this id."""
        asked = list(requests)

        async def started() -> Any:
            try:
                return await self.client.start_workflow(
                    Rogue.run,
                    asked,
                    id=workflow_id or uuid4().hex,
                    task_queue=TASK_QUEUE,
                    versioning_override=PinnedVersioningOverride(THEIRS),
                )
            except RPCError as error:  # the server has not heard of their worker yet
                if "deployment" not in str(error).lower() and "version" not in str(error).lower():
                    raise
                return None

        handle = await eventually(started, lambda found: found is not None)
        answers: list[Any] = await handle.result()
        return answers


@asynccontextmanager
async def stranger(client: Client) -> AsyncIterator[Stranger]:
    """One at work."""
    theirs = WorkerDeploymentConfig(
        version=THEIRS, use_worker_versioning=True, default_versioning_behavior=VersioningBehavior.PINNED
    )
    async with Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Rogue],
        workflow_runner=UnsandboxedWorkflowRunner(),
        deployment_config=theirs,
        identity="a stranger",
    ):
        yield Stranger(client)


def refused(answers: Iterable[Any]) -> set[str]:
    """The types of what was refused."""
    return {one["refused"] for one in answers if "refused" in one}
