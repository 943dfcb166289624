"""Runs one part of the stack as a process: starts it, watches it, restarts it when it dies, and stops it.

Processes that a killed supervisor has left running are ended by `end_leftovers`.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Final

import psutil

from console.home import Home
from console.processes import Process

CHECKOUT: Final = Path(__file__).parents[2]
LAUNCH: Final = Path(__file__).with_name("launch.py")

POLL: Final = 0.03
START_TIMEOUT: Final = 60.0
STEADY: Final = 10.0  # a part that lived longer is restarted at once
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0
HOME_VARIABLE: Final = "MOTCUA_HOME"
GRACE: Final = 10.0
TRIES: Final = 6  # deaths of a part that was never ready, before the start is given up


class StackError(Exception):
    """A part could not be started. The message names the part and quotes the end of its log."""


async def at_once() -> bool:
    return True


async def nothing() -> None:
    pass


@dataclass(frozen=True)
class Part:
    """A process from `console.processes` that the stack has to run.

    `prepare` runs before each start; after the start, `ready` is called repeatedly until it returns True. The process
    sees the settings that its row lists, and those in `own`; it sees no other setting of the platform.
    """

    process: Process
    _: KW_ONLY
    command: list[str]
    ready: Callable[[], Awaitable[bool]]
    prepare: Callable[[], Awaitable[None]] = nothing
    own: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def name(self) -> str:
        return self.process.name


class Child:
    """Keeps one part alive: `supervise` runs until cancelled, `stop` ends the process.

    `started` is the outcome of the first start. `ready` is set whenever the part is ready, also after a restart.
    """

    def __init__(self, part: Part, home: Home, env: Mapping[str, str], report: Callable[[str], None]) -> None:
        self.part = part
        self.ready = asyncio.Event()
        self.started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._home = home
        self._env = env
        self._report = report
        self._process: asyncio.subprocess.Process | None = None

    async def supervise(self, after: Iterable[asyncio.Event]) -> None:
        try:
            await self._keep_alive(tuple(after))
        except Exception as error:
            if self.started.done():
                raise
            self.started.set_exception(error)

    async def _keep_alive(self, after: Iterable[asyncio.Event]) -> None:
        deaths = 0
        while True:
            # Also at a restart: it may have died because a part that it depends on did.
            for other in after:
                await other.wait()
            started = time.monotonic()
            code = await self._live()
            if self.part.process.once and code == 0:
                return
            deaths = 1 if time.monotonic() - started > STEADY else deaths + 1
            if not self.started.done() and deaths == TRIES:
                raise self._error(f"does not start ({_ending(code)})")
            self._report(f"{self.part.name} ended ({_ending(code)}), starting it again")
            pause = min(FIRST_PAUSE * 2 ** min(deaths - 2, 10), LONGEST_PAUSE)
            await asyncio.sleep(0 if deaths == 1 else pause)

    async def stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(self.part.stop_signal)
        try:
            async with asyncio.timeout(self.part.process.grace):
                await process.wait()
        except TimeoutError:
            self._report(f"{self.part.name} did not stop in {self.part.process.grace:.0f} s, killing it")
        finally:
            # Also if the stopping itself is cancelled: no process of ours stays behind.
            _kill_group(process.pid)
        await process.wait()
        self._ended()

    async def _live(self) -> int:
        await self.part.prepare()
        self._home.ready_file(self.part.name).unlink(missing_ok=True)
        process = self._process = await self._spawn()
        self._home.pid_file(self.part.name).write_text(f"{process.pid}\n")
        watch = asyncio.create_task(self._watch())
        try:
            code = await process.wait()
        finally:
            watch.cancel()
        _kill_group(process.pid)
        self._ended()
        if self.part.process.once and code == 0:
            self._is_ready()
        return code

    async def _spawn(self) -> asyncio.subprocess.Process:
        supervisor, last_signal = str(os.getpid()), str(int(self.part.stop_signal))
        with self._home.log(self.part.name).open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", LAUNCH, supervisor, last_signal, self.part.user or ""),
                *self.part.command,
                cwd=CHECKOUT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches the supervisor alone, which stops the parts in their order.
                start_new_session=True,
            )

    async def _watch(self) -> None:
        if self.part.process.once:
            return
        try:
            async with asyncio.timeout(None if self.started.done() else START_TIMEOUT):
                while not await self.part.ready():  # noqa: ASYNC110 - another process sets no event
                    await asyncio.sleep(POLL)
        except TimeoutError:
            self.started.set_exception(self._error(f"is not ready after {START_TIMEOUT:.0f} s"))
        else:
            self._is_ready()

    def _is_ready(self) -> None:
        self.ready.set()
        if not self.started.done():
            self.started.set_result(None)

    def _ended(self) -> None:
        self.ready.clear()
        for file in (self._home.pid_file(self.part.name), self._home.ready_file(self.part.name)):
            file.unlink(missing_ok=True)

    def _error(self, what: str) -> StackError:
        lines = self._home.log(self.part.name).read_text(errors="replace").splitlines()
        return StackError("\n".join([f"{self.part.name} {what}:", *lines[-20:]]))


def _ending(code: int) -> str:
    return f"exit {code}" if code >= 0 else signal.Signals(-code).name


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def end_leftovers(home: Home) -> None:
    """Ends the processes that this home's `run/` records; deletes the records. The caller must hold the home's lock."""
    processes = []
    for file in home.run.glob("*.pid"):
        with suppress(ValueError, psutil.Error):
            process = psutil.Process(int(file.read_text()))
            # Of this home by its environment, or PostgreSQL by its data folder.
            ours = process.environ().get(HOME_VARIABLE) == str(home.root)
            if ours or str(home.root / "postgres") in process.cmdline():
                processes.append((process, signal.SIGINT if file.stem == "postgres" else signal.SIGTERM))
    for process, stop in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(stop)
    deadline = time.monotonic() + GRACE
    for process, _ in processes:
        while _is_alive(process):
            if time.monotonic() > deadline:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            time.sleep(POLL)
    for file in (*home.run.glob("*.pid"), *home.run.glob("*.ready")):
        file.unlink()


def _is_alive(process: psutil.Process) -> bool:
    # A zombie stays if process 1 does not reap it, as in some containers.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
