"""Another checkout of the project, such as that of an older commit: its filings, played by its own code.

It runs in processes of its own, with its own Python, stack, workers and client; `benchmarks/driver.py` plays it and
measures, as `benchmarks/load.py` does here.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from benchmarks.history import History
from benchmarks.load import Round
from benchmarks.sides import Filed

T = TypeVar("T")

DRIVER: Final = Path(__file__).with_name("driver.py")

_START_SECONDS: Final = 180
_SLOWEST: Final = 300
"""Seconds that a round may take beyond its own: the slowest filing, and ending what is left."""
_STOP_SECONDS: Final = 90
_LONGEST_ANSWER: Final = 1 << 26
_LAST_LINES: Final = 25


class ElsewhereError(Exception):
    """The other checkout can't be played, or a round of it failed: nothing is compared with what is left."""


class Elsewhere:
    """The other side: `history` is what one filing of it leaves."""

    name = "before"

    def __init__(self, checkout: Path, process: Process, errors: Path) -> None:
        self._checkout = checkout
        self._process = process
        self._errors = errors
        self.history = History(0, 0, {})

    async def begin(self) -> None:
        """Wait until it is set up. Raises `ElsewhereError`."""
        self.history = History(**await self._answer(_START_SECONDS))

    async def round(self, concurrency: int, seconds: float) -> Round:
        """Play one. Raises `ElsewhereError`."""
        asked = json.dumps({"concurrency": concurrency, "seconds": seconds})
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

    def _failed(self, how: str) -> ElsewhereError:
        said = self._errors.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        return ElsewhereError("\n".join([f"the benchmark of {self._checkout} {how}:", *said]))


def check(checkout: Path) -> Path:
    """Its whole path. Raise `ElsewhereError` unless this is a checkout that can be played."""
    if not (checkout / "benchmarks" / "stage.py").is_file():
        raise ElsewhereError(
            f"{checkout} is no checkout of this project with a benchmark: no benchmarks/stage.py there"
        )
    if not _python(checkout).is_file():
        raise ElsewhereError(f"{checkout} has no .venv of its own yet; run: make -C {checkout} setup")
    return checkout.absolute()


def _python(checkout: Path) -> Path:
    """Its own, with the libraries that its lock names."""
    return checkout / ".venv" / "bin" / "python"


@asynccontextmanager
async def elsewhere(checkout: Path) -> AsyncIterator[Elsewhere]:
    """The other checkout, set up beside us. Raises `ElsewhereError`."""
    folder = check(checkout)
    with tempfile.TemporaryDirectory(prefix="motcua-bench-") as kept:
        errors = Path(kept) / "driver.log"
        with errors.open("wb") as said:
            # -P: the driver's own folder is ours and must not be where modules are looked for.
            process = await asyncio.create_subprocess_exec(
                *(_python(folder), "-P", DRIVER, folder),
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(folder)},
                stdin=PIPE,
                stdout=PIPE,
                stderr=said,
                limit=_LONGEST_ANSWER,
                # Ctrl-C ends us, and the end of its stdin then ends it with all its parts.
                start_new_session=True,
            )
        try:
            side = Elsewhere(checkout, process, errors)
            await side.begin()
            yield side
        finally:
            await _end(process)


async def _end(process: Process) -> None:
    _pipe(process.stdin).close()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _pipe(stream: T | None) -> T:
    if stream is None:
        raise RuntimeError("the driver was started without its pipes")
    return stream
