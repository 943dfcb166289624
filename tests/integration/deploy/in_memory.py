"""Sandboxes in this process, asked over ASGI, by a clock that tests move on."""

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
    """The time of all sandboxes in memory: the real one, and ahead of it by what a test has let pass."""

    def __init__(self) -> None:
        self._ahead = 0

    def time_ns(self) -> int:
        return time.time_ns() + self._ahead

    def passes(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self._ahead += round(seconds * 1_000_000_000)

    def until(self, condition: Callable[[], object], step: float) -> None:
        """Let time pass step by step until something is so."""
        for _ in range(100):
            if condition():
                return
            self.passes(step)
        pytest.fail("it never came true")

    async def eventually(self, condition: Callable[[], object]) -> None:
        """Wait until something is so that a sandbox does by itself, some time later by this clock."""
        deadline = time.monotonic() + 15
        while not condition():
            assert time.monotonic() < deadline, "it never came true"
            self.passes(0.1)
            await asyncio.sleep(TICK_S)


@contextmanager
def clock_of_sandboxes() -> Iterator[Clock]:
    """The clock of those that are begun meanwhile, which look often for what has become due by it."""
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "time", clock)
        for module in (store, callbacks):
            patch.setattr(module, "TICK_S", TICK_S)
        yield clock


class InMemory(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A sandbox in a thread of this process, which is the way to it as well."""

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
        return await asyncio.shield(answer)  # a server goes on though nobody waits any more

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._asgi.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


@contextmanager
def in_memory(data: Path, app: Callable[[], Starlette]) -> Iterator[InMemory]:
    """A sandbox, with all that it does by itself."""
    with start_blocking_portal() as portal:
        made = portal.call(app)
        with portal.wrap_async_context_manager(made.router.lifespan_context(made)):
            yield InMemory(data, portal, made)


Sandbox: TypeAlias = Server | InMemory


def way_to(sandbox: Sandbox) -> httpx.AsyncBaseTransport | None:
    """How a client gets there: over HTTP unless said."""
    return sandbox if isinstance(sandbox, InMemory) else None
