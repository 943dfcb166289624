"""A host of the trial, and the processes that it keeps alive."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from console.home import Home
from deploy.stack.child import Child, Part
from tests.deploying.hosts import network
from tests.faults.processes import ENV

LONG: Final = 240.0
"""Seconds to wait for an expected state, on a busy machine."""


class Machine:
    """A host, named like its network namespace; its processes are started again when they die."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.home = Home(folder / name)
        self.home.create()
        self._running: dict[str, tuple[Child, asyncio.Task[None]]] = {}

    def start(self, part: Part, env: Mapping[str, str]) -> None:
        there = replace(part, command=[*network.within(self.name), *part.command])
        child = Child(there, self.home, {**ENV, **env}, self._tell)
        child.started.set_result(None)  # no bound of its own: the machine may be busy
        self._running[part.name] = child, asyncio.create_task(child.supervise([]))

    def has(self, name: str) -> bool:
        return name in self._running

    async def ready(self, name: str) -> None:
        await asyncio.wait_for(self._running[name][0].ready.wait(), LONG)

    async def stop(self, name: str) -> None:
        child, task = self._running.pop(name)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await child.stop()

    def pid(self, name: str) -> int:
        return int(self.home.pid_file(name).read_text(encoding="utf-8"))

    async def loses_power(self) -> None:
        tasks = [task for _, task in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(network.unplug, self.name)
        self._running.clear()

    def _tell(self, line: str) -> None:
        print(f"    {self.name}: {line}", flush=True)  # noqa: T201 -- for who watches


async def listens(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(network.ADDRESSES[host], port), 3)
    except OSError:
        return False
    writer.close()
    return True
