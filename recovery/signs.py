"""Who works: the processes that ask for work, and whether they still live."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from temporalio.api.enums.v1 import TaskQueueType, WorkerStatus
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.worker.v1 import WorkerHeartbeat
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    DescribeTaskQueueResponse,
    ListWorkersRequest,
)
from temporalio.client import Client

FRESH: Final = timedelta(seconds=75)
"""A poll lasts a minute: who has not asked for longer is gone, though the server lists it for five. Of a process that
tells signs of life, as ours do every 5 s, more is known."""
MISSED: Final = 3
"""So many signs of life are missed by who is gone."""

_ENDING: Final = frozenset({WorkerStatus.WORKER_STATUS_SHUTTING_DOWN, WorkerStatus.WORKER_STATUS_SHUTDOWN})

Signs: TypeAlias = Mapping[tuple[str, str], bool]


async def queue_of(client: Client, name: str, kind: TaskQueueType.ValueType) -> DescribeTaskQueueResponse:
    """One task queue as the server describes it. Raises `RPCError`."""
    return await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=name), task_queue_type=kind, report_stats=True
        )
    )


def asking(queue: DescribeTaskQueueResponse, name: str, signs: Signs) -> list[PollerInfo]:
    """The processes that ask for work, each once."""
    since = datetime.now(UTC) - FRESH
    fresh = {p.identity: p for p in queue.pollers if p.last_access_time.ToDatetime(tzinfo=UTC) > since}
    return [poller for identity, poller in fresh.items() if signs.get((name, identity), True)]


async def signs_of_life(client: Client) -> Signs:
    """Of the processes that tell signs of life, whether they still do, by queue and identity; of an old server none."""
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    signs: dict[tuple[str, str], bool] = {}
    token, more = b"", described.namespace_info.capabilities.worker_heartbeats
    while more:
        page = await client.workflow_service.list_workers(
            ListWorkersRequest(namespace=client.namespace, next_page_token=token)
        )
        for info in page.workers_info:
            sign = info.worker_heartbeat
            key = (sign.task_queue, sign.worker_identity)
            signs[key] = signs.get(key, False) or _lives(sign)
        token = page.next_page_token
        more = bool(token)
    return signs


def _lives(sign: WorkerHeartbeat) -> bool:
    """A first sign does not say how soon the next is to come. Who is about to end asks for nothing more."""
    if sign.status in _ENDING:
        return False
    every = sign.elapsed_since_last_heartbeat.ToTimedelta()
    return datetime.now(UTC) - sign.heartbeat_time.ToDatetime(tzinfo=UTC) < (MISSED * every or FRESH)
