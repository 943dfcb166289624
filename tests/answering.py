"""An intruder that polls a queue and answers its activities, in every way that Temporal allows."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, get_type_hints

from google.protobuf.duration_pb2 import Duration
from temporalio import activity
from temporalio.activity import _Definition
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    PollActivityTaskQueueRequest,
    PollActivityTaskQueueResponse,
    RespondActivityTaskCompletedRequest,
    RespondActivityTaskFailedRequest,
)
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from schemas.ids import TASK_QUEUE

_YEARS: Final = timedelta(days=3650)
_STRANGER: Final = "a stranger"


class Way(StrEnum):
    """A way to answer."""

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
"""Returns an invented answer with a statement; it is given the workflow's id, the activity's name and its request."""


class Answering:
    """Answers what it polls: each request of an activity by a workflow once in each way, then no more.

    `inventions` are answers by the activity's name, or functions that make one of a request; it `signs` them in some
    ways. `answered` counts by name and way.
    """

    def __init__(
        self,
        client: Client,
        inventions: Mapping[str, Any],
        queue: str = TASK_QUEUE,
        signs: Mapping[Way, Signs] | None = None,
    ) -> None:
        self._client = client
        self._inventions = inventions
        self._queue = queue
        self._signs = signs or {}
        self.ways = [way for way in Way if way in self._signs or way not in {Way.SIGNED, Way.REPLAYED, Way.MISLED}]
        self._times: Counter[tuple[str, str]] = Counter()
        self.answered: Counter[tuple[str, Way]] = Counter()

    def is_through(self, whose: str, name: str) -> bool:
        """Returns whether it has answered this activity of this workflow in each way."""
        return name not in self._inventions or self._times[whose, name] >= len(self.ways)

    async def go_on(self) -> None:
        """Polls until it is cancelled."""
        request = PollActivityTaskQueueRequest(
            namespace=self._client.namespace, task_queue=TaskQueue(name=self._queue), identity=_STRANGER
        )
        while True:
            task = await self._client.workflow_service.poll_activity_task_queue(request)
            if task.task_token:
                with suppress(RPCError):  # the server has given it up, or its workflow has
                    await self._answer(task)

    async def _answer(self, task: PollActivityTaskQueueResponse) -> None:
        name, whose = task.activity_type.name, task.workflow_execution.workflow_id
        n = self._times[whose, name]
        self._times[whose, name] += 1
        if n >= len(self.ways) or name not in self._inventions:
            await self._fail(task, Failure(message="not now", application_failure_info=_soon()))
            return
        way = self.ways[n]
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
                final = ApplicationFailureInfo(type="not_taken", non_retryable=True)
                await self._fail(task, Failure(message="no", application_failure_info=final))
            case Way.POSTPONED:
                later = Duration()
                later.FromTimedelta(_YEARS)
                info = ApplicationFailureInfo(type="no_news", next_retry_delay=later)
                await self._fail(task, Failure(message="later", application_failure_info=info))
            case Way.UNANSWERED:
                pass
            case Way.SIGNED | Way.REPLAYED | Way.MISLED:
                invented = await self._invented(task, whose, name)
                signed = self._signs[way](whose, name, await self._request(task, whose), invented)
                await self._complete(task, whose, signed)

    async def _invented(self, task: PollActivityTaskQueueResponse, whose: str, name: str) -> Any:
        invention = self._inventions[name]
        return invention(await self._request(task, whose)) if callable(invention) else invention

    async def _request(self, task: PollActivityTaskQueueResponse, whose: str) -> dict[str, Any]:
        context = WorkflowSerializationContext(namespace=self._client.namespace, workflow_id=whose)
        [request] = await self._client.data_converter.with_context(context).decode(list(task.input.payloads))
        return dict(request)

    async def _complete(self, task: PollActivityTaskQueueResponse, whose: str, answer: Any) -> None:
        context = WorkflowSerializationContext(namespace=self._client.namespace, workflow_id=whose)
        encoded = await self._client.data_converter.with_context(context).encode([answer])
        await self._respond(task, Payloads(payloads=encoded))

    async def _respond(self, task: PollActivityTaskQueueResponse, result: Payloads | None) -> None:
        await self._client.workflow_service.respond_activity_task_completed(
            RespondActivityTaskCompletedRequest(
                namespace=self._client.namespace, task_token=task.task_token, result=result, identity=_STRANGER
            )
        )

    async def _fail(self, task: PollActivityTaskQueueResponse, failure: Failure) -> None:
        await self._client.workflow_service.respond_activity_task_failed(
            RespondActivityTaskFailedRequest(
                namespace=self._client.namespace, task_token=task.task_token, failure=failure, identity=_STRANGER
            )
        )


def _soon() -> ApplicationFailureInfo:
    soon = Duration()
    soon.FromTimedelta(timedelta(milliseconds=50))
    return ApplicationFailureInfo(type="no_news", next_retry_delay=soon)


def giving_way(function: Callable[..., Any], stranger: Answering) -> Callable[..., Any]:
    """Returns the activity, which does not answer by a queue before the stranger is through with it."""
    name = str(_Definition.must_from_callable(function).name)

    async def gives_way(given: Any) -> Any:
        info = activity.info()
        if not (info.is_local or stranger.is_through(str(info.workflow_id), name)):
            raise ApplicationError("not yet", type="not_yet", next_retry_delay=timedelta(milliseconds=50))
        return await function(given)

    hints = get_type_hints(function)
    gives_way.__annotations__ = {"given": next(hint for place, hint in hints.items() if place != "return")}
    gives_way.__qualname__ = function.__qualname__
    return activity.defn(name=name)(gives_way)


@asynccontextmanager
async def answering(stranger: Answering) -> AsyncIterator[None]:
    """Has a stranger answer beside the platform."""
    polling = [asyncio.create_task(stranger.go_on()) for _ in range(4)]
    try:
        yield
    finally:
        for one in polling:
            one.cancel()
        for ended in await asyncio.gather(*polling, return_exceptions=True):
            if isinstance(ended, BaseException) and not isinstance(ended, asyncio.CancelledError):
                raise ended
