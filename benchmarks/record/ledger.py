"""`ledger`: measures the speed, CPU and memory of verifying a long log and of rebuilding the read models."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

import psutil
from pydantic_core import to_json

from benchmarks.about import commit, machine, versions
from benchmarks.ending import end
from benchmarks.load import cpu
from benchmarks.record.long_log import LongLog
from benchmarks.record.looked import LOOKS
from benchmarks.stage import scene
from console.database import connected
from deploy.stack.child import CHECKOUT

EVENTS: Final = 500_000
SHARE: Final = 10
"""A log this many times shorter is measured first, to show whether memory grows with the log."""
_SAMPLE_SECONDS: Final = 0.05


class NotWholeError(Exception):
    """A pass over the log has reported a problem, or has failed: its figures are worthless."""


@dataclass(frozen=True)
class Look:
    """One pass over a log of `events` events. `cpu`, `postgresql`: CPU seconds of the pass and of PostgreSQL.

    `resident`: the peak of resident bytes, over all processes of the pass together.
    """

    events: int
    seconds: float
    cpu: float
    postgresql: float
    resident: int

    @property
    def per_second(self) -> float:
        return self.events / self.seconds

    @property
    def cpu_of_many(self) -> float:
        return (self.cpu + self.postgresql) / self.events * 100_000

    def __str__(self) -> str:
        return (
            f"{self.per_second:,.0f} events a second; for 100,000 {self.cpu_of_many:.2f} s of CPU "
            f"({self.cpu / self.events * 100_000:.2f} and PostgreSQL's "
            f"{self.postgresql / self.events * 100_000:.2f}); {self.resident / 1e6:,.0f} MB"
        )


@dataclass(frozen=True)
class Measured:
    """The measurement: the passes over the short log and over the long log, by the name of the pass."""

    short: Mapping[str, Look]
    long: Mapping[str, Look]
    at: datetime
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    commit: str

    def __str__(self) -> str:
        return "\n".join(f"{name}, {of[name].events:,} events: {of[name]}" for name in LOOKS for of in self._both)

    @property
    def _both(self) -> tuple[Mapping[str, Look], Mapping[str, Look]]:
        return self.short, self.long


async def run(events: int, tell: Callable[[str], None]) -> Measured:
    """Records a filing, copies it until the log has about `events` events, and measures the passes over the log.

    Raises `NotWholeError`.
    """
    async with scene() as on:
        played = await on.sides[0].file()
        await on.client.get_workflow_handle(played.workflows[0]).result()
        await end(on.client, played.workflows[1:])
        log = LongLog(on.env["MOTCUA_SUPERUSER_DATABASE_URL"], on.env["MOTCUA_MASTER_KEY"])
        postgresql = on.pids["product"]["postgresql"]
        await log.lengthen(events // SHARE)
        short = {name: await look(on.env, postgresql, name, tell) for name in LOOKS}
        await log.lengthen(events)
        long = {name: await look(on.env, postgresql, name, tell) for name in LOOKS}
        return Measured(short, long, datetime.now(UTC), machine(), await versions(on), await commit(CHECKOUT))


async def look(env: Mapping[str, str], pid: int, name: str, tell: Callable[[str], None]) -> Look:
    """Measures the pass `name` over the log, in a process. `pid`: PostgreSQL's process id. Raises `NotWholeError`."""
    async with connected(env["MOTCUA_DATABASE_URL"], timeout=600) as connection:
        events = int(await connection.fetchval("select count(*) from event"))
    postgresql = {"postgresql": pid}
    before = cpu(postgresql)["postgresql"]
    command = (sys.executable, "-m", "benchmarks.record.looked", name)
    process = await asyncio.create_subprocess_exec(
        *command, stdout=PIPE, stderr=PIPE, cwd=CHECKOUT, env={**os.environ, **env}
    )
    sampling = asyncio.create_task(_most_resident(process.pid))
    said, errors = await process.communicate()
    if process.returncode:
        raise NotWholeError(f"{name}: {errors.decode(errors='replace')}")
    took = json.loads(said)
    if took["wrong"]:
        raise NotWholeError(f"{name} has found {took['wrong']} to be wrong")
    found = Look(events, took["seconds"], took["cpu"], cpu(postgresql)["postgresql"] - before, await sampling)
    tell(f"{name}, {events:,} events: {found}")
    return found


async def _most_resident(pid: int) -> int:
    """Waits until a process ends; returns the peak of resident bytes of the process and its children together."""
    most = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        while process.status() != psutil.STATUS_ZOMBIE:
            most = max(most, sum(map(_resident, [process, *process.children(recursive=True)])))
            await asyncio.sleep(_SAMPLE_SECONDS)
    return most


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def as_json(measured: Measured) -> bytes:
    looks = {
        name: [
            asdict(of[name]) | {"per_second": of[name].per_second, "cpu_of_100000": of[name].cpu_of_many}
            for of in (measured.short, measured.long)
        ]
        for name in LOOKS
    }
    about = {"at": measured.at, "machine": measured.machine, "versions": measured.versions, "commit": measured.commit}
    return to_json({"benchmark": "ledger", "looks": looks} | about, indent=1) + b"\n"
