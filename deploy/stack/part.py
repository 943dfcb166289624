"""The supervisor's description of one part of the stack."""

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field


class StackError(Exception):
    """A part could not be started; the message names it and quotes the end of its log."""


async def nothing() -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Part:
    """One process of the stack.

    `prepare` runs before each start; `ready` is called repeatedly after it until it returns True. `settings` names the
    addresses and secrets that the process may see; no other setting of ours reaches its environment. `own` are settings
    that differ for each part. A part that runs `once` is ready when it has ended with success.
    """

    name: str
    command: list[str]
    ready: Callable[[], Awaitable[bool]]
    prepare: Callable[[], Awaitable[None]] = nothing
    settings: frozenset[str] = frozenset()
    own: Mapping[str, str] = field(default_factory=dict)
    after: frozenset[str] = frozenset()
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    once: bool = False
