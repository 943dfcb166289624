"""The platform worker: `python -m workers.platform`."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import structlog
import uvloop

from motcua.connection import connect
from workers.memory import settle
from workers.settings import WorkerSettings
from workers.telemetry import configure_engine, configure_logging
from workers.wiring import activities, platform_worker

_log = structlog.stdlib.get_logger("motcua.worker")


async def main() -> None:
    """Serve until told to stop, then finish what is under way."""
    settle()
    settings = WorkerSettings()
    client = await connect(lazy=False)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with activities(settings) as functions, platform_worker(client, functions, settings):
        _ready(settings)
        _log.info("worker.ready", part="worker")
        await stop.wait()
        _log.info("worker.stopping", part="worker")


def _ready(settings: WorkerSettings) -> None:
    if settings.ready_file:
        Path(settings.ready_file).touch()


if __name__ == "__main__":
    configure_logging()
    configure_engine()
    uvloop.run(main())
