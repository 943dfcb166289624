"""Our programs as processes for tests: copies of one process that has imported everything (`tests/fork_server.py`).

The imports of a command or a worker take a second of CPU or more, longer than most of them run. A copy behaves
like `python -m`: environment, folder, arguments and exit code are its own, and any signal ends it. But it runs no
`atexit` handlers, and a module that reads the environment at its import saw that of the parent process.
"""

import asyncio
import contextlib
import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT
from typing import IO, Any, Final, cast

ROOT: Final = Path(__file__).parents[1]
"""The checkout, not imported from `tests/conftest.py`: every copy would import pytest and hypothesis with it."""


class Forked:
    """A running program, with the part of `asyncio.subprocess.Process` that tests use."""

    def __init__(self, process: ForkServerProcess, said: Mapping[int, IO[bytes]]) -> None:
        self.pid: Final = cast("int", process.pid)
        self._process = process
        self._said = said
        self._read: dict[int, bytes] = {}
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._loop.add_reader(process.sentinel, self._see_end)

    @property
    def returncode(self) -> int | None:
        """The exit code, or the negative number of the signal that ended the program; None while the program runs."""
        return self._process.exitcode

    def send_signal(self, which: int) -> None:
        """Sends the program a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, which)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Waits for the end; returns the exit code."""
        await self._ended.wait()
        return cast("int", self.returncode)

    async def communicate(self) -> tuple[bytes, bytes]:
        """Waits for the end; returns stdout and stderr, empty unless they are a `PIPE`."""
        await self.wait()
        return self._read.get(1, b""), self._read.get(2, b"")

    def _see_end(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        for number, file in self._said.items():
            with file:
                file.seek(0)
                self._read[number] = file.read()
        self._ended.set()


def forked(
    module: str,
    *arguments: str | Path,
    env: Mapping[str, str],
    cwd: Path = ROOT,
    stdout: IO[bytes] | int | None = None,
    stderr: IO[bytes] | int | None = None,
) -> Forked:
    """Starts `python -m module`, which can import our packages; output to a `PIPE` can be read after its end."""
    piped = [n for n, to in ((1, stdout), (2, stderr)) if to == PIPE]
    said: dict[int, IO[bytes]] = {n: tempfile.TemporaryFile() for n in piped}  # noqa: SIM115 -- closed when it was read
    out, err = said.get(1, stdout), said.get(2, stderr)
    words, found = (module, *map(str, arguments)), {"PYTHONPATH": str(ROOT), **env}
    return Forked(copied(words, found, {1: out, 2: out if stderr == STDOUT else err}, cwd), said)


def copied(
    program: tuple[str, ...],
    env: Mapping[str, str],
    files: Mapping[int, IO[bytes] | int | None],
    cwd: Path = ROOT,
    *,
    daemon: bool = False,
) -> ForkServerProcess:
    """Starts `python -m` with these arguments, without an event loop. A `daemon` ends with the tests at the latest."""
    outputs = {n: _Output(file) for n, file in files.items() if file is not None}
    process = _context().Process(target=_run, args=(program, dict(env), cwd, outputs), daemon=daemon)
    process.start()
    return process


class _Output:
    """An output file that is passed to the copy, where the number of its descriptor stands for it."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __reduce__(self) -> tuple[Any, ...]:
        if self._file == DEVNULL:
            return os.open, (os.devnull, os.O_WRONLY)
        return _descriptor, (DupFd(self._file if isinstance(self._file, int) else self._file.fileno()),)


def _descriptor(sent: Any) -> int:
    return int(sent.detach())


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.fork_server"])
    with contextlib.chdir(ROOT):  # from where it imports
        forkserver.ensure_running()
    return context


def _run(program: tuple[str, ...], env: Mapping[str, str], cwd: Path, outputs: Mapping[int, int]) -> None:
    for number, descriptor in outputs.items():
        os.dup2(descriptor, number)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.path[:0] = [str(cwd), *filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv[:] = program
    try:
        runpy.run_module(program[0], run_name="__main__", alter_sys=True)
    except Exception:  # noqa: BLE001 -- as the interpreter does
        sys.excepthook(*sys.exc_info())
        raise SystemExit(1) from None
