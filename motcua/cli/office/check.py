"""`motcua back-office --check`: checks that an agency's back office could work, without starting it."""

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
from motcua.calls.retry import patiently
from motcua.cli.language import in_words
from motcua.client import FilingClient
from motcua.configured_speaker import speaker_here
from motcua.connection import connect
from motcua.contract import Text, said
from motcua.errors import MotcuaError, NotFound
from motcua.files.store import Store


@dataclass(frozen=True)
class Looked:
    """The result of one check."""

    title: Text
    well: bool
    words: Text | str


def hooks(office: BackOffice) -> Looked:
    """Returns the hooks that the agency overrides. `load` has checked them already."""
    own = [name for name in HOOKS if getattr(type(office), name) is not getattr(BackOffice, name)]
    words = f"{type(office).__module__}:{type(office).__qualname__}: {', '.join(own) or '–'}"
    return Looked(said("label.hooks"), well=True, words=words)


async def surroundings(agency: str | None, queue: str, patience: float) -> list[Looked]:
    """Checks the object store and Temporal; if Temporal answers, the agency's directory entry and the queue too."""
    found = [await _look(said("label.object_store"), _store)]
    temporal = said("label.temporal")
    try:
        client = await patiently(lambda _: connect(lazy=False), patience)
    except MotcuaError as error:
        return [*found, Looked(temporal, well=False, words=str(error))]
    found.append(Looked(temporal, well=True, words=client.namespace))
    if agency is not None:
        directory = said("label.directory")
        found.append(await _look(directory, lambda: _directory(client, agency, queue, patience)))
    found.append(await _look(said("label.queue"), lambda: _queue(client, queue)))
    return found


class _AmissError(Exception):
    """A failed check."""


async def _look(title: Text, look: Callable[[], Coroutine[Any, Any, Text]]) -> Looked:
    try:
        return Looked(title, well=True, words=await look())
    except (_AmissError, MotcuaError) as error:
        return Looked(title, well=False, words=str(error))
    except RPCError as error:
        return Looked(title, well=False, words=error.status.name)


async def _store() -> Text:
    store = Store.from_environment()
    try:
        same = await store.works()
    except Exception as error:  # noqa: BLE001 -- obstore has a type for every backend
        raise _AmissError(f"{in_words(said('office.store_failing'))}: {type(error).__name__}") from None
    if not same:
        raise _AmissError(in_words(said("doctor.objects.differing")))
    return said("command.back_office.store_works")


async def _directory(client: Client, agency: str, queue: str, patience: float) -> Text:
    speaker = await asyncio.to_thread(speaker_here)
    try:
        entry = await FilingClient(client, speaker=speaker, patience=patience).agency(agency)
    except NotFound:
        raise _AmissError(f"{in_words(said('office.no_agency'))} {agency}") from None
    if entry.queue != queue:
        raise _AmissError(in_words(said("office.work_goes", agency=agency, theirs=entry.queue, queue=queue)))
    return entry.name


async def _queue(client: Client, queue: str) -> Text:
    found = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
            report_stats=True,
        )
    )
    return said("command.back_office.tasks_wait", queue=queue, tasks=found.stats.approximate_backlog_count)
