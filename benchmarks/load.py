"""Plays filings with many clients at once for a given time, and measures the CPU of the processes.

It imports nothing of the project, because `benchmarks/driver.py` also measures other checkouts with this file.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import psutil


class Filed(Protocol):
    """One ended filing, such as a `benchmarks.sides.Filed`."""

    @property
    def workflows(self) -> tuple[str, ...]:
        """The ids of the filing's workflows."""

    @property
    def seconds(self) -> Mapping[str, float]:
        """The duration of each call in seconds, by the name of the call."""


class Filing(Protocol):
    """One side of a comparison: the client that plays filings on one of the compared systems."""

    name: str

    async def file(self) -> Filed:
        """Plays one filing, from the submission to the hand-over of the result."""


@dataclass(frozen=True)
class Round:
    """One measured round. `cpu_ms`: the average CPU of one filing in milliseconds, by process."""

    side: str
    concurrency: int
    filed: tuple[Filed, ...]
    seconds: float
    cpu_ms: Mapping[str, float]

    @property
    def per_second(self) -> float:
        return len(self.filed) / self.seconds

    @property
    def whole_ms(self) -> float:
        return sum(self.cpu_ms.values())

    def times(self, call: str) -> list[float]:
        return [1000 * filed.seconds[call] for filed in self.filed]


async def measure(side: Filing, concurrency: int, seconds: float, processes: Mapping[str, int]) -> Round:
    """Measures a round: `concurrency` clients play one filing after another, and begin no new one after `seconds`."""
    filed: list[Filed] = []
    spent = cpu(processes)
    begun = time.perf_counter()

    async def client() -> None:
        while time.perf_counter() - begun < seconds:
            filed.append(await side.file())

    await asyncio.gather(*(client() for _ in range(concurrency)))
    took = time.perf_counter() - begun
    now = cpu(processes)
    each = {name: 1000 * (now[name] - spent[name]) / len(filed) for name in processes}
    return Round(side.name, concurrency, tuple(filed), took, each)


def cpu(processes: Mapping[str, int]) -> dict[str, float]:
    """Returns the CPU seconds of each process and its children. Of this process, the children are not counted."""
    own = os.getpid()
    return {
        name: sum(psutil.Process(pid).cpu_times()[:2]) if pid == own else _with_children(psutil.Process(pid))
        for name, pid in processes.items()
    }


def _with_children(process: psutil.Process) -> float:
    """Returns the CPU seconds of a process and its children, also of ended children."""
    family = [process, *process.children(recursive=True)]
    return sum(sum(_times(member)) for member in family)


def _times(process: psutil.Process) -> tuple[float, ...]:
    try:
        return tuple(process.cpu_times()[:4])
    except psutil.NoSuchProcess:
        return ()
