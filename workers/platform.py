"""The platform worker: `python -m workers.platform`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog
import uvloop

from motcua.connection import connect
from motcua.stopping import on_stop_signals
from workers.memory import settle
from workers.settings import WorkerSettings
from workers.telemetry import configure_engine, configure_logging
from workers.wiring import activities, platform_worker

_log = structlog.stdlib.get_logger("motcua.worker")


async def main() -> None:
    """Serve until told to stop, then finish what is under way: it ends within ten seconds."""
    settle()
    settings = WorkerSettings()
    client = await connect(lazy=False)
    stop = asyncio.Event()
    on_stop_signals(stop)
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
