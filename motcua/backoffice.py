"""An agency's back office: its own process, which checks dossiers and makes results."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from traceback import format_tb
from typing import Annotated, Any, Final, TypeVar

from pydantic import Field, InstanceOf
from pydantic_core import to_json
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.worker import Worker

from . import contract as c
from .calls.arguments import Call
from .calls.retry import DEFAULT_PATIENCE, patiently
from .client import FilingClient
from .configured_speaker import PRINCIPAL, speaker_here
from .connection import configured_address, connect, speaking_ours
from .errors import MotcuaError, NotFound, UnfitError, refused_for
from .files.store import Store
from .health import READY_FILE, keep_health
from .machine_work import place
from .office.answers import Document as Document
from .office.answers import check_answer, issue_answer, part_answer
from .office.hooks import Hooks
from .signing import A, Speaker
from .stopping import GRACE, on_stop_signals
from .tracing.setting import called

BEAT: Final = 2
"""The seconds between two heartbeats while a hook works. If none comes, the platform repeats the request in 10 s."""
SIGN_OF_LIFE: Final = timedelta(seconds=5)
"""The interval of the worker's heartbeats to Temporal. `motcua doctor` reports a process that sends none for 20 s."""
HOOKS: Final = ("check", "issue", "answer")
"""The methods of a `BackOffice` that an agency may override."""

T = TypeVar("T")

_log = logging.getLogger("motcua.backoffice")


class BackOffice:
    """The work of an agency's own process for a filing. Override the methods for the work that the agency does itself.

    A request is delivered at least once, for example again after a crash: the same request needs the same answer. A
    hook that raises is retried until it succeeds, so it is always enough to repair the agency's system. A
    plain `def` hook runs in a thread of its own. An `async` hook that blocks (`requests`, `time.sleep`) delays other
    hooks. One warning is logged for each plain hook, and for each `async` hook that blocks.

    Example:
        >>> from motcua import BackOffice, Dossier
        >>> class LandOffice(BackOffice):
        ...     async def check(self, dossier: Dossier) -> bool:
        ...         return "birth_notice" in {paper.code for paper in dossier.papers}
    """

    async def check(self, dossier: c.Dossier) -> bool:  # noqa: ARG002 -- for those who override it
        """Returns True if the dossier is complete, so that the standing order may approve it. By default True."""
        return True

    async def issue(self, request: c.IssueRequest) -> bytes | Document:
        """Returns the result, or the notice of refusal: a `Document`, or the bytes of a PDF.

        By default a text file with one sentence that states the decision. From a text file the platform makes a page
        with the agency's name and the filing's number and data above the text, for officers to sign.
        """
        key = "notice.approved" if request.outcome is c.Outcome.APPROVED else "notice.refused"
        return Document(c.said(key).vi.encode(), "text/plain; charset=utf-8")

    async def answer(self, request: c.AnswerRequest) -> c.PartDecision | None:  # noqa: ARG002 -- as above
        """Returns the decision on a part of a filing that another agency has referred to this one (liên thông).

        If the hook returns None, or is not overridden, an officer decides.
        """
        return None


class _Work:
    """The activities of the back-office contract. The `speaker` signs the answers of these activities."""

    def __init__(self, office: BackOffice, store: Store, hooks: Hooks, speaker: Speaker | None = None) -> None:
        self._office = office
        self._store = store
        self._hooks = hooks
        self._speaker = speaker

    @activity.defn(name=c.CHECK)
    async def check(self, given: dict[str, Any]) -> c.CheckAnswer:
        request = c.CheckRequest.model_validate_json(to_json(given))
        with _failures("check", request.dossier):
            answer = check_answer(await self._run(self._office.check, request.dossier))
            return await self._signed(c.CHECK, given, answer)

    @activity.defn(name=c.ISSUE)
    async def issue(self, given: dict[str, Any]) -> c.IssueAnswer:
        request = c.IssueRequest.model_validate_json(to_json(given))
        filing = request.dossier.filing_id
        with _failures("issue", request.dossier):
            made = await self._run(self._office.issue, request)
            document, answer = await asyncio.to_thread(issue_answer, filing, made)
            await self._store.put(filing, document.data, document.media_type)
            return await self._signed(c.ISSUE, given, answer)

    @activity.defn(name=c.ANSWER)
    async def answer(self, given: dict[str, Any]) -> c.AnswerAnswer:
        request = c.AnswerRequest.model_validate_json(to_json(given))
        with _failures("answer", request.dossier):
            answer = part_answer(await self._run(self._office.answer, request))
            return await self._signed(c.ANSWER, given, answer)

    async def _signed(self, act: str, given: dict[str, Any], answer: A) -> A:
        """Returns the answer with a signature over the answer and its request; unchanged if there is no speaker."""
        speaker = self._speaker
        if speaker is None:
            return answer
        stream = str(activity.info().workflow_id)
        if speaker.waits:
            return await asyncio.to_thread(speaker.answer, stream, act, given, answer)
        return speaker.answer(stream, act, given, answer)

    async def _run(self, hook: Callable[[T], Any], argument: T) -> Any:
        """Returns the hook's result. Sends heartbeats to Temporal while the hook works."""

        async def beat() -> None:
            while True:
                await asyncio.sleep(BEAT)
                activity.heartbeat()
                self._hooks.look()

        beats = asyncio.create_task(beat())
        try:
            return await self._hooks.run(hook, argument)
        finally:
            beats.cancel()


@contextmanager
def _failures(hook: str, dossier: c.Dossier) -> Iterator[None]:
    """Logs a failure of the block in one line, with its type and line of code, and raises a `_HookError` instead.

    The failure's own message is left out, since it may contain personal data.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 -- the agency's own hook may raise anything
        name, where = error_name(error), place("".join(format_tb(error.__traceback__)))
        about = {"hook": hook, "filing": str(dossier.filing_id), "attempt": activity.info().attempt}
        ours = {"reason": str(error)} if isinstance(error, UnfitError) else {}
        _log.warning("backoffice.failed", extra=about | {"error": name, "place": where} | ours)
        own = error if isinstance(error, ApplicationError) else ApplicationError("")
        text = ours.get("reason", f"{hook} failed")
        failure = _HookError(text, type=name, non_retryable=own.non_retryable, next_retry_delay=own.next_retry_delay)
        raise failure.with_traceback(error.__traceback__) from None


class _HookError(ApplicationError):
    """The failure of a hook, for which one line has been logged."""


def _is_no_hooks(record: logging.LogRecord) -> bool:
    """Returns False for the SDK's own log record of a hook's failure: it repeats the traceback at every attempt."""
    return not (record.exc_info and isinstance(record.exc_info[1], _HookError))


def error_name(error: Exception) -> str:
    """Returns the type of a hook's failure: `bad_answer.<field>` for an answer that does not fit."""
    if isinstance(error, UnfitError):
        return f"bad_answer.{error.problems[0].field}"
    return (error.type if isinstance(error, ApplicationError) else None) or type(error).__name__


def queue_of(agency: str | None) -> str:
    """Returns the task queue of an agency's own back office; without an agency, of the default back office."""
    return c.DEFAULT_BACK_OFFICE_QUEUE if agency is None else f"agency.{agency}"


class Serve(Call):
    """Checks the arguments of `run`: the constructor raises `UnfitError` for an argument of a wrong type."""

    office: InstanceOf[BackOffice] | None = None
    agency: c.AgencyCode | None = None
    queue: Annotated[str, Field(strict=True, min_length=1)] | None = None


@asynccontextmanager
async def worker(
    office: BackOffice, client: Client, store: Store, queue: str, speaker: Speaker | None = None
) -> AsyncIterator[Worker]:
    """Runs the Temporal worker of a back office inside the block. Without a `speaker` nothing is signed."""
    activity.logger.base_logger.addFilter(_is_no_hooks)
    with Hooks() as hooks:
        work = _Work(office, store, hooks, speaker)
        async with Worker(
            speaking_ours(client),
            task_queue=queue,
            activities=[work.check, work.issue, work.answer],
            build_id="backoffice",  # without one the SDK reads the bytecode of all modules, which takes a second
            graceful_shutdown_timeout=GRACE,
        ) as serving:
            yield serving


async def run(
    office: BackOffice | None = None,
    agency: str | None = None,
    *,
    queue: str | None = None,
    patience: float = DEFAULT_PATIENCE,
) -> None:
    """Serve an agency until SIGTERM or SIGINT, then finish the running work: the process ends within ten seconds.

    Once the office serves, it creates the file named in `MOTCUA_READY_FILE`, if that is set. The principal that the
    environment names signs the answers. If none is named, a warning is logged, unless `MOTCUA_IDENTITY` is `off`.

    Args:
        office: The agency's hooks; by default the hooks of `BackOffice` itself.
        agency: The agency's code; None: the process serves all agencies that run no back office of their own.
        queue: The task queue to serve; by default the agency's queue.
        patience: Seconds to wait for Temporal at the start.

    Raises:
        MotcuaError: The object store, or the principal and key that the environment names, can't be used.
        NotFound: The directory has no such agency.
        Unavailable: Temporal can't be reached.
        UnfitError: An argument is of another type, or out of range, such as a class in place of an office.
    """
    Serve(office=office, agency=agency, queue=queue, patience=patience)
    called("motcua-back-office")
    with contextlib.suppress(RuntimeError):  # the SDK's default runtime was already set up
        Runtime.set_default(Runtime(telemetry=TelemetryConfig(), worker_heartbeat_interval=SIGN_OF_LIFE))
    store = Store.from_environment()
    await store.expect_kept()
    speaker = await asyncio.to_thread(speaker_here)
    if speaker is None and os.environ.get("MOTCUA_IDENTITY") != "off":
        _log.warning("backoffice.answers_unsigned", extra={"reason": PRINCIPAL})
    server = configured_address()
    client = await patiently(lambda _: connect(lazy=False), patience, server=server, first=patience)
    queue = queue or queue_of(agency)
    if agency is not None:
        await _look_up(client, speaker, agency, queue)
    stop = asyncio.Event()
    on_stop_signals(stop)
    async with worker(office or BackOffice(), client, store, queue, speaker):
        health = asyncio.create_task(keep_health(os.environ.get(READY_FILE)))
        _log.info("backoffice.ready", extra={"queue": queue})
        await stop.wait()
        _log.info("backoffice.stopping", extra={"queue": queue})
        health.cancel()


async def _look_up(client: Client, speaker: Speaker | None, agency: str, queue: str) -> None:
    """Raises `NotFound` for an agency that is not in the directory. Logs a warning if its work goes to another queue.

    Waits at most five seconds for the directory's answer. Without an answer, the office starts without this check.
    """
    try:
        entry = await FilingClient(client, speaker=speaker, patience=5.0).agency(agency)
    except NotFound:
        why = c.problem("agency", "no_such_agency", says="no_work_of_agency", agency=agency)
        raise refused_for(c.RefusalCode.NOT_FOUND, why) from None
    except MotcuaError as error:
        _log.warning("backoffice.directory_not_asked", extra={"agency": agency, "reason": type(error).__name__})
        return
    if entry.queue != queue:
        _log.warning("backoffice.no_work_comes", extra={"agency": agency, "queue": queue, "reason": entry.queue})
