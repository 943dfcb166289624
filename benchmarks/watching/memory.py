"""`memory`: measures a worker with more open filings than its cache holds: its memory, and the cost of a decision."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final, TypeVar
from uuid import UUID

import psutil
from pydantic_core import to_json

from benchmarks.about import machine, versions
from benchmarks.history import history
from benchmarks.load import cpu
from benchmarks.sides import Product, Timed
from benchmarks.stage import Scene, scene
from schemas.ids import filing_workflow
from workers.settings import WorkerSettings

T = TypeVar("T")
FEWER: Final = 100
"""The cost of a decision is measured with all open filings, and with this many times fewer."""
LOOKS: Final = 20
"""The number of measurements of the memory during the submissions."""
WARM: Final = 0.2
"""The share of the submissions after which the memory should no longer grow."""
TURNS: Final = 3
AT_ONCE: Final = 10


@dataclass(frozen=True)
class Decisions:
    """The milliseconds of one decision: median time of the call, and the CPU of each process until the hand-over."""

    decided: int
    p50_ms: float
    cpu_ms: Mapping[str, float]

    @property
    def whole_ms(self) -> float:
        return sum(self.cpu_ms.values())


@dataclass(frozen=True)
class Measured:
    """The measurement. `resident`: the worker's bytes in memory, by the number of submissions so far.

    `forgotten`: decisions on filings evicted from the worker's cache; `events`: the average length of their histories.
    """

    cached: int
    resident: Mapping[int, int]
    few: Decisions
    many: Decisions
    forgotten: Decisions
    events: float
    machine: Mapping[str, str]
    versions: Mapping[str, str]

    @property
    def growth(self) -> float:
        """The relative growth of the memory: from its size after the first submissions (`WARM`) to its later peak."""
        last = max(self.resident)
        warm = min(after for after in self.resident if after >= WARM * last)
        return max(held for after, held in self.resident.items() if after >= warm) / self.resident[warm] - 1

    @property
    def replay_ms(self) -> float:
        return (self.forgotten.whole_ms - self.many.whole_ms) / self.events

    def __str__(self) -> str:
        last, events = max(self.resident), self.events
        every = f"every {last // LOOKS:,}"
        sizes = ", ".join(f"{held / 2**20:.0f}" for held in self.resident.values())
        lines = (
            f"{last:,} filings, {self.cached:,} of them in memory; MB of the worker, {every}: {sizes}",
            f"it grew by {self.growth:.1%} after the first {WARM:.0%}",
            _line(f"a decision with {last // FEWER} open", self.few),
            _line(f"with {last:,} open", self.many) + f", {self.many.whole_ms / self.few.whole_ms:.2f} of that",
            _line("of one not in memory", self.forgotten)
            + f": {self.replay_ms:.2f} ms for each of {events:.0f} events",
        )
        return "\n".join(lines)


def _line(what: str, found: Decisions) -> str:
    parts = ", ".join(f"{name} {spent:.1f}" for name, spent in found.cpu_ms.items())
    return f"{what}: p50 {found.p50_ms:.0f} ms, CPU {found.whole_ms:.1f} ms ({parts})"


def as_json(measured: Measured) -> bytes:
    found = asdict(measured) | {"growth": measured.growth, "replay_ms": measured.replay_ms}
    return to_json(found, indent=2)


async def run(submissions: int, tell: Callable[[str], None]) -> Measured:
    """Sets everything up, and measures with few open filings, then with `submissions` open filings."""
    async with scene() as on:
        product = on.sides[0]
        few = await _decisions(on, product, submissions // FEWER)
        forgotten = await _prepared(product, submissions // FEWER * TURNS)
        found = await history(on.client, map(filing_workflow, forgotten))
        resident = await _submissions(on, product, submissions, tell)
        many = await _decisions(on, product, submissions // FEWER)
        return Measured(
            WorkerSettings.model_fields["cached_workflows"].default,
            resident,
            few,
            many,
            await _decided(on, product, forgotten),
            found.events / len(forgotten),
            machine(),
            await versions(on),
        )


async def _submissions(on: Scene, product: Product, many: int, tell: Callable[[str], None]) -> dict[int, int]:
    worker = psutil.Process(on.pids[product.name]["worker"])
    resident: dict[int, int] = {}
    every = many // LOOKS
    for after in range(every, many + 1, every):
        await _each(lambda _: product.submit(Timed()), range(every))
        resident[after] = worker.memory_info().rss
        tell(f"{after:,} submitted, {resident[after] / 2**20:.0f} MB")
    return resident


async def _decisions(on: Scene, product: Product, few: int) -> Decisions:
    """Measures decisions on filings that were just prepared, a few at a time, so that the filings are still cached."""
    return _together([await _decided(on, product, await _prepared(product, few)) for _ in range(TURNS)])


async def _prepared(product: Product, many: int) -> list[UUID]:
    async def prepared(_: int) -> UUID:
        filing = await product.submit(Timed())
        await product.prepare(filing, Timed())
        return filing

    return await _each(prepared, range(many))


async def _decided(on: Scene, product: Product, filings: Sequence[UUID]) -> Decisions:
    async def decided(filing: UUID) -> float:
        timed = Timed()
        await product.decide(filing, timed)
        return timed.seconds["decide"]

    processes = on.pids[product.name]
    spent = cpu(processes)
    took = await _each(decided, filings)
    now = cpu(processes)
    each = {name: 1000 * (now[name] - spent[name]) / len(filings) for name in processes}
    return Decisions(len(filings), 1000 * median(took), each)


def _together(turns: Sequence[Decisions]) -> Decisions:
    each = {name: median(turn.cpu_ms[name] for turn in turns) for name in turns[0].cpu_ms}
    return Decisions(sum(turn.decided for turn in turns), median(turn.p50_ms for turn in turns), each)


async def _each(do: Callable[[Any], Awaitable[T]], these: Iterable[Any]) -> list[T]:
    """Returns the results of `do` for all of `these`, `AT_ONCE` at a time, in the order in which they end."""
    waiting = iter(these)
    done: list[T] = []

    async def client() -> None:
        for one in waiting:
            done.append(await do(one))  # noqa: PERF401 -- others append meanwhile

    await asyncio.gather(*(client() for _ in range(AT_ONCE)))
    return done
