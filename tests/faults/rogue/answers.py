"""The intruder that answers activities: those that it polls itself, and, by id, those that other workers execute."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from itertools import count
from typing import Any, Final

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    PollActivityTaskQueueResponse,
    RecordActivityTaskHeartbeatByIdRequest,
    RecordActivityTaskHeartbeatRequest,
    RespondActivityTaskCanceledByIdRequest,
    RespondActivityTaskCanceledRequest,
    RespondActivityTaskCompletedByIdRequest,
    RespondActivityTaskFailedByIdRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from recovery.stalled import RUNNING
from tests.answering import EVIL, FORGED, INVENTIONS, STRANGER, Answering, encoded, final, postponed

EVERYTHING: Final[dict[str, Any]] = INVENTIONS | {
    "parcel.cancel": True,
    "reception.scan": [EVIL],
    "result.print": {"result": FORGED},
    "backoffice.check": {"complete": True},
    "backoffice.issue": {"result": FORGED},
}
"""The intruder's invented answers, by activity; other activities get none."""
_POLLERS: Final = 8
_AT_A_TIME: Final = 20
"""The number of runs whose pending activities the intruder examines, four times a second."""


class ById(StrEnum):
    """A way to answer an activity that another worker executes."""

    INVENTED = "invented, by id"
    FINAL = "a final failure, by id"
    POSTPONED = "a retry in ten years, by id"
    CANCELLED = "cancelled, by id"
    HEARTBEAT = "a heartbeat with details, by id"


class Stranger(Answering):
    """An intruder that answers every activity that it polls, in each way in turn."""

    def __init__(self, client: Client, counted: Counter[tuple[str, str]], **where: Any) -> None:
        super().__init__(client, EVERYTHING, **where)
        self.answered = counted  # type: ignore[assignment] # one count for all strangers
        self._turns = count()

    async def answer(self, task: PollActivityTaskQueueResponse) -> None:
        """Answers in the next way; before every second answer, sends a heartbeat with details, or a cancellation."""
        turn = next(self._turns)
        if turn % 2:
            with suppress(RPCError):
                await self._disturb(task, cancels=turn % 4 == 1)
        await self.answer_in(self.ways[turn // 2 % len(self.ways)], task)

    async def _disturb(self, task: PollActivityTaskQueueResponse, *, cancels: bool) -> None:
        service, whose = self._client.workflow_service, task.workflow_execution.workflow_id
        details = await encoded(self._client, whose, EVIL)
        named: dict[str, Any] = {
            "namespace": self._client.namespace,
            "task_token": task.task_token,
            "identity": STRANGER,
        }
        if cancels:
            await service.respond_activity_task_canceled(RespondActivityTaskCanceledRequest(**named, details=details))
            return
        await service.record_activity_task_heartbeat(RecordActivityTaskHeartbeatRequest(**named, details=details))


class AnsweringById:
    """An intruder that answers activities by their ids while others execute them, in each way in turn."""

    def __init__(self, client: Client, counted: Counter[tuple[str, str]]) -> None:
        self._client = client
        self._service = client.workflow_service
        self._counted = counted
        self._turns = count()

    async def go_on(self) -> None:
        while True:
            with suppress(RPCError):
                running = [found.id async for found in self._client.list_workflows(RUNNING)]
                for workflow_id in random.sample(running, min(_AT_A_TIME, len(running))):
                    await self._answer_all(workflow_id)
            await asyncio.sleep(0.25)

    async def _answer_all(self, workflow_id: str) -> None:
        asked = DescribeWorkflowExecutionRequest(
            namespace=self._client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
        )
        with suppress(RPCError):
            for one in (await self._service.describe_workflow_execution(asked)).pending_activities:
                if one.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED:
                    await self._answer(workflow_id, one)

    async def _answer(self, workflow_id: str, one: PendingActivityInfo) -> None:
        name = one.activity_type.name
        way = list(ById)[next(self._turns) % len(ById)]
        named: dict[str, Any] = {
            "namespace": self._client.namespace,
            "workflow_id": workflow_id,
            "activity_id": one.activity_id,
            "identity": STRANGER,
        }
        details = await encoded(self._client, workflow_id, EVIL)
        match way:
            case ById.INVENTED:
                result = await encoded(self._client, workflow_id, EVERYTHING.get(name))
                done = RespondActivityTaskCompletedByIdRequest(**named, result=result)
                await self._service.respond_activity_task_completed_by_id(done)
            case ById.FINAL | ById.POSTPONED:
                failure = final() if way is ById.FINAL else postponed()
                failed = RespondActivityTaskFailedByIdRequest(**named, failure=failure)
                await self._service.respond_activity_task_failed_by_id(failed)
            case ById.CANCELLED:
                cancelled = RespondActivityTaskCanceledByIdRequest(**named, details=details)
                await self._service.respond_activity_task_canceled_by_id(cancelled)
            case ById.HEARTBEAT:
                beat = RecordActivityTaskHeartbeatByIdRequest(**named, details=details)
                await self._service.record_activity_task_heartbeat_by_id(beat)
        self._counted[name, way] += 1


@asynccontextmanager
async def strangers(
    client: Client, build: str, queues: Iterable[str], counted: Counter[tuple[str, str]]
) -> AsyncIterator[None]:
    """Lets intruders answer this build's activities, those on these other queues, and any activity by its id."""
    places = [{"build": build}, *({"queue": queue} for queue in queues)]
    answering = [Stranger(client, counted, **where) for where in places]
    working = [asyncio.create_task(one.go_on()) for one in answering for _ in range(_POLLERS)]
    working.append(asyncio.create_task(AnsweringById(client, counted).go_on()))
    try:
        yield
    finally:
        for one in working:
            one.cancel()
        for ended in await asyncio.gather(*working, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
