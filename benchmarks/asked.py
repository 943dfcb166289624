"""The side that is played in a process of its own: a line of JSON on stdin asks for a round, one on stdout answers.

Nothing of the project is imported here: `benchmarks/driver.py` does the same for other checkouts with this very file.
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
        """Their ids."""

    @property
    def seconds(self) -> Mapping[str, float]:
        """Seconds that calls took, by their name."""


class Round(Protocol):
    """What is answered (`benchmarks.load.Round`)."""

    @property
    def filed(self) -> Iterable[Filed]:
        """The filings."""

    @property
    def seconds(self) -> float:
        """How long it took."""

    @property
    def cpu_ms(self) -> Mapping[str, float]:
        """That of one filing, by process."""


class Answers:
    """Says lines to whoever asked. To be made before anything else is printed."""

    def __init__(self) -> None:
        # Whatever else is printed must not be taken for an answer.
        self._spoken = os.fdopen(os.dup(sys.stdout.fileno()), "w")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    async def serve(self, begun: Mapping[str, Any], play: Callable[..., Awaitable[Round]]) -> None:
        """Say what was set up, then `play(concurrency, seconds)` as often as it is asked for, until stdin ends.

        What else a round is asked for with (`benchmarks.asking.Asked.round`) is passed to `play` too.
        """
        self._say(begun)
        while line := await asyncio.to_thread(sys.stdin.readline):
            asked = json.loads(line)
            played = await play(**asked)
            filed = [{"workflows": each.workflows, "seconds": dict(each.seconds)} for each in played.filed]
            self._say({"filed": filed, "seconds": played.seconds, "cpu_ms": dict(played.cpu_ms)})

    def _say(self, what: Mapping[str, Any]) -> None:
        print(json.dumps(what), file=self._spoken, flush=True)
