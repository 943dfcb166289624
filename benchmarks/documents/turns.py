"""The times of two compared programs that take turns, and their relative speed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median


@dataclass
class Side:
    """The times of one compared program: the wall-clock and CPU seconds of each round."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @contextmanager
    def timed(self) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)


@dataclass(frozen=True)
class Speed:
    """The speed of our program relative to the `plain` one: a ratio above 1 means that ours is faster."""

    ours: Side
    plain: Side

    @property
    def by_wall(self) -> float:
        return sum(self.plain.wall) / sum(self.ours.wall)

    @property
    def by_cpu(self) -> float:
        return sum(self.plain.cpu) / sum(self.ours.cpu)

    @property
    def medians(self) -> tuple[float, float]:
        """The median of the speed ratios of the rounds, by wall-clock time and by CPU time."""
        pairs = ((self.plain.wall, self.ours.wall), (self.plain.cpu, self.ours.cpu))
        wall, cpu = (median(a / b for a, b in zip(*pair, strict=True)) for pair in pairs)
        return wall, cpu

    def __str__(self) -> str:
        wall, cpu = self.medians
        clock = f"by the clock {self.by_wall:.2f} (median of rounds {wall:.2f})"
        return f"{clock}, by CPU {self.by_cpu:.2f} (median {cpu:.2f})"


def rounds(all_of_them: int, so_many: int) -> Iterator[tuple[int, int]]:
    """Divides the items among `so_many` rounds; yields each round's first item number, and the one after its last."""
    of = min(all_of_them, so_many)
    return ((all_of_them * n // of, all_of_them * (n + 1) // of) for n in range(of))


def early_and_late(rss: Sequence[int]) -> tuple[int, int]:
    """Returns the bytes in memory after a tenth of the rounds, and after the last."""
    return rss[max(len(rss) // 10 - 1, 0)], rss[-1]


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"motcua-{name}-") as folder:
        yield Path(folder).resolve()
