"""Sets up a benchmark: the embedded stack with the product's own settings, and the worker processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from temporalio.client import Client

from benchmarks.sides import PROCEDURE, Product, Skeleton, sides
from benchmarks.skeleton.steps import TABLE
from console.database import connected
from deploy.stack import Stack
from deploy.stack.child import CHECKOUT, LAUNCH
from deploy.stack.registering import let_speak, publisher
from motcua.connection import connect
from publishing.authoring import procedures
from publishing.authoring.calendars import CALENDAR, publish_calendar
from sandbox.presigned import directory

PROCESSES: Final[Mapping[str, tuple[str, ...]]] = {
    "product": ("benchmarks.worker", "product"),
    "product-office": ("sandbox.presigned",),
    "skeleton": ("benchmarks.worker", "skeleton"),
    "skeleton-office": ("benchmarks.worker", "skeleton-office"),
}
"""The worker processes of both sides: by name, the module to run and its arguments."""
NOBODY: Final[Mapping[str, str]] = {"MOTCUA_BANK_URL": "in-process:", "MOTCUA_POST_URL": "in-process:"}
_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 20


@dataclass(frozen=True)
class Scene:
    """The product and its skeleton, ready for use. `pids`: by side, the ids of its processes by name."""

    client: Client
    sides: tuple[Product, Skeleton]
    pids: Mapping[str, Mapping[str, int]]
    dsn: str
    env: Mapping[str, str]


@asynccontextmanager
async def scene(kept: Path | None = None) -> AsyncIterator[Scene]:
    """Starts the stack, the workers and the clients, in `kept` or in a folder that the end of the block removes."""
    with nullcontext(kept) if kept else tempfile.TemporaryDirectory(prefix="motcua-bench-") as folder:
        async with Stack(Path(folder), parts=("postgres", "temporal", "migrations", "trust")) as stack:
            await fill(stack.env["MOTCUA_OWNER_DATABASE_URL"], publisher(stack.env))
            async with workers(stack.env, Path(folder)) as pids:
                await let_speak(stack.env)
                client = await connect(stack.env["TEMPORAL_ADDRESS"], namespace=stack.env["TEMPORAL_NAMESPACE"])
                async with sides(client, stack.env) as both:
                    yield Scene(client, both, _served(pids, stack), stack.env["MOTCUA_DATABASE_URL"], stack.env)


async def fill(owner: str, by: procedures.Publisher) -> None:
    """Publishes the procedure and its calendar, and writes the directory of officers."""
    await publish_calendar(owner, await asyncio.to_thread(CALENDAR.read_bytes))
    await procedures.seed_directory(owner, directory(await asyncio.to_thread(procedures.DIRECTORY.read_bytes)), by)
    for file in sorted(procedures.PROCEDURES.glob(f"{PROCEDURE}@*.yaml")):
        await procedures.publish(owner, _unsigned(file.read_bytes()))
    async with connected(owner) as connection:
        await connection.execute(TABLE)


def _unsigned(source: bytes) -> bytes:
    """Returns the procedure without the required signature, because the skeleton and DBOS check no signatures."""
    asked, free = b"signature:\n  required: true\n", b"signature:\n  required: false\n"
    if asked not in source:
        raise ValueError(f"{PROCEDURE} asks for no signature any more")
    return source.replace(asked, free)


def _served(pids: Mapping[str, int], stack: Stack) -> dict[str, dict[str, int]]:
    shared = {"client": os.getpid(), "server": stack.pid("temporal") or 0, "postgresql": stack.pid("postgres") or 0}
    return {
        side: {"worker": pids[side], "back office": pids[f"{side}-office"], **shared}
        for side in ("product", "skeleton")
    }


@asynccontextmanager
async def workers(env: Mapping[str, str], folder: Path) -> AsyncIterator[dict[str, int]]:
    """Runs the worker processes of both sides; yields their pids by name."""
    async with AsyncExitStack() as held:
        running = {
            name: await held.enter_async_context(started(module, dict(env) | dict(NOBODY), folder / f"{name}.ready"))
            for name, module in PROCESSES.items()
        }
        yield {name: process.pid for name, process in running.items()}


@asynccontextmanager
async def another_worker(env: Mapping[str, str]) -> AsyncIterator[int]:
    """Runs one more worker process of the product; yields its pid."""
    with tempfile.TemporaryDirectory(prefix="motcua-bench-") as folder:
        ready = Path(folder) / "worker.ready"
        async with started(PROCESSES["product"], dict(env) | dict(NOBODY), ready) as process:
            yield process.pid


@asynccontextmanager
async def started(
    module: tuple[str, ...], env: Mapping[str, str], ready: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Runs a process of this checkout, which creates the file `ready` once it is ready. Yields the process."""
    own = {**os.environ, **env, "MOTCUA_READY_FILE": str(ready)}
    log = ready.with_suffix(".log")
    launch = (sys.executable, "-I", "-S", str(LAUNCH), str(os.getpid()), str(int(signal.SIGTERM)), "")
    with log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            *launch, sys.executable, "-m", *module, env=own, cwd=CHECKOUT, stdout=said, stderr=said
        )
    try:
        await _until_ready(process, ready, log)
        yield process
    finally:
        await _end(process)


async def _until_ready(process: asyncio.subprocess.Process, ready: Path, log: Path) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while not await asyncio.to_thread(ready.exists):
            if process.returncode is not None:
                said = await asyncio.to_thread(log.read_text, errors="replace")
                raise RuntimeError(f"a worker was never ready:\n{said}")
            await asyncio.sleep(0.05)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    await gone(process, _STOP_SECONDS)


async def gone(process: asyncio.subprocess.Process, within: float) -> None:
    """Waits until a process has ended; kills it after `within` seconds."""
    try:
        async with asyncio.timeout(within):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
