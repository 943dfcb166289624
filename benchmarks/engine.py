"""`engine`: compares a whole level-4 filing with its skeleton, with DBOS and with another commit, in turn.

Also with itself on two workers: a province has several, and a filing moves between them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from benchmarks.about import commit, machine, versions
from benchmarks.asking import SideProcess
from benchmarks.calendar import national
from benchmarks.elsewhere import BEFORE, elsewhere
from benchmarks.ending import end
from benchmarks.history import History, history
from benchmarks.load import Round, measure
from benchmarks.peer import process as peer
from benchmarks.sides import Side
from benchmarks.skeleton.steps import appended
from benchmarks.stage import Scene, another_worker, scene
from benchmarks.watching import late
from deploy.stack.child import CHECKOUT

CONCURRENCY: Final = (1, 10, 100)
WARM_UP: Final = 3
"""Before a measured round, an unmeasured one is played that takes this many times less time."""
MOST_APART: Final = 4
"""The number of events by which the two histories may differ: workflow tasks vary from run to run."""


@dataclass(frozen=True)
class Plan:
    """The plan: the concurrencies, the number of rounds of each side at each concurrency, and the seconds of a round.

    `against`: a checkout of another commit that also takes turns; None without one.
    """

    concurrency: Sequence[int]
    rounds: int
    seconds: float
    against: Path | None = None


@dataclass(frozen=True)
class Measured:
    """The measurement.

    `histories`: the history of one filing, by side; `commits`: the measured commit, by side.
    `recorded`: the number of steps that DBOS stores for one filing.
    """

    histories: Mapping[str, History]
    recorded: int
    rounds: tuple[Round, ...]
    at: datetime
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    commits: Mapping[str, str]
    late: late.Late


class DifferentShapeError(Exception):
    """The skeleton's steps differ from the product's or from those on DBOS: a comparison would be wrong."""


class Contestant(Protocol):
    """A side that takes turns with the others."""

    @property
    def name(self) -> str:
        """The name of the side."""

    async def round(self, concurrency: int, seconds: float) -> Round:
        """Plays and measures one round."""


@dataclass(frozen=True)
class Here:
    """A contestant played by this process: the product or its skeleton, on the embedded stack."""

    on: Scene
    side: Side

    @property
    def name(self) -> str:
        return self.side.name

    @property
    def pids(self) -> Mapping[str, int]:
        """The processes of this side, by name."""
        return self.on.pids[self.name]

    async def round(self, concurrency: int, seconds: float) -> Round:
        return await self.measured(concurrency, seconds, self.pids)

    async def measured(self, concurrency: int, seconds: float, pids: Mapping[str, int]) -> Round:
        """Plays one round, and measures these processes in it."""
        found = await measure(self.side, concurrency, seconds, pids)
        await end(self.on.client, (workflow for filed in found.filed for workflow in filed.workflows[1:]))
        return found

    async def one(self) -> tuple[History, list[list[str]]]:
        """Plays one filing; returns its history and, for the skeleton, the steps that it appended, by stream."""
        filed = await self.side.file()
        await self.on.client.get_workflow_handle(filed.workflows[0]).result()
        found = await history(self.on.client, filed.workflows)
        await end(self.on.client, filed.workflows[1:])
        return found, await appended(self.on.dsn, filed.workflows)


@dataclass(frozen=True)
class OnTwoWorkers:
    """The product with a second worker process, which runs only during these rounds and is warmed up before each."""

    product: Here
    name = "two workers"

    async def round(self, concurrency: int, seconds: float) -> Round:
        async with another_worker(self.product.on.env) as pid:
            await self.product.round(concurrency, seconds / WARM_UP)
            found = await self.product.measured(concurrency, seconds, {**self.product.pids, "second worker": pid})
        return replace(found, side=self.name)


async def run(plan: Plan, tell: Callable[[str], None]) -> Measured:
    """Sets everything up, warms all sides up, and measures them in turn.

    Raises `DifferentShapeError`; `AskedError` if a side in another process fails.
    """
    async with scene() as on, peer.playing() as dbos, _before(plan) as before:
        product, skeleton = (Here(on, side) for side in on.sides)
        left, _ = await product.one()
        bare, appends = await skeleton.one()
        compare(left, bare)
        compare_appends(appends, dbos.begun["appends"])
        rounds = await _in_turn(plan, (product, OnTwoWorkers(product), *before, skeleton, dbos), tell)
        tell("late money: watching for it")
        watched = await _late(on, plan.seconds)
        return Measured(
            {product.name: left, skeleton.name: bare} | {each.name: History(**each.begun) for each in before},
            dbos.begun["recorded"],
            tuple(rounds),
            *(datetime.now(UTC), machine(), await versions(on), await _commits(plan), watched),
        )


def compare(product: History, skeleton: History) -> None:
    """Raises `DifferentShapeError` if the shapes differ, or the numbers of events by more than `MOST_APART`."""
    if product.shape != skeleton.shape or abs(product.events - skeleton.events) > MOST_APART:
        raise DifferentShapeError(f"product: {product}\nskeleton: {skeleton}")


def compare_appends(skeleton: Sequence[Sequence[str]], dbos: Sequence[Sequence[str]]) -> None:
    """Raises `DifferentShapeError` unless skeleton and DBOS append the same steps in the same order, in each stream."""
    if skeleton != dbos:
        raise DifferentShapeError(f"skeleton: {skeleton}\ndbos: {dbos}")


async def _late(on: Scene, seconds: float) -> late.Late:
    side, _ = on.sides
    filed = await side.file()
    await end(on.client, filed.workflows[1:])
    return await late.measure(on.client, filed.workflows[1], on.pids[side.name], national(), seconds)


@asynccontextmanager
async def _before(plan: Plan) -> AsyncIterator[list[SideProcess]]:
    if plan.against is None:
        yield []
        return
    async with elsewhere(plan.against) as before:
        yield [before]


async def _in_turn(plan: Plan, contestants: Sequence[Contestant], tell: Callable[[str], None]) -> list[Round]:
    rounds: list[Round] = []
    for concurrency in plan.concurrency:
        tell(f"{concurrency} at once: warming up")
        for each in contestants:
            await each.round(concurrency, plan.seconds / WARM_UP)
        for number in range(1, plan.rounds + 1):
            for each in contestants:
                found = await each.round(concurrency, plan.seconds)
                rounds.append(found)
                tell(
                    f"{concurrency} at once, round {number}, {each.name}: {found.per_second:.2f} filings/s, "
                    f"{found.whole_ms:.0f} ms of CPU each"
                )
    return rounds


async def _commits(plan: Plan) -> dict[str, str]:
    found = {"product": await commit(CHECKOUT)}
    return found if plan.against is None else found | {BEFORE: await commit(plan.against)}
