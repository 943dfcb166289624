"""The measurements of one record: of appends, of reads, of the doctor's checks, and of checkpoints."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any, Final
from uuid import UUID

import asyncpg

from activities.checkpoints.making import Setup, make
from activities.keys.masters import master_keys
from activities.ledger.append import Ledger
from activities.ledger.vault import Vault
from benchmarks.load import cpu
from benchmarks.record.appends import AGENCY as APPENDING
from benchmarks.record.appends import Appending
from benchmarks.record.ledger import NotWholeError
from benchmarks.sides import AGENCY
from console.database import connected
from console.home import Home
from operations.commands.doctor import LONGEST, THEN
from operations.doctor.check import Surroundings
from operations.evidence.bundle import export
from rules.papers.register import period
from rules.require import require
from rules.streams import KINDS
from rules.time.working_time import VIETNAM
from schemas.ids import filing_workflow
from schemas.people import Role
from schemas.reading import AskFilings, AskTasks
from verifier import bundle as bundle_verifier
from verifier import checkpoint as checkpoint_verifier
from verifier import notes
from views.applicant import filing, filings_of_client, filings_of_person
from views.log import Log
from views.officer import tasks
from views.operator import board, find
from views.registers.filings import entries
from workers.wiring import ONE_PLAN

ASKED: Final = 50
"""The number of filings that each question is about in turn."""
APPENDED: Final = 40
"""The number of filings that are appended, with eleven appends each."""


@dataclass(frozen=True)
class Times:
    """The duration of one act in milliseconds."""

    median: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Times:
        return cls(1000 * median(seconds), 1000 * sorted(seconds)[len(seconds) * 99 // 100])

    def __str__(self) -> str:
        return f"{self.median:.1f} ms (p99 {self.p99:.1f})"


@dataclass(frozen=True)
class _Some:
    """The subjects of the measured questions: a filing, and the cursor of the second page of tasks."""

    filing_id: UUID
    code: str
    person: bytes
    second: str | None


async def _bundle(log: Log, some: _Some) -> None:
    connection: Any = log.connection
    bundle = require(await export(connection, some.code))
    if not bundle_verifier.verify(bundle_verifier.canonical(bundle)).verified:
        raise NotWholeError(f"the bundle of {some.code} is not whole")


async def _register(log: Log, _: _Some) -> None:
    await anext(entries(log, AGENCY, require(period(f"{datetime.now(VIETNAM):%Y-%m}"))))


_DESK: Final = {"agency": AGENCY, "role": Role.RECEPTION}
_ASKS: Final[Mapping[str, Callable[[Log, _Some], Awaitable[Any]]]] = {
    "filing": lambda log, some: filing(log, filing_workflow(some.filing_id)),
    "tasks": lambda log, _: tasks(log, AskTasks.model_validate(_DESK)),
    "tasks, second page": lambda log, some: tasks(log, AskTasks.model_validate(_DESK | {"after": some.second})),
    "by code": lambda log, some: find(log.connection, some.code),
    "filings of a person": lambda log, some: filings_of_person(log, some.person, None, 100),
    "filings of a client": lambda log, _: filings_of_client(log, AskFilings(client_id="benchmark")),
    "register": _register,
    "bundle, verified": _bundle,
    "board of the agency": lambda log, _: board(log, AGENCY),
}


async def asks(dsn: str, master: str) -> dict[str, Times]:
    """Asks each question about filings at random, and returns the times of its answers."""
    connection = await asyncpg.connect(dsn, server_settings=ONE_PLAN)
    try:
        log = Log(connection, Vault(master_keys(master)).find, KINDS)
        second = (await tasks(log, AskTasks.model_validate(_DESK))).next
        found: dict[str, Times] = {}
        for name, ask in _ASKS.items():
            seconds = []
            for _ in range(ASKED + 1):
                row = await connection.fetchrow(_SOME, UUID(int=random.getrandbits(127)), APPENDING)
                begun = time.perf_counter()
                await ask(log, _Some(**dict(require(row)), second=second))
                seconds.append(time.perf_counter() - begun)
            found[name] = Times.of(seconds[1:])  # the first one plans
        return found
    finally:
        await connection.close()


async def checks(env: Mapping[str, str]) -> dict[str, float | None]:
    """Returns the seconds of each of the doctor's checks of the record; None for a check that exceeds its time."""
    around = Surroundings(env, {}, Home(Path()))
    found: dict[str, float | None] = {}
    for check in THEN:
        if check.record and not check.temporal and (check.setting is None or check.setting in env):
            begun = time.perf_counter()
            try:
                async with asyncio.timeout(LONGEST):
                    await check.look(around)
                found[check.name] = time.perf_counter() - begun
            except TimeoutError:
                found[check.name] = None
    return found


async def appends(dsn: str, master: str) -> tuple[dict[str, Times], float]:
    """Appends some filings. Returns the times of submissions and of commands, and PostgreSQL's CPU ms of one append."""
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1, server_settings=ONE_PLAN) as pool:
        appending = Appending(Ledger(pool, Vault(master_keys(master)), KINDS))
        await appending.file()
        backend = {"": await pool.fetchval("select pg_backend_pid()")}
        before = cpu(backend)[""]
        filed = [await appending.file() for _ in range(APPENDED)]
        spent = cpu(backend)[""] - before
    submissions = [one.seconds["1"] for one in filed]
    commands = [took for one in filed for seq, took in one.seconds.items() if seq != "1"]
    times = {"submission": Times.of(submissions), "command": Times.of(commands)}
    return times, 1000 * spent / (len(submissions) + len(commands))


async def checkpoint(dsn: str, setup: Setup) -> tuple[float, notes.Checkpoint]:
    """Makes a checkpoint. Returns its seconds and the checkpoint."""
    async with connected(dsn, timeout=600) as connection:
        begun = time.perf_counter()
        made = require(await make(connection, setup)).checkpoint
        return time.perf_counter() - begun, notes.Checkpoint(made.origin, made.size, made.root)


async def verify_since(dsn: str, setup: Setup, since: notes.Checkpoint) -> float:
    """Verifies the events after `since` against the newest checkpoint. Returns the seconds. Raises `NotWholeError`."""
    trust = checkpoint_verifier.Trust(notes.Key.read(str(setup.signer.verifier), notes.LOG))
    async with connected(dsn, timeout=600) as connection:
        begun = time.perf_counter()
        report = await checkpoint_verifier.verify(connection, setup.place, trust, since)
    if not report.verified:
        raise NotWholeError(f"the checkpoints do not agree: {report.findings[0].message}")
    return time.perf_counter() - begun


_SOME: Final = """
select filing_id, code, person from filing where filing_id > $1 and agency <> $2 order by filing_id limit 1
"""
