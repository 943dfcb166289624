"""The embedded stack: real parts under one folder, on one machine, without root, containers or downloads."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, Self

from console.home import Home
from console.processes import Kind
from deploy.stack.child import HOME_VARIABLE, Child, Part, end_leftovers
from deploy.stack.parts import PARTS, SCANNER, TEMPORAL_UI, Platform
from motcua.payloads.key_ring import CODEC_KEYS

_OF_TEMPORAL: Final = ("TEMPORAL_", CODEC_KEYS, "MOTCUA_IDENTITY", "MOTCUA_INSTALLATION")
ATTACH_TIMEOUT: Final = 90.0
STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def silent(_line: str) -> None:
    pass


class Stack:
    """Starts the chosen parts and keeps them alive until the block is left.

    A second Stack on the same home starts and stops nothing: it is `attached`, and uses the first one's addresses.

    Args:
        home: The folder for data, logs and secrets; created if it is missing.
        parts: Parts to start, named as in `PARTS`. The addresses of all others come from this process's environment.
        commands: Replaced command lines, by part. `--port N --data DIR` is added for the bank, the post and the trust.
        temporal: Dynamic settings of Temporal in addition to `deploy.stack.temporal.CONFIG`, by name, as JSON.
        ui: Whether Temporal's own web UI is served.
        stock: Called once all parts are ready, before the stack is up: adds the data that the first filing needs.
        progress: Called with one line when a part is ready, ends or is slow to stop, and when the stack is up or down.
    """

    def __init__(  # noqa: PLR0913 -- each is an option, by name
        self,
        home: Path = Path(".motcua"),
        *,
        parts: Iterable[str] = PARTS,
        commands: Mapping[str, list[str]] | None = None,
        temporal: Mapping[str, str] | None = None,
        ui: bool = False,
        stock: Callable[["Stack"], Awaitable[None]] | None = None,
        progress: Callable[[str], None] = silent,
    ) -> None:
        self.home = Home(home)
        self.env: dict[str, str] = {}
        self.attached = False
        self._parts = tuple(parts)
        self._commands = commands or {}
        self._temporal = temporal or {}
        self._ui = ui
        self._stock = stock
        self._progress = progress
        self._children: dict[str, Child] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        self.home.create()
        if not await self._lock_or_attach():
            return self
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self.attached:
            await self.stop()

    def pid(self, part: str) -> int | None:
        """Returns the process id of a part; None while it is down."""
        try:
            return int(self.home.pid_file(part).read_text())
        except FileNotFoundError:
            return None

    async def ready(self, part: str) -> None:
        """Waits until a part is ready; if the part has died, waits until it was restarted."""
        await self._children[part].ready.wait()

    async def watch(self) -> None:
        """Runs until cancelled. Raises if the supervision itself fails."""
        await asyncio.gather(*self._tasks.values(), asyncio.Event().wait())

    async def stop(self) -> None:
        """Stops everything in order and frees the home. The end of the block calls this method."""
        self.home.env_file.unlink(missing_ok=True)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        for kind in Kind:
            ending = (child for child in self._children.values() if child.part.process.kind is kind)
            await asyncio.gather(*(child.stop() for child in ending))
        self.home.unlock()
        self._progress(f"stopped; everything is kept in {self.home.root}")

    async def _lock_or_attach(self) -> bool:
        """Returns True if this Stack got the home's lock; False if it has attached to another Stack, which is up."""
        async with asyncio.timeout(ATTACH_TIMEOUT):
            while not self.home.try_lock():
                env = self.home.read_env()
                if env is not None:
                    self.env, self.attached = env, True
                    self._progress(f"already running; addresses in {self.home.env_file}")
                    return False
                await asyncio.sleep(0.1)
        return True

    async def _start(self) -> None:
        self.home.env_file.unlink(missing_ok=True)
        await asyncio.to_thread(end_leftovers, self.home)
        platform = Platform(self.home, self._parts, self._commands, self._temporal, ui=self._ui)
        self.env = platform.env()
        if scanner := os.environ.get(SCANNER):  # not a part of the stack, but the worker and the doctor use it
            self.env[SCANNER] = scanner
        parts = platform.parts()
        self._children = {part.name: Child(part, self.home, self._environment(part), self._progress) for part in parts}
        for part in parts:
            after = [self._children[name].ready for name in part.process.after if name in self._children]
            self._tasks[part.name] = asyncio.create_task(self._children[part.name].supervise(after))
        started = time.monotonic()

        async def announce(part: str, child: Child) -> None:
            await child.started
            self._progress(f"{part} ready after {time.monotonic() - started:.1f} s")

        await asyncio.gather(*(announce(part, child) for part, child in self._children.items()))
        if self._stock is not None:
            await self._stock(self)
        self.home.write_env(self.env)
        if TEMPORAL_UI in self.env:
            self._progress(f"Temporal's web UI: {self.env[TEMPORAL_UI]}")
        self._progress(f"up; addresses in {self.home.env_file}")

    def _environment(self, part: Part) -> dict[str, str]:
        # A profile or keys for another Temporal must not be combined with the address of ours.
        not_ours = _OF_TEMPORAL if "TEMPORAL_ADDRESS" in self.env else ()
        left = [key for key in os.environ if key not in self.env and not key.startswith(not_ours)]
        inherited = {key: os.environ[key] for key in left}
        granted = {key: value for key, value in self.env.items() if key in part.process.settings}
        ready_file = {"MOTCUA_READY_FILE": str(self.home.ready_file(part.name)), HOME_VARIABLE: str(self.home.root)}
        return {**inherited, **granted, **part.own, **ready_file}


async def up(stack: Stack) -> None:
    """Runs the stack until SIGINT or SIGTERM. Does nothing if another Stack is up."""

    async def held() -> None:
        async with stack:
            if not stack.attached:
                await stack.watch()

    task = asyncio.ensure_future(held())
    loop = asyncio.get_running_loop()
    # Cancelled once: a second Ctrl-C must not cut the clean stop short.
    stopping = asyncio.Event()

    def on_signal() -> None:
        if not stopping.is_set():
            stopping.set()
            task.cancel()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, on_signal)
    try:
        await task
    except asyncio.CancelledError:
        if not stopping.is_set():
            raise
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)
