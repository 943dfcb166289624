"""The client for programs without asyncio: the same calls, which block until the answer is there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import CancelledError
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar
from uuid import UUID

from . import contract as c
from .calls.acting import ActingClient
from .calls.questions import Questions
from .calls.retry import DEFAULT_PATIENCE
from .client import REST, FilingClient
from .errors import MotcuaError
from .signing.statement import Authenticated

P = ParamSpec("P")
T = TypeVar("T")
C_co = TypeVar("C_co", covariant=True)


class _Loop:
    """An event loop in a thread of its own: any thread may wait for its work."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="motcua", daemon=True)
        self._thread.start()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Returns the result of `work`. A Ctrl-C cancels the work too."""
        if self._loop.is_closed():
            work.close()
            raise MotcuaError("this client is closed; make another")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except CancelledError:
            raise MotcuaError("this client was closed while it waited") from None
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        if not self._loop.is_closed():
            self.wait(_end_all())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


async def _end_all() -> None:
    """Cancel the calls of other threads, and wait until they have ended."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(REST)


class _Blocking(Generic[C_co]):
    """The common part of both blocking clients: the asynchronous client, and the loop on which it runs."""

    def __init__(self, client: C_co, loop: _Loop) -> None:
        self._client = client
        self._loop = loop


def _waits(
    method: Callable[Concatenate[C_co, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[_Blocking[C_co], P], T]:
    """Returns the blocking form of an asynchronous method."""

    @wraps(method)
    def call(self: _Blocking[C_co], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._loop.wait(method(self._client, *args, **kwargs))

    return call


class _BlockingQuestions(_Blocking[C_co]):
    """`Questions` in blocking form."""

    view = _waits(Questions.view)
    receipt = _waits(Questions.receipt)
    clocks = _waits(Questions.clocks)
    result = _waits(Questions.result)
    delivery = _waits(Questions.delivery)
    linked_result = _waits(Questions.linked_result)
    parked = _waits(Questions.parked)
    payment = _waits(Questions.payment)
    parcel = _waits(Questions.parcel)
    referral = _waits(Questions.referral)
    complaints = _waits(Questions.complaints)
    papers = _waits(Questions.papers)
    timeline = _waits(Questions.timeline)
    access = _waits(Questions.access)
    changes = _waits(Questions.changes)
    filings = _waits(Questions.filings)
    filings_of = _waits(Questions.filings_of)
    tasks = _waits(Questions.tasks)
    counts = _waits(Questions.counts)
    agency = _waits(Questions.agency)
    absences = _waits(Questions.absences)
    machine_work = _waits(Questions.machine_work)

    def follow(self: _Blocking[Questions], filing_id: UUID | str) -> Iterator[c.FilingView]:
        """As `FilingClient.follow`: yields the filing's state after every event, from the first to the last."""
        views = self._client.follow(filing_id)
        while (view := self._loop.wait(_next(views))) is not None:
            yield view


class BlockingActingClient(_BlockingQuestions[ActingClient]):
    """`ActingClient` in blocking form."""

    submit = _waits(ActingClient.submit)
    act = _waits(ActingClient.act)
    renew_payment = _waits(ActingClient.renew_payment)
    complain = _waits(ActingClient.complain)
    actions = _waits(ActingClient.actions)
    pass_over = _waits(ActingClient.pass_over)


class BlockingFilingClient(_BlockingQuestions[FilingClient]):
    """`FilingClient` for programs without asyncio: the same methods, which block until the answer is there.

    Threads may share one client. It raises the same errors as `FilingClient`.

    Example:
        >>> with BlockingFilingClient.connect() as client:
        ...     receipt = client.submit(submission)
    """

    @classmethod
    def connect(
        cls, address: str | None = None, *, namespace: str | None = None, patience: float = DEFAULT_PATIENCE
    ) -> Self:
        """As `FilingClient.connect`. Close it, or use it in a `with`."""
        loop = _Loop()
        try:
            return cls(loop.wait(FilingClient.connect(address, namespace=namespace, patience=patience)), loop)
        except BaseException:
            loop.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Cancel the calls that still wait, and end the thread."""
        self._loop.close()

    submit = _waits(FilingClient.submit)
    act = _waits(FilingClient.act)
    complain = _waits(FilingClient.complain)
    actions = _waits(FilingClient.actions)

    def as_(self, actor: c.Actor, via: c.Via, *, authenticated: Authenticated | None = None) -> BlockingActingClient:
        """As `FilingClient.as_`."""
        return BlockingActingClient(self._client.as_(actor, via, authenticated=authenticated), self._loop)


async def _next(views: AsyncIterator[c.FilingView]) -> c.FilingView | None:
    return await anext(views, None)
