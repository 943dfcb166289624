"""The drill: restores a backup to an instant in a scratch place, checks it, starts the engine over it, and reports."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import asyncpg

from console.database import Connection, connected
from deploy.drill import engine, verifying
from deploy.drill.repository import Repository
from deploy.drill.scratch import Scratch, scratch_of
from deploy.drill.sources import Sources
from deploy.drill.verifying import Problem
from motcua.cli.running import WorkRefusedError
from operations import restored
from operations.drills import Noted
from operations.erasure.erasing import erased_filings
from operations.evidence.losses import Lost, losses
from operations.programs import find_program
from operations.schema_version import migrate_command, schema_version
from rules.require import require

OWNER: Final = "motcua_owner"
APP: Final = "motcua_app"
STATEMENT: Final = 3600.0
"""Seconds for one statement over a long log."""


@dataclass
class Drill:
    """The result of a drill.

    Attributes:
        at: The time of the drill.
        cut: The instant up to which the record was restored.
        last_event: The time of the last event in the restored record.
        seconds: The seconds of each step: `restore`, `recovery`, `verify` and `engine`.
        events: The number of events in the restored record.
        generation: The generation of positions that the restored record began.
        withheld: The number of filings whose keys were withheld, since the filings were erased after the backup.
        started: The number of workflows that were started from the log.
        problems: The faults of the backup; none if the drill has gone well.
        lost: The losses of each filing.
    """

    at: datetime
    cut: datetime
    last_event: datetime | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    events: int = 0
    generation: int = 0
    withheld: int = 0
    started: int = 0
    problems: list[Problem] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)

    @property
    def noted(self) -> Noted:
        """The drill in the form that is kept at the second place."""
        total, lost = sum(self.seconds.values()), sum(one.events for one in self.lost)
        return Noted(at=self.at, cut=self.cut, seconds=round(total, 1), problems=len(self.problems), lost=lost)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Measures the seconds of the block, as one step of the drill."""
        began = time.monotonic()
        yield
        self.seconds[step] = round(time.monotonic() - began, 2)


async def run(repository: Repository, sources: Sources, cut: datetime) -> Drill:
    """Returns the result of a drill; a backup that can't be restored is a problem, too.

    Raises `WorkRefusedError` for an instant in the future, and the errors of the databases and stores.
    """
    drill = Drill(at=datetime.now(UTC), cut=cut)
    if cut > drill.at:
        raise WorkRefusedError("the instant lies in the future")
    end_if_stopped()
    with scratch_of(repository.owner) as scratch:
        try:
            await _restored(drill, repository, scratch, sources)
        except WorkRefusedError as error:
            drill.problems.append(Problem("restore", str(error), "not_restored"))
    return drill


def end_if_stopped() -> None:
    """Makes SIGTERM cancel this task, so that nothing of the scratch place is left behind."""
    task = asyncio.current_task()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, require(task).cancel)


async def _restored(drill: Drill, repository: Repository, scratch: Scratch, sources: Sources) -> None:
    with drill.timed("restore"):
        await repository.restore(scratch, drill.cut)
    began = time.monotonic()
    async with scratch.server():
        drill.seconds["recovery"] = round(time.monotonic() - began, 2)
        await _examine(drill, scratch, sources)


async def _examine(drill: Drill, scratch: Scratch, sources: Sources) -> None:
    owner, app = (scratch.dsn(role, sources.database) for role in (OWNER, APP))
    erased = set() if sources.place is None else await erased_filings(sources.place)
    async with connected(owner, STATEMENT) as connection:
        await _migrate(connection, owner)
        begun = await restored.begin(connection, "restore drill", erased)
        drill.generation, drill.withheld = begun.generation, begun.withheld
        drill.last_event, drill.events = await connection.fetchrow(_LAST)  # type: ignore[misc] # aggregates give one row
    with drill.timed("verify"):
        drill.problems += await verifying.record(app)
        drill.problems += await verifying.files(app, sources)
        async with connected(app, STATEMENT) as connection:
            drill.problems += await verifying.checkpoints(connection, sources, begun.after)
            drill.problems += await verifying.keys(connection, sources.masters)
            drill.problems += await verifying.erased(connection, erased)
            drill.lost = await _lost(connection, sources.record)
    with drill.timed("engine"):
        over = await engine.start_over(scratch, sources, app)
    drill.started, drill.problems = over.started, drill.problems + over.problems


async def _migrate(connection: Connection, owner: str) -> None:
    """Applies the migrations that the backup does not have yet. Raises `WorkRefusedError`."""
    if not (await schema_version(connection)).pending:
        return
    if (dbmate := find_program("dbmate")) is None:
        raise WorkRefusedError("dbmate is not installed")
    command, quiet = migrate_command(dbmate, "DATABASE_URL"), asyncio.subprocess.DEVNULL
    own = {"PATH": os.environ.get("PATH", os.defpath), "DATABASE_URL": owner}
    process = await asyncio.create_subprocess_exec(*command, env=own, stdout=quiet, stderr=quiet)
    if await process.wait():
        raise WorkRefusedError("the migrations can't be applied to the restored record")


async def _lost(connection: Connection, running: str) -> list[Lost]:
    record = await asyncpg.connect(
        running,
        timeout=STATEMENT,
        command_timeout=STATEMENT,
        server_settings={"default_transaction_read_only": "on"},
    )
    try:
        return await losses(connection, record)
    finally:
        await record.close()


_LAST: Final = "select max(recorded_at), count(*)::int from event"
