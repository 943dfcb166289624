"""`make try-hosts`: the platform on three hosts meets one fault after the other while clients submit filings.

The hosts are network namespaces within the trial's own namespaces, so that all of them end with the trial, even
if the trial is killed. It needs Linux, root, a checkout with its history, and the programs `NEEDED`.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import asyncpg
import psutil

from console.home import Home
from deploy.stack.postgres import SUPERUSER
from tests.acting import eventually
from tests.conftest import ROOT
from tests.deploying.hosts import network
from tests.deploying.hosts.cluster import Cluster, Writes, dsn
from tests.deploying.hosts.faults import APART, Trial, say
from tests.deploying.hosts.filings import OUT, RECEIPTS
from tests.deploying.hosts.machine import LONG, Machine
from tests.deploying.hosts.network import CLIENTS, HOSTS, OUTSIDE
from tests.deploying.hosts.planted import planted
from tests.deploying.hosts.platform import Platform
from tests.faults.once import not_once
from tests.faults.processes import ENV
from tests.integration.files.clamd import OwnClamd

NEEDED: Final = {
    "/usr/lib/postgresql/17/bin/postgres": "postgresql-17",
    "patroni": "patroni",
    "/usr/lib/python3/dist-packages/etcd": "python3-etcd",
    "etcd": "etcd-server",
    "haproxy": "haproxy",
    "nft": "nftables",
    "ip": "iproute2",
    "unshare": "util-linux",
    "git": "git",
    "clamd": "clamav-daemon",
}
"""The needed programs, each with its Debian package."""
BEGIN_WITHIN: Final = 720
"""Seconds within which all filings begin: about as long as the faults take."""
ENDS_WITHIN: Final = 900
"""Seconds after the faults within which all filings must have ended: longer than any client waits."""


def missing() -> list[str]:
    """Returns the packages of the needed programs that are not installed."""
    return [package for program, package in NEEDED.items() if not (Path(program).exists() or network.there(program))]


async def trial(folder: Path, filings: int, *, only_planted: bool) -> bool:
    """Runs the trial inside its namespaces; returns whether every check passed."""
    network.lay(folder)
    scanner = folder / "clamd"
    scanner.mkdir()
    async with OwnClamd(scanner) as clamd:
        return await whole(folder, filings, clamd.socket, only_planted=only_planted)


async def whole(folder: Path, filings: int, scanner: str, *, only_planted: bool) -> bool:
    """Runs the whole trial, or its planted faults alone, with this scanner; returns whether every check passed."""
    machines = {name: Machine(name, folder) for name in (*HOSTS, OUTSIDE)}
    home = Home(folder / "shared")
    home.create()
    cluster, platform = Cluster(machines), Platform(machines, home)
    platform.env["MOTCUA_CLAMD"] = scanner
    say("starting three hosts …")
    await platform.start_outside()
    for host in HOSTS:
        cluster.start(host)
    await cluster.prepare()
    code, out = await platform.command("migrate", checkout=ROOT)
    assert code == 0, out
    for host in HOSTS:
        await platform.start(host, ROOT)
    run = Trial(folder, machines, cluster, platform, Writes())
    await planted(run)
    if only_planted:
        return True
    playing = await play(platform, filings, folder)
    writing = asyncio.create_task(run.writes.go_on())
    await eventually(lambda: begun(playing, folder), bool, LONG)
    for fault in (run.leader_killed, run.cut_off, run.temporal_restarted, run.worker_without_room, run.rolled):
        await asyncio.sleep(APART)
        await fault()
    say("no more faults; waiting for the filings' ends …")
    assert await asyncio.wait_for(playing.wait(), ENDS_WITHIN) == 0, (folder / "filings.out").read_text("utf-8")
    writing.cancel()
    await cluster.whole()
    say(f"doctor after them: {await doctor(platform)}")
    return await judged(run, platform.env)


async def play(platform: Platform, filings: int, folder: Path) -> asyncio.subprocess.Process:
    """Starts the clients in their own namespace, where they play this number of filings; returns their process."""
    words = (sys.executable, "-m", "tests.deploying.hosts.filings", str(filings), str(BEGIN_WITHIN), str(folder))
    with (folder / "filings.out").open("wb") as out:
        return await asyncio.create_subprocess_exec(
            *network.within(CLIENTS), *words, cwd=ROOT, env={**ENV, **platform.env}, stdout=out, stderr=out
        )


async def begun(playing: asyncio.subprocess.Process, folder: Path) -> bool:
    """Returns whether a client has received the first receipt."""
    assert playing.returncode is None, (folder / "filings.out").read_text("utf-8")
    file = folder / RECEIPTS
    return file.exists() and file.stat().st_size > 0


async def doctor(platform: Platform) -> str:
    """Waits until `motcua doctor` finds no failure; returns its verdict."""

    async def ask() -> tuple[int, str]:
        return await platform.command("doctor", "--only", "fail", "--lang", "en", checkout=ROOT)

    _, out = await eventually(ask, lambda answer: answer[0] == 0, LONG)
    return out.strip().splitlines()[-1]


async def judged(run: Trial, env: Mapping[str, str]) -> bool:
    """Prints the report; returns True if it has no problem."""
    told: dict[str, Any] = json.loads((run.folder / OUT).read_text(encoding="utf-8"))
    code, verified = await run.platform.command("ledger", "verify", "--json", checkout=ROOT)
    lost = await not_in_record(run.folder / RECEIPTS)
    twice = await not_once(env, told["filings"])
    wrong = [filing for filing in told["filings"] if not filing["ok"]]
    bare = [fault.name for fault in run.measured if not fault.receipts]
    report = {
        "filings": len(told["filings"]),
        "not as they must": wrong,
        "captures": told["bank"]["captures"],
        "one capture each": told["bank"]["one_capture_each"],
        "ledger verified": told["ledger"]["verified"] and code == 0,
        "receipts given": len(run.receipts()),
        "given and not in the record": lost,
        "parcels, numbers and papers not once": twice,
        "faults without a receipt in them": bare,
        "faults": [asdict(fault) for fault in run.measured],
    }
    say(json.dumps(report, indent=1, ensure_ascii=False))
    if code:
        say(verified)
    held = code == 0 and told["ledger"]["verified"] and told["bank"]["one_capture_each"]
    return held and not (wrong or lost or twice or bare)


async def not_in_record(file: Path) -> list[str]:
    """Returns the issued receipts that the record lacks, or has with other content."""
    connection = await asyncpg.connect(dsn(SUPERUSER))
    rows = await connection.fetch("select stream, command_id, digest, seq from receipt")
    await connection.close()
    there = {tuple(row) for row in rows}
    given = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    keys = ((one["stream"], one["command_id"], one["digest"], one["seq"]) for one in given)
    return [" ".join(map(str, key)) for key in keys if key not in there]


def apart(*options: str) -> int:
    """Runs the trial in namespaces of its own, in a temporary folder; returns its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="motcua-hosts-") as folder:
        Path(folder).chmod(0o711)
        inside = (sys.executable, "-m", "tests.deploying.hosts", *options, "--inside", folder)
        # A shell is the first process of the namespace, since it reaps what Patroni leaves behind.
        first = ("sh", "-c", '"$@" & wait $!', "sh")
        flags = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
        words = ("setpriv", "--pdeathsig", "KILL", "unshare", *flags, *first, *inside)
        process = subprocess.Popen((network.path_of(words[0]), *words[1:]), cwd=ROOT, start_new_session=True)
        try:
            return process.wait()
        finally:
            # Its first process: `unshare` waits for the end of all others.
            for child in psutil.Process(process.pid).children() if process.poll() is None else []:
                child.kill()
            process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.deploying.hosts")
    parser.add_argument("--filings", type=int, default=200)
    parser.add_argument("--planted", action="store_true", help="only the planted faults that the doctor names")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside is not None:
        return 0 if asyncio.run(trial(given.inside.resolve(), given.filings, only_planted=given.planted)) else 1
    say(f"needs Linux, root, the checkout's history, and of Debian: {' '.join(NEEDED.values())}")
    if lacking := missing():
        say(f"missing: apt-get install {' '.join(lacking)}")
        return 2
    if os.geteuid() != 0:
        say("run it as root: it makes network namespaces")
        return 2
    begun = time.monotonic()
    code = apart("--filings", str(given.filings), *(["--planted"] if given.planted else []))
    say(f"{'passed' if code == 0 else 'FAILED'} after {time.monotonic() - begun:.0f} s")
    return code


if __name__ == "__main__":
    sys.exit(main())
