"""Eleven faults of operation, planted one at a time on three hosts: the doctor reports each only while it lasts."""

import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias

import psutil

from demo import running
from demo.scenario import load
from deploy.stack.registering import let_speak, publisher
from publishing.authoring import procedures
from tests.acting import eventually
from tests.conftest import ROOT
from tests.deploying.hosts import network
from tests.deploying.hosts.faults import Trial, say
from tests.deploying.hosts.machine import LONG
from tests.deploying.hosts.network import HOSTS, OUTSIDE
from tests.deploying.hosts.platform import PLACES, named
from tests.faults.soak import stories

WITHIN: Final = 60.0
"""Seconds within which the doctor must answer, on a busy machine; its own limit for all checks is 14 s."""
UNAVOIDABLE: Final = {
    "drills": "no backup is made in the trial, so none was restored",
}
"""The checks that warn on healthy hosts, each with the reason why the trial can't avoid it."""

Unwell: TypeAlias = set[tuple[str, str]]
Planted: TypeAlias = AbstractAsyncContextManager[None]


class Fault(NamedTuple):
    """A fault, which the context manager `plant` causes, and the finding by which the doctor reports it."""

    name: str
    plant: Callable[[Trial], Planted]
    check: str
    health: str
    words: str


@asynccontextmanager
async def hanging(run: Trial, *names: str) -> AsyncIterator[None]:
    """Stops all processes with these names, on every host and outside the hosts, as if they hung."""
    pids = [run.machines[OUTSIDE].pid(name) for name in names if run.machines[OUTSIDE].has(name)]
    rows = ((host, name) for host, rows in PLACES.items() for name in rows if name in names)
    pids += [run.machines[host].pid(named(name, ROOT)) for host, name in rows]
    with frozen(pids):
        yield


@asynccontextmanager
async def standbys_hang(run: Trial) -> AsyncIterator[None]:
    """Stops PostgreSQL and Patroni, as if they hung, on each host except the leader's."""
    leader = await run.cluster.leader()
    with frozen([pid for host in HOSTS if host != leader for pid in of_host(host, "postgres", "patroni")]):
        yield


@asynccontextmanager
async def no_quorum(_: Trial) -> AsyncIterator[None]:
    with frozen([pid for host in HOSTS[1:] for pid in of_host(host, "etcd")]):
        yield


@asynccontextmanager
async def relays_hang(run: Trial) -> AsyncIterator[None]:
    """Stops both relays, as if they hung, and makes a publication, which then waits for its position in the log."""
    async with hanging(run, "relay"):
        source = min(procedures.PROCEDURES.glob("*.yaml")).read_bytes()
        made = procedures.demo_variant(source, running.LONG, suffix="planted")
        await procedures.publish(run.platform.env["MOTCUA_OWNER_DATABASE_URL"], made, demo=True)
        yield


@asynccontextmanager
async def read_only(run: Trial) -> AsyncIterator[None]:
    """Makes the object store read-only."""
    folder = run.platform.env["MOTCUA_OBJECTS"].removeprefix("file://")
    network.run("mount", "--bind", folder, folder)
    network.run("mount", "-o", "remount,bind,ro", folder)
    try:
        yield
    finally:
        network.run("umount", folder)


def hang(*names: str) -> Callable[[Trial], Planted]:
    return lambda run: hanging(run, *names)


FAULTS: Final = (
    Fault("both standbys hang", standbys_hang, "standby", "fail", "standby does not answer"),
    Fault("etcd without a quorum: no primary", no_quorum, "postgres", "fail", "h1,h2,h3"),
    Fault("both relays hang", relays_hang, "order", "fail", "have waited for their place"),
    Fault("both back offices hang", hang("back-office"), "pollers", "warn", "backoffice: nobody"),
    Fault("both workers hang", hang("worker"), "pollers", "fail", "every filing stands still"),
    Fault("all gateways hang", hang("gateway"), "gateway", "fail", "the gateway keeps nothing"),
    Fault("Temporal hangs", hang("temporal"), "temporal", "fail", f"{network.ADDRESSES[OUTSIDE]}:7233"),
    Fault("the bank is silent", hang("bank"), "bank", "fail", "bank does not answer"),
    Fault("the post is silent", hang("post"), "post", "fail", "post does not answer"),
    Fault("the trust service is silent", hang("trust"), "trust", "warn", "does not answer"),
    Fault("the store is read-only", read_only, "objects", "fail", "be written"),
)


async def planted(run: Trial) -> None:
    """Plants each fault. Raises `AssertionError` if the doctor misses one, or still reports it after its end."""
    env, owner = run.platform.env, run.platform.env["MOTCUA_OWNER_DATABASE_URL"]
    await running.publish(owner, publisher(env), load(stories(run.folder)))
    await let_speak(env)
    run.platform.office_of("H29.16", HOSTS[0])
    before = (await eventually(lambda: doctor(run), lambda seen: seen.unwell <= ALLOWED, LONG)).unwell
    for check, why in UNAVOIDABLE.items():
        say(f"  warns: {check}: {why}")
    for fault in FAULTS:
        begun = time.monotonic()
        async with fault.plant(run):
            seen = await eventually(partial(doctor, run), partial(names, fault), LONG)
        named_after = time.monotonic() - begun
        await run.cluster.whole()
        await eventually(lambda: doctor(run), lambda seen: seen.unwell == before, LONG)
        say(f"  {fault.name}: named after {named_after:.0f} s, the doctor took {seen.seconds:.0f} s")
    say(f"doctor named {len(FAULTS)} planted faults, and is as before: {(await doctor(run)).verdict}")


ALLOWED: Final = {(check, "warn") for check in UNAVOIDABLE}


@dataclass(frozen=True)
class Seen:
    findings: list[dict[str, Any]]
    verdict: str
    seconds: float

    @property
    def unwell(self) -> Unwell:
        return {(one["check"], one["health"]) for one in self.findings if one["health"] in {"warn", "fail"}}


async def doctor(run: Trial) -> Seen:
    """Returns the answer of `motcua doctor`. Raises `AssertionError` if it takes longer than `WITHIN`."""
    begun = time.monotonic()
    _, out = await run.platform.command("doctor", "--json", checkout=ROOT)
    seconds = time.monotonic() - begun
    assert seconds < WITHIN, f"the doctor took {seconds:.0f} s"
    told = json.loads(out)
    return Seen(told["findings"], told["verdict"]["en"], seconds)


def names(fault: Fault, seen: Seen) -> bool:
    wanted = fault.check, fault.health
    return any((one["check"], one["health"]) == wanted and fault.words in one["what"]["en"] for one in seen.findings)


def of_host(host: str, *programs: str) -> list[int]:
    """Returns the process ids of these programs on a host."""
    pids = map(int, network.run("ip", "netns", "pids", host).split())
    return [pid for pid in pids if psutil.Process(pid).name() in programs]


@contextmanager
def frozen(pids: list[int]) -> Iterator[None]:
    """Stops the processes; at the end of the block, those that still exist continue."""
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in filter(psutil.pid_exists, pids):
            os.kill(pid, signal.SIGCONT)
