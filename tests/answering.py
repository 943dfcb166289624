"""An intruder that polls a queue and answers its activities, in every way that Temporal allows."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from enum import StrEnum
from inspect import signature
from typing import Any, Final, get_type_hints

from google.protobuf.duration_pb2 import Duration
from temporalio import activity
from temporalio.activity import _Definition
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.deployment.v1 import WorkerDeploymentOptions
from temporalio.api.enums.v1 import WorkerVersioningMode
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice import v1 as service
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from schemas.ids import DEPLOYMENT, TASK_QUEUE
from tests.acting import FILE

_YEARS: Final = timedelta(days=3650)
STRANGER: Final = "a stranger"
"""The identity that the intruder gives to the server."""
EVIL: Final = "evil"
AT: Final = "2026-11-30T00:00:00Z"
FORGED: Final = FILE | {"name": EVIL}
INVENTIONS: Final[dict[str, Any]] = {
    "payment.order": {"order_id": EVIL, "pay_url": f"https://{EVIL}.test"},
    "payment.money": {"captures": [{"capture_id": EVIL, "amount": 16000, "at": AT}]},
    "payment.late_money": {"captures": [{"capture_id": EVIL, "amount": 1, "at": AT}]},
    "payment.close": {"captures": []},
    "payment.refund": {"transaction": EVIL},
    "parcel.send": {"waybill": EVIL},
    "parcel.news": {"steps": [{"meaning": "lost", "said": EVIL, "at": AT}]},
    "result.prepare": {"file": FORGED},
    "result.sign": {"declined": True},
    "reception.examine": {"problems": [{"field": EVIL, "rule": EVIL, "message": {"vi": EVIL, "en": EVIL}}]},
    "papers.confirm": "fit",
}
"""The intruder's invented answers, by activity."""


class Way(StrEnum):
    """A way in which the intruder answers an activity."""

    INVENTED = "invented"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    OTHER = "a text"
    FINAL = "a final failure"
    POSTPONED = "a retry in ten years"
    UNANSWERED = "taken, and left"
    SIGNED = "signed by another program"
    REPLAYED = "signed for another filing"
    MISLED = "signed for another dossier"


Signs = Callable[[str, str, dict[str, Any], Any], Any]
"""A function that signs an invented answer, given the workflow's id, the activity's name, its request and the answer.
"""


class Answering:
    """An intruder that polls activities, and answers each request of a workflow once in each way, but not more often.

    `inventions` has the answer to each activity, or a function that makes the answer from the request; `signs` has
    functions that sign the answers of some ways. `answered` counts the answers by activity and way.
    """

    def __init__(
        self,
        client: Client,
        inventions: Mapping[str, Any],
        queue: str = TASK_QUEUE,
        signs: Mapping[Way, Signs] | None = None,
        build: str | None = None,
    ) -> None:
        """`build`: the build under which the intruder polls: no other worker gets activities of its workflows."""
        self._client = client
        self._inventions = inventions
        self._queue = queue
        self._build = build
        self._signs = signs or {}
        self.ways = [way for way in Way if way in self._signs or way not in {Way.SIGNED, Way.REPLAYED, Way.MISLED}]
        self._times: Counter[tuple[str, str]] = Counter()
        self.answered: Counter[tuple[str, Way]] = Counter()

    def is_through(self, whose: str, name: str) -> bool:
        """Returns whether the intruder has answered this activity of this workflow in each way."""
        return name not in self._inventions or self._times[whose, name] >= len(self.ways)

    async def go_on(self) -> None:
        request = service.PollActivityTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=self._queue),
            identity=STRANGER,
            deployment_options=_deployment(self._build),
        )
        while True:
            task = await self._client.workflow_service.poll_activity_task_queue(request)
            if task.task_token:
                with suppress(RPCError):  # the server has given it up, or its workflow has
                    await self.answer(task)

    async def answer(self, task: service.PollActivityTaskQueueResponse) -> None:
        name, whose = task.activity_type.name, task.workflow_execution.workflow_id
        n = self._times[whose, name]
        self._times[whose, name] += 1
        if n >= len(self.ways) or name not in self._inventions:
            await self._fail(task, Failure(message="not now", application_failure_info=_soon()))
            return
        await self.answer_in(self.ways[n], task)

    async def answer_in(self, way: Way, task: service.PollActivityTaskQueueResponse) -> None:
        name, whose = task.activity_type.name, task.workflow_execution.workflow_id
        self.answered[name, way] += 1
        match way:
            case Way.INVENTED:
                await self._complete(task, whose, await self._invented(task, whose, name))
            case Way.EMPTY:
                await self._respond(task, None)
            case Way.UNREADABLE:
                payload = Payload(metadata={"encoding": b"json/plain"}, data=b"\xff{")
                await self._respond(task, Payloads(payloads=[payload]))
            case Way.OTHER:
                await self._complete(task, whose, "ok")
            case Way.FINAL:
                await self._fail(task, final())
            case Way.POSTPONED:
                await self._fail(task, postponed())
            case Way.UNANSWERED:
                pass
            case Way.SIGNED | Way.REPLAYED | Way.MISLED:
                invented = await self._invented(task, whose, name)
                signed = self._signs[way](whose, name, await self._request(task, whose), invented)
                await self._complete(task, whose, signed)

    async def _invented(self, task: service.PollActivityTaskQueueResponse, whose: str, name: str) -> Any:
        invention = self._inventions.get(name)
        return invention(await self._request(task, whose)) if callable(invention) else invention

    async def _request(self, task: service.PollActivityTaskQueueResponse, whose: str) -> dict[str, Any]:
        context = WorkflowSerializationContext(namespace=self._client.namespace, workflow_id=whose)
        [request] = await self._client.data_converter.with_context(context).decode(list(task.input.payloads))
        return dict(request)

    async def _complete(self, task: service.PollActivityTaskQueueResponse, whose: str, answer: Any) -> None:
        await self._respond(task, await encoded(self._client, whose, answer))

    async def _respond(self, task: service.PollActivityTaskQueueResponse, result: Payloads | None) -> None:
        await self._client.workflow_service.respond_activity_task_completed(
            service.RespondActivityTaskCompletedRequest(
                namespace=self._client.namespace,
                task_token=task.task_token,
                result=result,
                identity=STRANGER,
                deployment_options=_deployment(self._build),
            )
        )

    async def _fail(self, task: service.PollActivityTaskQueueResponse, failure: Failure) -> None:
        await self._client.workflow_service.respond_activity_task_failed(
            service.RespondActivityTaskFailedRequest(
                namespace=self._client.namespace,
                task_token=task.task_token,
                failure=failure,
                identity=STRANGER,
                deployment_options=_deployment(self._build),
            )
        )


async def encoded(client: Client, whose: str, answer: Any) -> Payloads:
    """Returns an answer to an activity of this workflow, as the client's converter writes it."""
    context = WorkflowSerializationContext(namespace=client.namespace, workflow_id=whose)
    return Payloads(payloads=await client.data_converter.with_context(context).encode([answer]))


def _deployment(build: str | None) -> WorkerDeploymentOptions | None:
    if build is None:
        return None
    return WorkerDeploymentOptions(
        deployment_name=DEPLOYMENT,
        build_id=build,
        worker_versioning_mode=WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED,
    )


def final() -> Failure:
    return Failure(message="no", application_failure_info=ApplicationFailureInfo(type="not_taken", non_retryable=True))


def postponed() -> Failure:
    """Returns a failure whose retry is ten years away."""
    later = Duration()
    later.FromTimedelta(_YEARS)
    info = ApplicationFailureInfo(type="no_news", next_retry_delay=later)
    return Failure(message="later", application_failure_info=info)


def _soon() -> ApplicationFailureInfo:
    soon = Duration()
    soon.FromTimedelta(timedelta(milliseconds=50))
    return ApplicationFailureInfo(type="no_news", next_retry_delay=soon)


def giving_way(function: Callable[..., Any], stranger: Answering) -> Callable[..., Any]:
    """Returns the activity; if it is not local, it fails until the intruder has answered it in every way."""
    name = name_of(function)

    async def gives_way(given: Any) -> Any:
        info = activity.info()
        if not (info.is_local or stranger.is_through(str(info.workflow_id), name)):
            raise ApplicationError("not yet", type="not_yet", next_retry_delay=timedelta(milliseconds=50))
        return await function(given)

    return instead_of(function, gives_way)


def name_of(function: Callable[..., Any]) -> str:
    return str(_Definition.must_from_callable(function).name)


def instead_of(function: Callable[..., Any], other: Callable[[Any], Awaitable[Any]]) -> Callable[..., Any]:
    """Returns `other` as an activity with the name and the input type of `function`."""
    hints = get_type_hints(function)
    [given] = signature(other).parameters
    other.__annotations__ = {given: next(hint for place, hint in hints.items() if place != "return")}
    other.__qualname__ = function.__qualname__
    return activity.defn(name=name_of(function))(other)


@asynccontextmanager
async def answering(stranger: Answering) -> AsyncIterator[None]:
    """Lets the intruder answer activities beside the platform."""
    polling = [asyncio.create_task(stranger.go_on()) for _ in range(4)]
    try:
        yield
    finally:
        for one in polling:
            one.cancel()
        for ended in await asyncio.gather(*polling, return_exceptions=True):
            if isinstance(ended, BaseException) and not isinstance(ended, asyncio.CancelledError):
                raise ended
