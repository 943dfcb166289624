"""PostgreSQL is killed and restarted during commands: they wait for it, or report that it is still unavailable."""

import os
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from console import database
from console.database import while_away
from deploy.stack import Stack
from tests.conftest import DIRECTORY, publish_demo
from tests.shell import Shell

LOADS = ("directory", "load", "directory.yaml")
COMMANDS = (("tasks",), LOADS, ("ledger", "verify"), ("migrate",), ("board", "--once"))


@pytest.fixture
async def stack() -> AsyncIterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="motcua-") as folder:
        async with Stack(Path(folder).resolve(), parts=("postgres", "migrations")) as running:
            await publish_demo(running.env)
            yield running


async def test_every_command_outlives_a_database_that_is_killed(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "directory.yaml").write_bytes(DIRECTORY)
    shell = Shell(stack.env)
    for command in COMMANDS:
        await stack.ready("postgres")
        process = stack.pid("postgres")
        assert process is not None
        os.kill(process, signal.SIGKILL)
        ended = await shell(*command)
        assert ended.code == 0, (command, ended.err)
        assert "Traceback" not in ended.err


async def test_one_that_stays_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "SHORT", 1.0)
    told: list[float] = []

    async def work() -> None:
        await asyncpg.connect("postgresql://nobody@127.0.0.1:1/none")

    with pytest.raises(ConnectionRefusedError):
        await while_away(work, told.append)
    assert told == [1.0]
