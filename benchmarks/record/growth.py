"""`growth`: measures appends, reads, checks and sizes of a record that becomes longer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pydantic_core import to_json

from activities.checkpoints.making import Setup
from benchmarks.about import commit, machine
from benchmarks.record.growing import Times, appends, asks, checkpoint, checks, verify_since
from benchmarks.record.ledger import Look, look
from benchmarks.record.long_log import LongLog
from benchmarks.record.recording import record
from console.database import connected
from deploy.stack import Stack
from deploy.stack.child import CHECKOUT
from recovery.checkpoint_store import SecondPlace
from rules.proof.note import Kind, Signer
from rules.require import require

EVENTS: Final = (1_000_000, 3_000_000, 10_000_000)
SLOW: Final = 0.2
"""A check of the doctor that takes more than this many seconds is listed by name."""


@dataclass(frozen=True)
class Grown:
    """The figures at one length. `sizes`: the bytes of each table, and of its indexes; `checks`: in seconds.

    `append_cpu_ms`: PostgreSQL's CPU of one append. `checkpointed`: the number of events that the first checkpoint at
    this length adds. `checkpoints`: the seconds of that checkpoint, of a second one after the appends, and of verifying
    the second one.
    """

    events: int
    filings: int
    tasks: int
    database: int
    load_seconds: float
    sizes: Mapping[str, tuple[int, int]]
    looks: Mapping[str, Look]
    asks: Mapping[str, Times]
    checks: Mapping[str, float | None]
    appends: Mapping[str, Times]
    append_cpu_ms: float
    checkpointed: int
    checkpoints: tuple[float, float, float]

    def __str__(self) -> str:
        each, [large, small, part] = self.database / self.events, self.checkpoints
        slow = (f"{name} {took or 0:.1f} s" for name, took in self.checks.items() if took is None or took > SLOW)
        lines = (
            f"{self.events:,} events, {self.filings:,} filings, {self.tasks:,} tasks: {each:,.0f} bytes an event",
            *(f"{name}: {took}" for name, took in {**self.appends, **self.asks}.items()),
            f"PostgreSQL's CPU of an append: {self.append_cpu_ms:.2f} ms",
            *(f"{name}: {one}" for name, one in self.looks.items()),
            f"checkpoint of {self.checkpointed:,} events {large:.1f} s, of the appends {small:.2f}, checked {part:.2f}",
            f"slow checks of the doctor, 0.0 those that were ended: {', '.join(slow)}",
        )
        return "\n".join(lines)


@dataclass(frozen=True)
class Measured:
    """The measurement: the figures at each length, the shortest first."""

    grown: Sequence[Grown]
    at: datetime
    machine: Mapping[str, str]
    commit: str

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.grown))


def as_json(measured: Measured) -> bytes:
    return to_json({"benchmark": "growth"} | asdict(measured), indent=1) + b"\n"


async def run(lengths: Sequence[int], folder: Path | None, tell: Callable[[str], None]) -> Measured:
    """Records some filings, and copies them until the log has about each of these numbers of events; measures at each.

    The database lies in a new folder in `folder`, or in that of temporary files. Raises `NotWholeError`.
    """
    with TemporaryDirectory(prefix="motcua-bench-", dir=folder) as kept:
        await record(Path(kept))
        async with Stack(Path(kept), parts=("postgres", "migrations")) as stack:
            growing = _Growing(stack, Path(kept), tell)
            grown = [await growing.measured(length) for length in sorted(lengths)]
    return Measured(grown, datetime.now(UTC), machine(), await commit(CHECKOUT))


class _Growing:
    def __init__(self, stack: Stack, kept: Path, tell: Callable[[str], None]) -> None:
        self._env = stack.env
        self._postgresql = require(stack.pid("postgres"))
        self._log = LongLog(stack.env["MOTCUA_SUPERUSER_DATABASE_URL"], stack.env["MOTCUA_MASTER_KEY"])
        self._setup = Setup(SecondPlace.at(f"file://{kept}/checkpoints"), Signer.new("benchmark", Kind.LOG))
        self._tell = tell
        self._checkpointed = 0

    async def measured(self, length: int) -> Grown:
        """Measures everything at one length. Only at the first length are the read models rebuilt and compared."""
        dsn, master = self._env["MOTCUA_DATABASE_URL"], self._env["MOTCUA_MASTER_KEY"]
        begun = time.perf_counter()
        await self._log.lengthen(length)
        loaded = time.perf_counter() - begun
        self._tell(f"{length:,} events are loaded, in {loaded:.0f} s")
        looks = {} if self._checkpointed else {"rebuild": await self._look("rebuild")}
        async with connected(self._env["MOTCUA_SUPERUSER_DATABASE_URL"], timeout=600) as connection:
            sizes = {row[0]: (row[1], row[2]) for row in await connection.fetch(_SIZES)}
            counts = dict(require(await connection.fetchrow(_COUNTS)))
        answered, checked = await asks(dsn, master), await checks(self._env)
        before, [large, since] = self._checkpointed, await checkpoint(dsn, self._setup)
        times, append_cpu_ms = await appends(dsn, master)
        small, newest = await checkpoint(dsn, self._setup)
        self._checkpointed = newest.size
        part = await verify_since(dsn, self._setup, since)
        looks |= {name: await self._look(name) for name in ("verify", "bindings")}
        found = Grown(
            load_seconds=loaded,
            sizes=sizes,
            looks=looks,
            asks=answered,
            checks=checked,
            appends=times,
            append_cpu_ms=append_cpu_ms,
            checkpointed=since.size - before,
            checkpoints=(large, small, part),
            **counts,
        )
        self._tell(str(found))
        return found

    async def _look(self, name: str) -> Look:
        return await look(self._env, self._postgresql, name, self._tell)


_COUNTS: Final = """
select (select count(*) from event) as events, (select count(*) from filing) as filings,
    (select count(*) from task) as tasks, pg_database_size(current_database()) as database
"""
_SIZES: Final = """
select relname, pg_table_size(oid), pg_indexes_size(oid) from pg_class
where relkind = 'r' and relnamespace = 'public'::regnamespace order by pg_total_relation_size(oid) desc limit 20
"""
