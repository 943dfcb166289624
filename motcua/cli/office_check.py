"""`motcua back-office --check`: whether an agency's back office could work, before it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from motcua.backoffice import HOOKS, BackOffice
from motcua.client import FilingClient
from motcua.connection import connect
from motcua.contract import Text
from motcua.errors import MotcuaError, NotFound
from motcua.patience import patiently
from motcua.speaker_here import speaker_here
from motcua.store import Store


@dataclass(frozen=True)
class Looked:
    """What a look at one thing brought."""

    title: Text
    well: bool
    words: str


def hooks(office: BackOffice) -> Looked:
    """Which hooks are the agency's own, once they are known to fit."""
    own = [name for name in HOOKS if getattr(type(office), name) is not getattr(BackOffice, name)]
    words = f"{type(office).__module__}:{type(office).__qualname__}: {', '.join(own) or 'không có / none of its own'}"
    return Looked(Text(vi="Móc", en="Hooks"), well=True, words=words)


async def surroundings(agency: str | None, queue: str, patience: float) -> list[Looked]:
    """The object store, Temporal, the directory and the queue."""
    found = [await _look(Text(vi="Kho tệp", en="Object store"), _store)]
    temporal = Text(vi="Temporal", en="Temporal")
    try:
        client = await patiently(lambda _: connect(lazy=False), patience)
    except MotcuaError as error:
        return [*found, Looked(temporal, well=False, words=str(error))]
    found.append(Looked(temporal, well=True, words=client.namespace))
    if agency is not None:
        directory = Text(vi="Danh bạ", en="Directory")
        found.append(await _look(directory, lambda: _directory(client, agency, queue, patience)))
    found.append(await _look(Text(vi="Hàng đợi", en="Queue"), lambda: _queue(client, queue)))
    return found


class _AmissError(Exception):
    """What is not well."""


async def _look(title: Text, look: Callable[[], Coroutine[Any, Any, str]]) -> Looked:
    try:
        return Looked(title, well=True, words=await look())
    except (_AmissError, MotcuaError) as error:
        return Looked(title, well=False, words=str(error))
    except RPCError as error:
        return Looked(title, well=False, words=error.status.name)


async def _store() -> str:
    store = Store.from_environment()
    try:
        same = await store.works()
    except Exception as error:  # noqa: BLE001 -- obstore has a type for every backend
        raise _AmissError(f"không ghi và đọc được / can't be written and read: {type(error).__name__}") from None
    if not same:
        raise _AmissError("đọc lại khác đã ghi / what was read is not what was written")
    return "ghi và đọc được / can be written and read"


async def _directory(client: Client, agency: str, queue: str, patience: float) -> str:
    speaker = await asyncio.to_thread(speaker_here)
    try:
        entry = await FilingClient(client, speaker=speaker, patience=patience).agency(agency)
    except NotFound:
        raise _AmissError(f"không có cơ quan này / there is no agency {agency}") from None
    if entry.queue != queue:
        raise _AmissError(f"việc của {agency} vào / the work of {agency} goes to {entry.queue}, not to {queue}")
    return f"{entry.name.vi} / {entry.name.en}"


async def _queue(client: Client, queue: str) -> str:
    found = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
            report_stats=True,
        )
    )
    return f"{queue}: {found.stats.approximate_backlog_count} việc chờ / tasks wait"
