"""Live workers: the processes that poll for work, as their polls and heartbeats show."""

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
"""A process whose last poll is not older counts as live. A poll lasts a minute; the server lists it for five.

Heartbeats, which our processes send every 5 s, show sooner that a process is gone.
"""
MISSED: Final = 3
"""Number of missed heartbeats after which a process counts as gone."""

_ENDING: Final = frozenset({WorkerStatus.WORKER_STATUS_SHUTTING_DOWN, WorkerStatus.WORKER_STATUS_SHUTDOWN})

Signs: TypeAlias = Mapping[tuple[str, str], bool]


async def queue_of(client: Client, name: str, kind: TaskQueueType.ValueType) -> DescribeTaskQueueResponse:
    """Returns the server's description of a task queue. Raises `RPCError`."""
    return await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=name), task_queue_type=kind, report_stats=True
        )
    )


def asking(queue: DescribeTaskQueueResponse, name: str, signs: Signs) -> list[PollerInfo]:
    """Returns the live pollers of the queue, by identity."""
    since = datetime.now(UTC) - FRESH
    fresh = {p.identity: p for p in queue.pollers if p.last_access_time.ToDatetime(tzinfo=UTC) > since}
    return [poller for identity, poller in fresh.items() if signs.get((name, identity), True)]


async def signs_of_life(client: Client) -> Signs:
    """Returns whether each process with heartbeats is alive, by queue and identity; empty for an old server."""
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
    """Returns whether a heartbeat shows a live process that is not ending. The first one has no interval yet."""
    if sign.status in _ENDING:
        return False
    every = sign.elapsed_since_last_heartbeat.ToTimedelta()
    return datetime.now(UTC) - sign.heartbeat_time.ToDatetime(tzinfo=UTC) < (MISSED * every or FRESH)
