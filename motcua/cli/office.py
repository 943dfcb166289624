"""`motcua back-office`: runs an agency's back office; with `--check` or `--try`, only checks it."""

import asyncio
import importlib
import inspect
import logging
import os
import sys
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import TypeAdapter, ValidationError
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from motcua.backoffice import HOOKS, BackOffice, queue_of, run
from motcua.calls.retry import patiently
from motcua.cli.answer import Column, Marked, columns, show_all
from motcua.cli.language import in_words
from motcua.cli.options import Patience
from motcua.cli.running import Exit, end_well, exit_if, fail, parse, read_file, read_json, refusing
from motcua.cli.trying import Tried, tried
from motcua.client import FilingClient
from motcua.configured_speaker import speaker_here
from motcua.connection import configured_address, connect
from motcua.contract import AgencyCode, Dossier, Text, said
from motcua.errors import MotcuaError, NotFound
from motcua.files.store import OBJECTS, Store

app = typer.Typer()


@app.command("back-office")
def back_office(
    office: Annotated[str | None, typer.Argument(metavar="[MODULE:CLASS]", help="option.office")] = None,
    *,
    agency: Annotated[str | None, typer.Option("--agency", metavar="CODE", help="option.agency")] = None,
    queue: Annotated[str | None, typer.Option("--queue", help="option.office.queue")] = None,
    check: Annotated[bool, typer.Option("--check", help="option.office.check")] = False,
    trial: Annotated[str | None, typer.Option("--try", metavar="FILE", help="option.office.try")] = None,
    patience: Patience = 60.0,
) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    made = BackOffice() if office is None else load(office)
    if agency is not None:  # the queue of a malformed code would never receive work
        with refusing(ValidationError, Exit.USAGE, said("refused.agency_code", agency=agency)):
            agency = TypeAdapter[str](AgencyCode).validate_python(agency)
    if trial is not None:
        dossier = parse(Dossier, read_json(read_file(trial), trial))
        _show(end_well(tried(made, dossier)), _TRIED)
    elif check:
        _show(_checked(made, agency, queue or queue_of(agency), patience), _LOOKED)
    else:
        end_well(run(made, agency, queue=queue, patience=patience))


class _Lines(logging.Formatter):
    """Formats log lines with their fields at the end: `backoffice.ready queue=agency.H29.16`."""

    _TOLD: Final = ("agency", "queue", "hook", "filing", "attempt", "error", "place", "reason")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- the name in `logging`
        told = (f" {name}={getattr(record, name)}" for name in self._TOLD if hasattr(record, name))
        return super().formatMessage(record) + "".join(told)


def load(name: str) -> BackOffice:
    """Returns an instance of `module:Class`, also from the current folder. Ends the command if there is a mistake."""
    module_name, _, class_name = name.partition(":")
    if not module_name or not class_name:
        fail(said("refused.office.name"), Exit.USAGE)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module_name), class_name, None)
    except ModuleNotFoundError as error:
        fail(said("refused.office.no_module", name=name, module=error.name), Exit.USAGE)
    except Exception as error:  # noqa: BLE001 -- the agency's own module
        fail(said("refused.office.not_imported", name=name), Exit.USAGE, detail=f"{type(error).__name__}: {error}")
    if not (isinstance(found, type) and issubclass(found, BackOffice)):
        fail(said("refused.office.no_office", name=name), Exit.USAGE)
    try:
        made = found()
    except Exception as error:  # noqa: BLE001 -- the agency's own class
        fail(said("refused.office.fails", name=name), Exit.USAGE, detail=f"{type(error).__name__}: {error}")
    if mistakes := list(_mistakes(made)):
        fail(name, Exit.USAGE, detail="; ".join(map(in_words, mistakes)))
    return made


def _mistakes(office: BackOffice) -> Iterator[Text]:
    """Yields the mistakes in the office's hooks; runs none of the hooks."""
    for name in HOOKS:
        hook = getattr(office, name)
        if not callable(hook):
            yield said("refused.office.no_method", hook=name)
            continue
        try:
            inspect.signature(hook).bind(object())
        except TypeError:
            yield said("refused.office.one_argument", hook=name)
        if inspect.isasyncgenfunction(hook) or inspect.isgeneratorfunction(hook):
            yield said("refused.office.yields", hook=name)


@dataclass(frozen=True)
class Looked:
    """The result of one check of the surroundings."""

    title: Text
    well: bool
    words: Text | str


_LOOKED: Final = columns(
    Column("state", lambda one: Marked("ok", "green") if one.well else Marked("fail", "red")),
    "looked_at:title found:words",
)


_TRIED: Final = columns(_LOOKED[0], "hook answer:words")


async def surroundings(agency: str | None, queue: str, patience: float) -> list[Looked]:
    """Checks the object store and Temporal; if Temporal answers, the agency's directory entry and the queue too."""
    found = [await _look("label.object_store", _store())]
    try:
        client = await patiently(lambda _: connect(lazy=False), patience, server=configured_address())
    except MotcuaError as error:
        return [*found, Looked(said("label.temporal"), well=False, words=str(error))]
    found.append(Looked(said("label.temporal"), well=True, words=client.namespace))
    if agency is not None:
        found.append(await _look("label.directory", _directory(client, agency, queue, patience)))
    found.append(await _look("label.queue", _queue(client, queue)))
    return found


async def _look(title: str, look: Coroutine[Any, Any, Text]) -> Looked:
    try:
        return Looked(said(title), well=True, words=await look)
    except MotcuaError as error:
        return Looked(said(title), well=False, words=str(error))
    except RPCError as error:
        return Looked(said(title), well=False, words=error.status.name)


async def _store() -> Text:
    store = Store.from_environment()
    try:
        same = await store.works()
    except Exception as error:  # noqa: BLE001 -- obstore has a type for every backend
        where = os.environ.get(OBJECTS, "")
        raise MotcuaError(f"{in_words(said('office.store_failing', where=where))}: {type(error).__name__}") from None
    if not same:
        raise MotcuaError(in_words(said("doctor.objects.differing")))
    return said("command.back_office.store_works")


async def _directory(client: Client, agency: str, queue: str, patience: float) -> Text:
    speaker = await asyncio.to_thread(speaker_here)
    try:
        entry = await FilingClient(client, speaker=speaker, patience=patience).agency(agency)
    except NotFound:
        raise MotcuaError(f"{in_words(said('office.no_agency'))} {agency}") from None
    if entry.queue != queue:
        raise MotcuaError(in_words(said("office.work_goes", agency=agency, theirs=entry.queue, queue=queue)))
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


def _checked(office: BackOffice, agency: str | None, queue: str, patience: float) -> list[Looked]:
    own = [name for name in HOOKS if getattr(type(office), name) is not getattr(BackOffice, name)]
    words = f"{type(office).__module__}:{type(office).__qualname__}: {', '.join(own) or '–'}"
    hooks = Looked(said("label.hooks"), well=True, words=words)  # `load` has checked them
    return [hooks, *end_well(surroundings(agency, queue, patience))]


def _show(found: Sequence[Looked | Tried], shown: Sequence[Column]) -> None:
    """Prints the outcomes. Ends the command with 1 unless all are well."""
    show_all(found, shown)
    exit_if(not all(one.well for one in found))
