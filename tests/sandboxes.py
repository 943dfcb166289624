"""Sandbox servers as real processes on loopback."""

import os
import signal
import socket
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Self

import httpx

from tests.forked import copied


class Server:
    """One sandbox process, which runs in a `with` block; after `kill`, `start` uses the same port and data."""

    def __init__(self, module: str, data: Path, *options: str) -> None:
        self.data = data
        self.options = options
        self.output = data / "output.txt"
        self._port = free_port()
        self._program = (f"sandbox.{module}", "--port", str(self._port), "--data", str(data), *options)
        self._process: ForkServerProcess | None = None
        self.url = f"http://127.0.0.1:{self._port}"
        self.client = httpx.Client(base_url=self.url, trust_env=False)

    def __enter__(self) -> Self:
        self.data.mkdir(exist_ok=True)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        with self.output.open("ab") as output:
            self._process = copied(self._program, os.environ, {1: output, 2: output}, daemon=True)
        until(self._listening)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        assert self._process is not None
        assert self._process.pid is not None
        os.kill(self._process.pid, how)
        self._process.join(timeout=10)
        assert self._process.exitcode is not None

    def close(self) -> None:
        self.client.close()
        if self._process and self._process.exitcode is None:
            self.kill(signal.SIGTERM)

    def _listening(self) -> bool:
        assert self._process is not None
        assert self._process.exitcode is None, self.output.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
