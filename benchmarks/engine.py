"""`engine`: a whole level-4 filing against its skeleton, round by round in turn."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from temporalio.client import Client
from temporalio.service import RPCError

from benchmarks.about import machine, versions
from benchmarks.history import History, history
from benchmarks.load import Round, measure
from benchmarks.sides import Filed, Side
from benchmarks.stage import Scene, scene

CONCURRENCY: Final = (1, 10, 100)
MOST_APART: Final = 4
"""Events by which the histories of the two may differ: how many tasks a workflow takes is not the same every time."""


@dataclass(frozen=True)
class Plan:
    """What is measured: so many rounds of each side at each concurrency, each of so many seconds."""

    concurrency: Sequence[int]
    rounds: int
    seconds: float


@dataclass(frozen=True)
class Measured:
    """What was found."""

    product: History
    skeleton: History
    rounds: tuple[Round, ...]
    at: datetime
    machine: Mapping[str, str]
    versions: Mapping[str, str]


class DifferentShapeError(Exception):
    """The skeleton no longer does what the product does: nothing can be compared."""


async def run(plan: Plan, tell: Callable[[str], None]) -> Measured:
    """Set everything up, warm both sides, and measure them in turn. Raises `DifferentShapeError`."""
    async with scene() as on:
        product, skeleton = [await _one(on, side) for side in on.sides]
        compare(product, skeleton)
        rounds: list[Round] = []
        for concurrency in plan.concurrency:
            tell(f"{concurrency} at once: warming up")
            for side in on.sides:
                await _round(on, side, concurrency, plan.seconds / 3)
            for number in range(1, plan.rounds + 1):
                for side in on.sides:
                    found = await _round(on, side, concurrency, plan.seconds)
                    rounds.append(found)
                    tell(f"{concurrency} at once, round {number}, {side.name}: {found.per_second:.2f} filings/s")
        return Measured(product, skeleton, tuple(rounds), datetime.now(UTC), machine(), await versions(on))


def compare(product: History, skeleton: History) -> None:
    """Raise `DifferentShapeError` unless the skeleton does what the product does."""
    if product.shape != skeleton.shape or abs(product.events - skeleton.events) > MOST_APART:
        raise DifferentShapeError(f"product: {product}\nskeleton: {skeleton}")


async def _one(on: Scene, side: Side) -> History:
    filed = await side.file()
    await on.client.get_workflow_handle(filed.workflows[0]).result()
    found = await history(on.client, filed.workflows)
    await _end(on.client, [filed])
    return found


async def _round(on: Scene, side: Side, concurrency: int, seconds: float) -> Round:
    found = await measure(side, concurrency, seconds, on.pids[side.name])
    await _end(on.client, found.filed)
    return found


async def _end(client: Client, filed: Sequence[Filed]) -> None:
    """End the payments, which would watch for late money for three days, before the other side's turn."""
    some = asyncio.Semaphore(20)

    async def end(workflow_id: str) -> None:
        async with some:
            with contextlib.suppress(RPCError):
                await client.get_workflow_handle(workflow_id).terminate("the benchmark has seen enough")

    await asyncio.gather(*(end(each.workflows[1]) for each in filed))
