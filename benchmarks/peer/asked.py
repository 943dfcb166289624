"""Plays a side of a comparison in a process of its own: JSON lines on stdin request rounds, lines on stdout answer.

It imports nothing of the project, because `benchmarks/driver.py` also loads this file with other checkouts.
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
        """The ids of the filing's workflows."""

    @property
    def seconds(self) -> Mapping[str, float]:
        """The duration of each call in seconds, by the name of the call."""


class Round(Protocol):
    """The round that an answer reports, such as a `benchmarks.load.Round`."""

    @property
    def filed(self) -> Iterable[Filed]:
        """The filings that ended in the round."""

    @property
    def seconds(self) -> float:
        """The duration of the round, in seconds."""

    @property
    def cpu_ms(self) -> Mapping[str, float]:
        """The average CPU of one filing in milliseconds, by process."""


class Answers:
    """Writes the answers to stdout. It must be created before the program prints anything else."""

    def __init__(self) -> None:
        # All other output goes to stderr, so that it is not taken for an answer.
        self._spoken = os.fdopen(os.dup(sys.stdout.fileno()), "w")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    async def serve(self, begun: Mapping[str, Any], play: Callable[..., Awaitable[Round]]) -> None:
        """Sends `begun` as the first answer, then plays each requested round and sends its result, until stdin ends.

        All fields of a request (see `benchmarks.asking.SideProcess.round`) are arguments of `play`.
        """
        self._say(begun)
        while line := await asyncio.to_thread(sys.stdin.readline):
            played = await play(**json.loads(line))
            filed = [{"workflows": each.workflows, "seconds": dict(each.seconds)} for each in played.filed]
            self._say({"filed": filed, "seconds": played.seconds, "cpu_ms": dict(played.cpu_ms)})

    def _say(self, what: Mapping[str, Any]) -> None:
        print(json.dumps(what), file=self._spoken, flush=True)
