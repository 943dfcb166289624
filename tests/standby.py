"""A standby of the tests' PostgreSQL: a receiver of its write-ahead log that can be stopped."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from deploy.stack.postgres import identity, system_user
from operations.programs import POSTGRES
from tests.acting import eventually
from tests.conftest import World

NAME: Final = "standby"
WAITING: Final = "select pid from pg_stat_activity where wait_event = 'SyncRep' and datname = current_database()"
STREAMS: Final = "select sync_state from pg_stat_replication where application_name = $1"


@dataclass
class Standby:
    """A receiver of the write-ahead log; each commit of the server waits for it."""

    process: asyncio.subprocess.Process
    superuser: "asyncpg.Connection[Any]"

    def stops(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def goes_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    async def cuts(self, cut: str = "pg_cancel_backend") -> None:
        """Waits until just one connection waits for this standby, and then ends the wait of that connection."""
        [pid] = await self.waiting()
        await self.superuser.execute(f"select {cut}($1)", pid)

    async def waiting(self, connections: int = 1) -> list[int]:
        """Waits until this number of connections wait for the standby; returns the ids of their server processes."""
        rows = await eventually(lambda: self.superuser.fetch(WAITING), lambda rows: len(rows) == connections)
        return [row["pid"] for row in rows]


@pytest.fixture
async def standby(world: World, tmp_path: Path) -> AsyncIterator[Standby]:
    if (user := system_user(tmp_path)) is not None:
        shutil.chown(tmp_path, user)
    command: list[str | Path] = [POSTGRES / "pg_receivewal", "--synchronous", "--no-loop", "-D", tmp_path, "-d"]
    superuser = await asyncpg.connect(world.superuser_dsn)
    named = f"{world.superuser_dsn}&application_name={NAME}"
    process = await asyncio.create_subprocess_exec(*command, named, **identity(user))
    try:
        await superuser.execute(f"alter system set synchronous_standby_names = {NAME}")
        await superuser.execute("select pg_reload_conf()")
        await eventually(lambda: superuser.fetchval(STREAMS, NAME), lambda state: state == "sync")
        yield Standby(process, superuser)
    finally:
        await superuser.execute("set synchronous_commit = local")
        await superuser.execute("alter system reset synchronous_standby_names")
        await superuser.execute("select pg_reload_conf()")
        await superuser.close()
        process.kill()
        await process.wait()
