"""The faults of the trial, each measured by the longest time without a write and the longest time without a receipt."""

import asyncio
import json
import os
import signal
import subprocess
import tarfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Final

from tests.acting import eventually
from tests.conftest import ROOT
from tests.deploying.hosts import network
from tests.deploying.hosts.cluster import Cluster, Writes
from tests.deploying.hosts.filings import RECEIPTS
from tests.deploying.hosts.machine import LONG, Machine
from tests.deploying.hosts.network import HOSTS, OUTSIDE
from tests.deploying.hosts.platform import PLACES, Platform, named, temporary
from workers.build import CODE, LOCK, build_of

CUT_OFF: Final = 60.0
FULL: Final = 30.0
"""Seconds for which the space for a worker's temporary files is full; `CUT_OFF`: for which a host is cut off."""
APART: Final = 10.0
"""Seconds without a fault between two faults."""


@dataclass(frozen=True)
class Measured:
    """A fault, the longest time without a confirmed write, and the longest time without a receipt, in seconds."""

    name: str
    seconds: float
    without_write: float
    without_receipt: float
    receipts: int


@dataclass
class Trial:
    """The system under trial, and the measurements of the faults so far."""

    folder: Path
    machines: Mapping[str, Machine]
    cluster: Cluster
    platform: Platform
    writes: Writes
    checkout: Path = ROOT
    measured: list[Measured] = field(default_factory=list)

    async def leader_killed(self) -> None:
        """Kills the leader's host, which is started again once another host leads."""
        lost = await self.cluster.leader()
        machine = self.machines[lost]
        async with self._fault(f"the leader's host {lost} killed"):
            await machine.loses_power()
            await self._written_again()
            await asyncio.to_thread(network.plug, lost)
            self.cluster.start(lost)
            await self.platform.start(lost, self.checkout)
            await self.cluster.whole()

    async def cut_off(self) -> None:
        """Cuts the leader's host off from the network for a minute."""
        host = await self.cluster.leader()
        async with self._fault(f"the leader's host {host} cut off for {CUT_OFF:.0f} s"):
            await asyncio.to_thread(network.cut, host)
            try:
                await asyncio.sleep(CUT_OFF)
            finally:
                await asyncio.to_thread(network.heal, host)
            await self.cluster.whole()

    async def temporal_restarted(self) -> None:
        outside = self.machines[OUTSIDE]
        async with self._fault("Temporal killed and started again"):
            os.kill(outside.pid("temporal"), signal.SIGKILL)
            await self._receipt_after(time.time())

    async def worker_without_room(self) -> None:
        """Fills the space for a worker's temporary files for `FULL` seconds."""
        host = next(host for host in HOSTS if "worker" in PLACES[host])
        file = temporary(self.machines[host]) / "full"
        async with self._fault(f"the tmpfs of the worker on {host} full for {FULL:.0f} s"):
            await asyncio.to_thread(_fill, file)
            try:
                await asyncio.sleep(FULL)
            finally:
                file.unlink()
            await self._receipt_after(time.time())

    async def rolled(self) -> None:
        """Moves the platform to the build of the commit before, and back."""
        before = await asyncio.to_thread(checkout_before, self.folder / "before")
        for to, name in ((before, "rolled to the build of the commit before"), (ROOT, "rolled back")):
            async with self._fault(name):
                await self._roll(to)
            await asyncio.sleep(APART)

    async def _roll(self, to: Path) -> None:
        """Rolls out a build as "Builds" in docs/operations.md describes, then replaces the other processes in turn."""
        workers = [host for host in HOSTS if "worker" in PLACES[host]]
        for host in workers:
            self.platform.begin(host, "worker", to)
        for host in workers:
            await self.machines[host].ready(named("worker", to))
        await self._does("versions", "promote", build_of(to))
        await self._does("versions", "drain", build_of(self.checkout))
        for host in workers:
            await self.machines[host].stop(named("worker", self.checkout))
        for host, names in PLACES.items():
            for name in set(names) - {"worker"}:
                await self.machines[host].stop(named(name, self.checkout))
                self.platform.begin(host, name, to)
                await self.machines[host].ready(named(name, to))
        self.checkout = to

    async def _does(self, *words: str) -> None:
        """Runs a `motcua` command, and repeats it until it succeeds."""
        await eventually(lambda: self.platform.command(*words, checkout=ROOT), lambda answer: answer[0] == 0, 2 * LONG)

    @asynccontextmanager
    async def _fault(self, name: str) -> AsyncIterator[None]:
        begun = time.time()
        say(f"{name} …")
        yield
        ended = time.time()
        receipts = [at for at in self.receipts() if begun <= at <= ended]
        found = Measured(
            name,
            ended - begun,
            longest(self.writes.moments, begun, ended),
            longest(receipts, begun, ended),
            len(receipts),
        )
        self.measured.append(found)
        say(
            f"  {found.seconds:.0f} s; longest without a write {found.without_write:.1f} s, "
            f"without a receipt {found.without_receipt:.1f} s; {found.receipts} receipts"
        )

    def receipts(self) -> list[float]:
        """Returns the times of all receipts that clients received."""
        lines = (self.folder / RECEIPTS).read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["at"] for line in lines]

    async def _written_again(self) -> None:
        begun = time.time()
        await _until(lambda: self.writes.moments[-1] > begun + 1)

    async def _receipt_after(self, moment: float) -> None:
        await _until(lambda: self.receipts()[-1:] > [moment])


def longest(moments: Sequence[float], begun: float, ended: float) -> float:
    """Returns the longest time without one of these moments in the span from `begun` to `ended`."""
    within = [begun, *(moment for moment in moments if begun < moment < ended), ended]
    return max(later - earlier for earlier, later in pairwise(within))


def checkout_before(folder: Path) -> Path:
    """Checks out the last commit whose code makes another build than ours; returns the folder of the checkout."""
    changed = _git("rev-list", "-1", "HEAD", "--", *CODE, LOCK).decode().strip()
    with tarfile.open(fileobj=BytesIO(_git("archive", f"{changed}^"))) as archive:
        archive.extractall(folder, filter="data")
    assert build_of(folder) != build_of(ROOT)
    return folder


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 -- for who watches


def _git(*words: str) -> bytes:
    safe = ("-c", f"safe.directory={ROOT}")
    return subprocess.run((network.path_of("git"), *safe, *words), cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout


def _fill(file: Path) -> None:
    try:
        with file.open("wb", buffering=0) as full:
            while True:
                full.write(bytes(65536))
    except OSError:
        return


async def _until(condition: Callable[[], bool]) -> None:
    async def look() -> bool:
        return condition()

    await eventually(look, bool, LONG)
