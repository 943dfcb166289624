"""The demo while its parts are killed: every filing ends as expected, and the bank has taken each fee once."""

import asyncio
import json
import os
import random
import signal
import sys
import tempfile
from pathlib import Path

from tests.faults.processes import ENV, until
from tests.tiers import examples

FILINGS = examples(24, few=12)
VICTIMS = ("worker", "postgres", "temporal", "back-office", "worker", "postgres")
"""The parts that are killed, each at a moment drawn from a fixed seed."""


async def test_killed_parts_lose_and_double_nothing() -> None:
    moments = random.Random(2026)
    with tempfile.TemporaryDirectory(prefix="motcua-") as folder:
        home = Path(folder).resolve()
        command = ["-m", "motcua.command", "demo", "--filings", str(FILINGS), "--json", "out.json"]
        with (home / "demo.out").open("wb") as said:
            demo = await asyncio.create_subprocess_exec(
                sys.executable, *command, cwd=home, stdout=said, stderr=said, env=ENV
            )
        run = home / ".motcua" / "run"
        pids = {part: run / f"{part}.pid" for part in VICTIMS}
        await until(lambda: (run / "worker.ready").exists() and all(pid.exists() for pid in pids.values()), seconds=60)
        killed = []
        for victim in VICTIMS:
            await asyncio.sleep(moments.uniform(0.5, 2))
            if demo.returncode is None and kill(pids[victim]):
                killed.append(victim)
        assert await asyncio.wait_for(demo.wait(), 240) == 0, (home / "demo.out").read_text(encoding="utf-8")
        assert len(killed) >= len(VICTIMS) // 2
        told = json.loads((home / "out.json").read_text(encoding="utf-8"))
    assert len(told["filings"]) == FILINGS
    assert all(filing["ok"] for filing in told["filings"])
    assert told["ledger"]["verified"]
    assert told["bank"]["captures"] == told["bank"]["paid_fees"]


def kill(pid_file: Path) -> bool:
    """Kills the part; returns False if it does not run, for example once the demo has ended."""
    try:
        os.kill(int(pid_file.read_text(encoding="utf-8")), signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return True
