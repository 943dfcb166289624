"""Sandboxes in this process, called over ASGI, with a clock that tests advance."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.applications import Starlette

from sandbox import store
from sandbox.bank import callbacks
from tests.sandboxes import Server

TICK_S = 0.01


class Clock:
    """The time of all in-memory sandboxes: the real time plus the time that a test has let pass."""

    def __init__(self) -> None:
        self._ahead = 0

    def time_ns(self) -> int:
        return time.time_ns() + self._ahead

    def passes(self, seconds: float) -> None:
        """Advance the clock by so many seconds."""
        self._ahead += round(seconds * 1_000_000_000)

    def until(self, condition: Callable[[], object], step: float) -> None:
        """Advance the clock step by step until the condition holds."""
        for _ in range(100):
            if condition():
                return
            self.passes(step)
        pytest.fail("it never came true")

    async def eventually(self, condition: Callable[[], object]) -> None:
        """Wait, while the clock advances, for a condition that a sandbox fulfils by itself."""
        deadline = time.monotonic() + 15
        while not condition():
            assert time.monotonic() < deadline, "it never came true"
            self.passes(0.1)
            await asyncio.sleep(TICK_S)


@contextmanager
def clock_of_sandboxes() -> Iterator[Clock]:
    """Yields the clock of the sandboxes started inside the block, which check often for due events."""
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "time", clock)
        for module in (store, callbacks):
            patch.setattr(module, "TICK_S", TICK_S)
        yield clock


class InMemory(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A sandbox in a thread of this process; it is the HTTP transport to itself as well."""

    def __init__(self, data: Path, portal: BlockingPortal, app: Starlette) -> None:
        self.data = data
        self.url = "http://sandbox.test"
        self.client = httpx.Client(base_url=self.url, transport=self)
        self._portal = portal
        self._asgi = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._portal.call(self._answer, request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = asyncio.wrap_future(self._portal.start_task_soon(self._answer, request))
        return await asyncio.shield(answer)  # a server goes on even if the client has gone

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._asgi.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


@contextmanager
def in_memory(data: Path, app: Callable[[], Starlette]) -> Iterator[InMemory]:
    """Runs a sandbox with its background jobs."""
    with start_blocking_portal() as portal:
        made = portal.call(app)
        with portal.wrap_async_context_manager(made.router.lifespan_context(made)):
            yield InMemory(data, portal, made)


Sandbox: TypeAlias = Server | InMemory


def way_to(sandbox: Sandbox) -> httpx.AsyncBaseTransport | None:
    """Returns the transport to a sandbox; None is HTTP."""
    return sandbox if isinstance(sandbox, InMemory) else None
