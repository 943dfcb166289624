"""Temporal's database is replaced by an older one during a demo: all filings continue from the log."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from console.home import Home
from tests.faults.losses import copied, counted, lose_all, restart_all
from tests.faults.processes import program, until
from tests.forked import Forked

FILINGS: Final = 40
OPEN: Final = 12
PAID: Final = 4
"""The least number of payments, paid and still watched, at the loss; `OPEN`: the least number of open filings."""
SINCE: Final = 60
FILED_SINCE: Final = 5
"""The least number of filings that the restored Temporal lacks; `SINCE`: the least number of events."""


async def under_way(env: dict[str, str]) -> bool:
    """Returns whether the demo has enough open filings and paid payments for the test."""
    opened = await counted(env, "filing where closed_at is null")
    return opened >= OPEN and await counted(env, "payment where state = 'paid'") >= PAID


@dataclass
class Demo:
    """A demo in a stack of its own, which a test interrupts in a certain state."""

    folder: Path
    home: Home
    env: dict[str, str]
    process: Forked

    async def until(self, reached: Callable[[], Awaitable[bool]]) -> None:
        while not await reached():
            assert self.process.returncode is None
            await asyncio.sleep(0.05)

    async def ends_as_it_must(self) -> None:
        code = await asyncio.wait_for(self.process.wait(), 300)
        assert code == 0, (self.folder / "demo.out").read_text(encoding="utf-8")
        told: dict[str, Any] = json.loads((self.folder / "out.json").read_text(encoding="utf-8"))
        assert len(told["filings"]) == FILINGS
        assert all(filing["ok"] for filing in told["filings"])
        assert told["ledger"]["verified"]
        assert told["bank"]["one_capture_each"]


@asynccontextmanager
async def demo_under_way() -> AsyncIterator[Demo]:
    with tempfile.TemporaryDirectory(prefix="motcua-") as name:
        folder = Path(name).resolve()
        home = Home(folder / ".motcua")
        async with program(folder, "up"):
            await until(home.env_file.exists, seconds=60)
            env = home.read_env() or {}
            async with program(folder, "demo", "--filings", str(FILINGS), "--json", "out.json") as process:
                demo = Demo(folder, home, env, process)
                await demo.until(lambda: under_way(env))
                yield demo


@pytest.mark.timeout(400)
async def test_a_demo_survives_a_temporal_that_comes_back_older() -> None:
    async with demo_under_way() as demo:
        older = await asyncio.to_thread(copied, demo.home)
        enough = await counted(demo.env, "event") + SINCE
        filed = await counted(demo.env, "filing") + FILED_SINCE

        async def newer() -> bool:
            return await counted(demo.env, "event") >= enough and await counted(demo.env, "filing") >= filed

        await demo.until(newer)
        await lose_all(demo.home, older)
        found = [await restart_all(demo.folder, what) for what in ("--all-behind", "--all-missing")]
        await demo.ends_as_it_must()
        again = await restart_all(demo.folder, "--all-behind")
    assert sum(tallies["filings"]["restarted"] for tallies in found) > 0
    assert all(counts["failed"] == [] for tallies in (*found, again) for counts in tallies.values())
    assert sum(counts["restarted"] for counts in again.values()) == 0
    assert again.keys() >= {"filings", "papers", "results"}
