"""Platform workers and our commands as processes of their own, which tests kill."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from console.home import Home
from deploy.stack import Stack
from schemas.translate import said
from tests.conftest import ROOT, World
from tests.forked import Forked, forked
from tests.shell import Ended as Ended

ANY_FILES: Final = "tests.faults.any_files_worker"
REAL: Final = "workers.platform"


class WorkerProcess:
    """A worker with failpoints that can be armed."""

    def __init__(self, process: Forked | asyncio.subprocess.Process, failpoints: Path) -> None:
        self.pid = process.pid
        self._process = process
        self._failpoints = failpoints

    def kill(self) -> None:
        self._process.kill()

    def pause(self) -> None:
        """Pauses the process by SIGSTOP."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    async def stop(self) -> None:
        """Stops the process with SIGTERM, as an operator would, and waits for its end."""
        self._process.terminate()
        await asyncio.wait_for(self._process.wait(), 30)

    def arm(self, failpoint: str) -> None:
        """Lets the process die by SIGKILL when it next reaches this failpoint."""
        (self._failpoints / failpoint).touch()

    async def died(self) -> int:
        """Waits for the end; returns the exit code, a negative number for a signal."""
        return await asyncio.wait_for(self._process.wait(), 60)


@asynccontextmanager
async def worker_process(
    env: Mapping[str, str], folder: Path, module: str = ANY_FILES, checkout: Path = ROOT
) -> AsyncIterator[WorkerProcess]:
    """Runs a worker; it is killed at the end if it still runs. Its output goes to `worker.log` in the folder.

    Fails if a line of this log is no JSON object.
    """
    folder.mkdir(exist_ok=True)
    failpoints = folder / "failpoints"
    ready = folder / "ready"
    failpoints.mkdir(exist_ok=True)
    ready.unlink(missing_ok=True)
    own = {"MOTCUA_FAILPOINTS": str(failpoints), "MOTCUA_READY_FILE": str(ready), "PYTHONPATH": str(checkout)}
    with (folder / "worker.log").open("ab") as log:
        given: Any = {"env": {**os.environ, **env, **own}, "cwd": checkout, "stdout": log, "stderr": log}
        process: Forked | asyncio.subprocess.Process
        if checkout == ROOT:
            process = forked(module, **given)
        else:
            process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, **given)
    try:
        await until(ready.exists, seconds=90)
        yield WorkerProcess(process, failpoints)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    *whole, _ = (folder / "worker.log").read_text(encoding="utf-8").split("\n")
    assert not [line for line in whole if not line.startswith("{")]


async def motcua(env: Mapping[str, str], *arguments: str, folder: Path = ROOT, seconds: float = 100) -> Ended:
    """Runs a `motcua` command as a process to its end, for `seconds` at most."""
    own, pipe = {**os.environ, **env}, asyncio.subprocess.PIPE
    process = forked("motcua.command", *arguments, env=own, cwd=folder, stdout=pipe, stderr=pipe)
    out, err = await asyncio.wait_for(process.communicate(), seconds)
    return Ended(process.returncode or 0, out.decode(), err.decode())


async def command(world: World, *words: str, code: int = 0) -> Any:
    """Runs a command with `--json`; returns its JSON."""
    ended = await motcua(world.process_env, *words, "--json")
    assert ended.code == code, ended.err
    assert "CANARY" not in ended.out + ended.err
    return ended.json


ENV: Final = {key: value for key, value in os.environ.items() if not key.startswith(("MOTCUA_", "TEMPORAL_"))}
"""The environment of a process that is to find only the stack of its folder."""


@asynccontextmanager
async def program(
    folder: Path, name: str, *arguments: str, more: Mapping[str, str] | None = None
) -> AsyncIterator[Forked]:
    """Runs a `motcua` command in a folder, and stops it at the end. Its output goes to `<name>.out` there.

    `more`: environment variables beside `ENV`.
    """
    with (folder / f"{name}.out").open("wb") as output:
        own = {**ENV, **(more or {})}
        process = forked("motcua.command", name, *arguments, cwd=folder, env=own, stdout=output, stderr=output)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), 60)


@asynccontextmanager
async def up(folder: Path, more: Mapping[str, str], seconds: float = 600) -> AsyncIterator[dict[str, str]]:
    """Runs `motcua up` in a folder; yields the stack's settings once it accepts filings.

    `more`: environment variables beside `ENV`.
    """
    async with program(folder, "up", "--lang", "en", more=more):
        await until(lambda: said("stack.stocked").en in (folder / "up.out").read_text(encoding="utf-8"), seconds)
        yield Home(folder / ".motcua").read_env() or {}


async def kill(stack: Stack, part: str) -> None:
    """Kills a part of a stack, and waits until a new process does its work."""
    old = stack.pid(part)
    assert old is not None
    os.kill(old, signal.SIGKILL)
    await until(lambda: stack.pid(part) not in {None, old})
    await asyncio.wait_for(stack.ready(part), 20)


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)
