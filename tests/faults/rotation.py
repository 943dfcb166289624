"""Another key of the codec in the middle of running filings: `python -m tests.faults.rotation`.

Not part of the suite, which does it with thirty (tests/workflow/test_key_ring.py). Filings are taken to their decision
by many at once, while workers, back office and clients are given a new key as docs/codec.md says: first it only opens,
then it seals. It exits 0 only if every filing ended as it must, no call was refused, and nothing ever stood still.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from temporalio.service import RPCError

from deploy.stack import Stack
from motcua import MotcuaError
from motcua.key_ring import CODEC_KEYS, read_ring
from recovery.histories import each
from recovery.stalled import stalled
from schemas.filing.state import Stage
from tests.acting import Doubtful, Play, birth
from tests.conftest import PARTS, World, publish_demo, world_of
from tests.faults.processes import worker_process
from tests.sealed import keys_of, sealed, written
from tests.workflow.plain import failed_tasks

T = TypeVar("T")

RINGS: Final = (("one",), ("one", "two"), ("two", "one"))
"""The keys that processes have, one step after the other; they seal by the first."""
PATIENCE: Final = 900


@dataclass
class Seen:
    """What happened."""

    submitted: int = 0
    closed: int = 0
    refused: list[str] = field(default_factory=list)
    stood_still: set[str] = field(default_factory=set)
    slowest: float = 0
    steps: list[str] = field(default_factory=list)

    async def timed(self, call: Awaitable[T]) -> T:
        """What it brings; how long it took is kept if nothing was slower."""
        begun = time.monotonic()
        answer = await call
        self.slowest = max(self.slowest, time.monotonic() - begun)
        return answer


class Platform:
    """A worker process, a back office and a client, which are all given the next ring while others work."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self._plain = world
        self._folder = folder
        self._step = 0
        self._before = AsyncExitStack()

    async def next(self) -> str:
        """What has the next ring works before what has the one of before is told to stop; the ring."""
        setting = written(*RINGS[self._step])
        world = await sealed(self._plain, read_ring(setting))
        stack = AsyncExitStack()
        await stack.enter_async_context(world.back_office(Doubtful()))
        await stack.enter_async_context(self._worker(world.process_env | {CODEC_KEYS: setting}))
        self.world, before, self._before = world, self._before, stack
        self._step += 1
        await before.aclose()
        return " ".join(RINGS[self._step - 1])

    @asynccontextmanager
    async def _worker(self, env: dict[str, str]) -> AsyncIterator[None]:
        async with worker_process(env, self._folder / f"worker-{self._step}") as process:
            yield
            await process.stop()

    async def close(self) -> None:
        """End what works."""
        await self._before.aclose()


async def file(platform: Platform, n: int, seen: Seen) -> Play | None:
    """Submit the n-th filing; None if that was refused."""
    submission = birth(submission_id=f"rotation-{n}")
    try:
        play = await seen.timed(Play.begin(platform.world, submission))
    except MotcuaError as error:
        seen.refused.append(f"submit: {error}")
        return None
    seen.submitted += 1
    return play


async def decide(platform: Platform, play: Play, seen: Seen) -> None:
    """Take it to its end, each move by the client of that moment."""
    try:
        for move in (Play.accept, Play.review):
            play.world = platform.world
            await seen.timed(move(play))
        play.world = platform.world
        await play.at(Stage.CLOSED)
    except (MotcuaError, AssertionError) as error:
        seen.refused.append(f"{play.filing}: {error}")
        return
    seen.closed += 1


async def watch(world: World, seen: Seen) -> None:
    """Whatever stands still at any moment."""
    while True:
        with suppress(RPCError):
            seen.stood_still |= {f"{one.workflow_id} {one.reason}" for one in await stalled(world.temporal)}
        await asyncio.sleep(1)


async def rotate(platform: Platform, given: argparse.Namespace, seen: Seen) -> list[Play]:
    """Have all of them run, then decided, while the rings change at a third and at two thirds of the decisions."""
    at_once = asyncio.Semaphore(given.concurrency)
    begun = time.monotonic()

    async def one(call: Awaitable[T]) -> T:
        async with at_once:
            return await call

    async def step() -> None:
        ring = await platform.next()
        seen.steps.append(f"{ring}: {time.monotonic() - begun:.0f} s, {seen.closed} of {seen.submitted} ended")

    async def change() -> None:
        for part in (1, 2):
            while seen.closed + len(seen.refused) < part * given.filings // 3:
                await asyncio.sleep(0.05)
            await step()

    await step()
    filed = await asyncio.gather(*(one(file(platform, n, seen)) for n in range(given.filings)))
    plays = [play for play in filed if play is not None]
    async with asyncio.TaskGroup() as group:
        group.create_task(change())
        for play in plays:
            group.create_task(one(decide(platform, play, seen)))
    return plays


async def trial(given: argparse.Namespace, folder: Path) -> bool:
    """The whole trial in a folder of its own; whether all held."""
    async with Stack(folder / "stack", parts=PARTS) as running:
        await publish_demo(running.env)
        world, seen = await world_of(running.env, folder), Seen()
        platform = Platform(world, folder)
        try:
            async with asyncio.timeout(PATIENCE):
                watching = asyncio.create_task(watch(world, seen))
                plays = await rotate(platform, given, seen)
                watching.cancel()
        finally:
            await platform.close()
        sealed_by: Counter[str] = Counter()
        failed = 0

        async def look(play: Play) -> None:
            nonlocal failed
            failed += await failed_tasks(world.temporal.get_workflow_handle(f"filing:{play.filing}"))
            sealed_by[" and ".join(sorted(await keys_of(world, play)))] += 1

        await each(look, plays)
    report = {
        "filings": seen.submitted,
        "ended": seen.closed,
        "refused": seen.refused,
        "stood still": sorted(seen.stood_still),
        "failed tasks": failed,
        "histories by keys": sealed_by,
        "slowest move, seconds": round(seen.slowest, 1),
        "rings": seen.steps,
    }
    print(json.dumps(report, indent=1, ensure_ascii=False))  # noqa: T201 -- its result
    return seen.closed == given.filings and not (seen.refused or seen.stood_still or failed)


def main() -> int:
    """Exit code 0 if all held."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.rotation")
    parser.add_argument("--filings", type=int, default=300)
    parser.add_argument("--concurrency", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="motcua-rotation-") as name:
        return 0 if asyncio.run(trial(given, Path(name).resolve())) else 1


if __name__ == "__main__":
    sys.exit(main())
