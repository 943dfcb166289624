"""Retries transient failures with the same ids, for up to `patience` seconds."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure
from temporalio.client import Client, RPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from motcua.errors import MotcuaError, NotAuthorised, TooMany, Unavailable

T = TypeVar("T")
Attempt = Callable[[timedelta], Awaitable[T]]

DEFAULT_PATIENCE: Final = 60.0
"""The default of `patience`, in seconds."""

LONGEST_ATTEMPT: Final = 10.0

FIRST_CONNECT: Final = 3.0
"""The seconds to wait for the first connection to a server: few, since a server's untried address may be wrong."""

_PASSING: Final = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.FAILED_PRECONDITION,  # nobody polls, or a workflow task failed
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.CANCELLED,  # how a time limit of the SDK itself looks
        RPCStatusCode.ABORTED,
        RPCStatusCode.INTERNAL,
        RPCStatusCode.UNKNOWN,  # a connection cut in the middle
    }
)

_AGAIN_IN: Final = 1.0
"""The seconds until a refused message is sent again, if the refusal does not state a time."""

_PASSING_RULES: Final = frozenset({"statement_expired", "principals_not_at_hand", "clock_is_off"})


@dataclass
class Crowd:
    """One client's calls that wait because the client has sent too many. Their retries are spread over time."""

    waiting: int = 0

    async def wait(self, error: TooMany, left: float) -> None:
        """Waits before a message is sent again. The more calls wait, the longer is the wait.

        Raises `error` at once if the required wait is not less than `left`, the remaining seconds of the call.
        """
        again_in = error.refusal.again_in or _AGAIN_IN
        pause = again_in * random.uniform(1, 1 + self.waiting)  # noqa: S311 -- spreads the calls, hides nothing
        if again_in >= left:
            raise error
        self.waiting += 1
        try:
            await asyncio.sleep(min(pause, left - again_in))
        finally:
            self.waiting -= 1


class TryAgainError(Exception):
    """The call must be retried: it has no answer yet, for example because the filing is moving to a new run."""


class SignAnewError(TryAgainError):
    """The identity statement was refused, but the message may be accepted in another Update with a new statement."""


def or_sign_anew(error: MotcuaError) -> Exception:
    """Returns a `SignAnewError` if the message may be accepted once it is signed again, else `error` itself."""
    anew = isinstance(error, NotAuthorised) and error.refusal.problems[0].rule in _PASSING_RULES
    return SignAnewError(str(error)) if anew else error


def server_of(client: Client) -> str:
    """Returns the `host:port` that the client connects to."""
    return client.service_client.config.target_host


async def patiently(
    attempt: Attempt[T],
    patience: float,
    longest: float = LONGEST_ATTEMPT,
    *,
    crowd: Crowd | None = None,
    server: str = "",
    first: float = FIRST_CONNECT,
) -> T:
    """Returns the result of `attempt`, which is retried while its failures are transient.

    Args:
        attempt: Called with its time limit. Must be safe to repeat.
        patience: The time for all attempts, in seconds.
        longest: The maximum time for one attempt, in seconds.
        crowd: The client's waiting calls, which this call joins after `TooMany`; None: `TooMany` is raised at once.
        server: The address of the server, for the error.
        first: The time for the first connection to the server, in seconds.

    Raises:
        TooMany: The program has sent more than it may, and `patience` ends before it may send again.
        Unavailable: There was no answer within `patience`, or no connection within `first`.
        MotcuaError: Temporal refused the call; the message is the reason.
    """
    began = time.monotonic()
    pause = 0.1
    while True:
        try:
            return await _once(attempt, max(began + patience - time.monotonic(), 0.1), longest)
        except TooMany as error:
            if crowd is None:
                raise
            await crowd.wait(error, began + patience - time.monotonic())
            continue
        except (RPCError, RPCTimeoutOrCancelledError, TryAgainError, RuntimeError, TimeoutError) as error:
            if isinstance(error, RPCError) and error.status not in _PASSING:
                raise MotcuaError(f"Temporal refused the call: {error.message} [{error.status.name}]") from error
            if isinstance(error, RuntimeError) and "Failed client connect" not in str(error):
                raise  # that of a lazy client has no more specific type
            within = min(first, patience) if isinstance(error, RuntimeError) else patience
            if time.monotonic() + pause >= began + within:
                why = _words(error, server)
                raise Unavailable(f"no answer within {within:g} s ({why}); repeating is safe") from error
        await asyncio.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 -- spreads the callers, hides nothing
        pause = min(pause * 2, 3.0)


def is_not_found(error: RPCError) -> bool:
    """Returns True if the workflow is closed, closing or does not exist. False for a missing namespace."""
    if error.status is not RPCStatusCode.NOT_FOUND:
        return False
    return not any(detail.Is(NamespaceNotFoundFailure.DESCRIPTOR) for detail in error.grpc_status.details)


class MayBeGone(suppress):
    """Suppresses the error of a call about a workflow that is closed, closing or does not exist."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        return isinstance(error, RPCError) and is_not_found(error)


async def _once(attempt: Attempt[T], left: float, longest: float) -> T:
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        async with asyncio.timeout(left):
            return await attempt(timedelta(seconds=min(left, longest)))
    except Exception:
        # The SDK turns a cancellation of this task into errors of its own: raise the cancellation itself.
        if task and task.cancelling() > before:
            raise asyncio.CancelledError from None
        raise


def _words(error: Exception, server: str) -> str:
    if isinstance(error, RPCError):
        return f"{server} {error.status.name}: {error.message}".lstrip()
    if isinstance(error, RuntimeError):
        return f"Temporal can't be reached at {server}".removesuffix(" at ")
    if isinstance(error, TryAgainError) and str(error):
        return str(error)
    return "no worker answered" if isinstance(error, RPCTimeoutOrCancelledError) else type(error).__name__
