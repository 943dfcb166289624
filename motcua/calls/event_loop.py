"""The event loop for programs without asyncio, and the methods that wait for work on this loop."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from functools import wraps
from typing import Any, Concatenate, Final, Generic, ParamSpec, TypeVar

from motcua.errors import MotcuaError

P = ParamSpec("P")
T = TypeVar("T")
C_co = TypeVar("C_co", covariant=True)

REST: Final = 0.1
"""Seconds that the SDK's threads need to finish."""


class Loop:
    """An event loop in a thread of its own. Any other thread may wait for work on this loop."""

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
    """Cancel the calls of other threads, and wait until these calls have ended."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(REST)


class Blocking(Generic[C_co]):
    """The common part of both blocking clients: the asynchronous client, and the loop on which it runs."""

    def __init__(self, client: C_co, loop: Loop) -> None:
        self._client = client
        self._loop = loop


def waits(
    method: Callable[Concatenate[C_co, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Blocking[C_co], P], T]:
    """Returns the blocking form of an asynchronous method."""

    @wraps(method)
    def call(self: Blocking[C_co], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._loop.wait(method(self._client, *args, **kwargs))

    return call
