"""Serves HTTP until the process is stopped: the common part of the gateway's and the door's processes."""

import asyncio
import resource
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import uvicorn

from gateway.connections import Connections, bounded
from motcua.health import keep_health
from motcua.stopping import GRACE


class Server(uvicorn.Server):
    """A server that reports when it is ready, and leaves the handling of signals to its process."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _open_as_many_files_as_possible() -> None:
    """Raises the limit of open files to the highest allowed: each connection needs one; 1,024 is a usual limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def listening(host: str, port: int) -> socket.socket:
    """Returns a socket that listens at this address. Raises `RuntimeError` if the port is taken."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise RuntimeError(f"{host}:{port}: {error.strerror}") from None


@dataclass(frozen=True)
class Service:
    """An HTTP server. `works`: returns whether the process can do its work; called periodically (`motcua.health`)."""

    app: Any
    listener: socket.socket
    connections: Connections
    ready_file: str | None
    works: Callable[[], Awaitable[bool]]

    async def serve(self, stop: asyncio.Event, beside: Coroutine[Any, Any, None] | None = None) -> None:
        """Serves until `stop` is set, then finishes open requests. `beside` runs until the server has ended."""
        _open_as_many_files_as_possible()
        started = asyncio.Event()
        config = uvicorn.Config(
            self.app,
            http=bounded(self.connections),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=int(GRACE.total_seconds()),
        )
        server = Server(config, started.set)
        serving = asyncio.create_task(server.serve([self.listener]))
        others = [asyncio.create_task(self._tell_health(started))]
        others += [] if beside is None else [asyncio.create_task(beside)]
        await asyncio.wait({serving, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
        for other in others:
            other.cancel()
            with suppress(asyncio.CancelledError):
                await other

    async def _tell_health(self, started: asyncio.Event) -> None:
        await started.wait()
        await keep_health(self.ready_file, self.works)
