"""Runs a side of a comparison in another process (`benchmarks/peer/asked.py`): starts it, requests rounds, ends it."""

from __future__ import annotations

import asyncio
import json
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from benchmarks.load import Round
from benchmarks.sides import Filed
from benchmarks.stage import gone

T = TypeVar("T")
_START_SECONDS: Final = 180
_SLOWEST: Final = 300
"""Seconds that a round may last beyond its planned time, to finish the slowest filing and end the open workflows."""
_STOP_SECONDS: Final = 90
_LONGEST_ANSWER: Final = 1 << 26
_LAST_LINES: Final = 25


class AskedError(Exception):
    """A side could not be set up, or a round of it failed: then no round of this side is compared."""


class SideProcess:
    """The process that plays one side of a comparison. `begun`: its first answer, once it is set up; None before."""

    def __init__(self, name: str, process: Process, errors: Path) -> None:
        self.name = name
        self.begun: Any = None
        self._process = process
        self._errors = errors

    async def begin(self) -> None:
        """Waits until the side is set up. Raises `AskedError`."""
        self.begun = await self._answer(_START_SECONDS)

    async def round(self, concurrency: int, seconds: float, **more: str) -> Round:
        """Have the side play one round; `more`: further fields of the request. Raises `AskedError`."""
        asked = json.dumps({"concurrency": concurrency, "seconds": seconds} | more)
        _pipe(self._process.stdin).write(f"{asked}\n".encode())
        found = await self._answer(seconds + _SLOWEST)
        filed = tuple(Filed(tuple(each["workflows"]), each["seconds"]) for each in found["filed"])
        return Round(self.name, concurrency, filed, found["seconds"], found["cpu_ms"])

    async def _answer(self, patience: float) -> Any:
        try:
            async with asyncio.timeout(patience):
                line = await _pipe(self._process.stdout).readline()
        except TimeoutError:
            raise self._failed(f"said nothing for {patience:.0f} s") from None
        if not line:
            raise self._failed(f"ended with exit {await self._process.wait()}")
        return json.loads(line)

    def _failed(self, how: str) -> AskedError:
        said = self._errors.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        return AskedError("\n".join([f"the side {self.name} {how}:", *said]))


@asynccontextmanager
async def running_side(
    name: str, command: Sequence[str | Path], folder: Path, env: Mapping[str, str]
) -> AsyncIterator[SideProcess]:
    """Runs the process that plays one side; yields it once it is set up. Raises `AskedError`."""
    with tempfile.TemporaryDirectory(prefix="motcua-bench-") as kept:
        errors = Path(kept) / "said.log"
        with errors.open("wb") as said:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env=env,
                stdin=PIPE,
                stdout=PIPE,
                stderr=said,
                limit=_LONGEST_ANSWER,
                # Ctrl-C ends only this process; the end of its stdin then ends the other one with all its parts.
                start_new_session=True,
            )
        try:
            side = SideProcess(name, process, errors)
            await side.begin()
            yield side
        finally:
            await _end(process)


async def _end(process: Process) -> None:
    _pipe(process.stdin).close()
    await gone(process, _STOP_SECONDS)


def _pipe(stream: T | None) -> T:
    if stream is None:
        raise RuntimeError("the process was started without its pipes")
    return stream
