"""Runs an agency's hooks, never on the loop that talks to Temporal: so a blocking hook blocks nothing else.

`async` hooks share a loop in a thread of their own; any other hook gets a thread for each request. A process that
stops does not wait for threads that do not end.
"""

import asyncio
import inspect
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from typing import Any, Final, Self, TypeVar

A = TypeVar("A")
T = TypeVar("T")

BLOCKS: Final = 1.0
"""Seconds for which an `async` hook may block its loop before a warning is logged."""
_LEAVING: Final = 0.5
"""Seconds to wait for the hooks' loop at the end."""

_log = logging.getLogger("motcua.backoffice")


class Hooks:
    """Runs hooks inside its `with` block. `async` hooks share a loop of the caller's loop type, in another thread."""

    def __init__(self) -> None:
        self._loop = type(asyncio.get_running_loop())()
        self._thread = threading.Thread(target=self._serve, name="motcua.hooks", daemon=True)
        self._asked_at: float | None = None
        self._warned: set[str] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_LEAVING)

    def _serve(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    async def run(self, hook: Callable[[A], Any], argument: A) -> Any:
        """Returns the hook's result, or raises its error."""
        name = getattr(hook, "__name__", type(hook).__name__)
        if inspect.iscoroutinefunction(hook):
            return await self._on_loop(name, hook(argument))
        self._warn(name)
        made = await _in_thread(partial(hook, argument))
        return await self._on_loop(name, made) if inspect.isawaitable(made) else made

    def look(self) -> None:
        """Logs a warning if a hook blocks the shared loop. Must be called periodically."""
        now = time.monotonic()
        if self._asked_at is None:
            self._asked_at = now
            self._loop.call_soon_threadsafe(self._turned)
        elif now - self._asked_at > BLOCKS and (running := asyncio.current_task(self._loop)) is not None:
            self._warn(running.get_name())

    def _turned(self) -> None:
        self._asked_at = None

    def _warn(self, name: str) -> None:
        if name not in self._warned:
            self._warned.add(name)
            _log.warning("backoffice.hook_blocks", extra={"hook": name})

    async def _on_loop(self, name: str, made: Awaitable[T]) -> T:
        async def named() -> T:
            task = asyncio.current_task()
            if task is not None:
                task.set_name(name)
            return await made

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(named(), self._loop))


def _in_thread(work: Callable[[], T]) -> asyncio.Future[T]:
    """Runs `work` in a thread that does not delay the end of the process; returns a future of its result."""
    done: Future[T] = Future()
    context = copy_context()

    def run() -> None:
        if not done.set_running_or_notify_cancel():
            return
        try:
            found = context.run(work)
        except BaseException as error:  # noqa: BLE001 -- handed on to the waiting caller
            done.set_exception(error)
        else:
            done.set_result(found)

    threading.Thread(target=run, name="motcua.hook", daemon=True).start()
    return asyncio.wrap_future(done)
