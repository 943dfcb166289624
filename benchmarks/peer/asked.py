"""A side in a process of its own: a line of JSON on stdin requests a round, a line on stdout answers.

It imports nothing of the project: `benchmarks/driver.py` also uses this very file for other checkouts.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol


class Filed(Protocol):
    """One filing that has ended."""

    @property
    def workflows(self) -> tuple[str, ...]:
        """The ids of its workflows."""

    @property
    def seconds(self) -> Mapping[str, float]:
        """Seconds of the calls, by name."""


class Round(Protocol):
    """The round in an answer (`benchmarks.load.Round`)."""

    @property
    def filed(self) -> Iterable[Filed]:
        """The filings."""

    @property
    def seconds(self) -> float:
        """The duration of the round."""

    @property
    def cpu_ms(self) -> Mapping[str, float]:
        """The CPU of one filing, by process."""


class Answers:
    """Writes the answers to stdout. To be made before anything else is printed."""

    def __init__(self) -> None:
        # All other output goes to stderr, so that it is not taken for an answer.
        self._spoken = os.fdopen(os.dup(sys.stdout.fileno()), "w")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    async def serve(self, begun: Mapping[str, Any], play: Callable[..., Awaitable[Round]]) -> None:
        """Answer `begun`, then `play(concurrency, seconds)` for each request, until stdin ends.

        Further fields of a request (`benchmarks.asking.Asked.round`) are passed to `play` too.
        """
        self._say(begun)
        while line := await asyncio.to_thread(sys.stdin.readline):
            played = await play(**json.loads(line))
            filed = [{"workflows": each.workflows, "seconds": dict(each.seconds)} for each in played.filed]
            self._say({"filed": filed, "seconds": played.seconds, "cpu_ms": dict(played.cpu_ms)})

    def _say(self, what: Mapping[str, Any]) -> None:
        print(json.dumps(what), file=self._spoken, flush=True)
