"""What the supervisor knows about one part of the stack."""

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

    `prepare` runs before each start; `ready` is asked again and again after it until it says yes. `settings` names the
    addresses and secrets the process may see; no other of ours reaches its environment. `own` are settings that each
    part has differently. A part that runs `once` is ready when it has ended well.
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
