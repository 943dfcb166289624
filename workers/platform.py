"""The platform worker: `python -m workers.platform`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import asyncpg
import structlog
import uvloop
from temporalio.client import Client
from temporalio.service import RPCError

from motcua.connection import connect
from motcua.errors import MotcuaError
from motcua.stopping import on_stop_signals
from recovery.builds import Builds
from recovery.schedule import keep_healing
from workers.memory import settle
from workers.settings import WorkerSettings
from workers.telemetry import configure_engine, configure_logging
from workers.wiring import activities, open_pool, versioned_worker

_FOR_THE_RELEASE: Final = 20.0
"""Seconds: with many filings to take over the worker is ready before it is done."""

_log = structlog.stdlib.get_logger("motcua.worker")


async def main() -> None:
    """Serve until told to stop, then finish what is under way: it ends within ten seconds."""
    settle()
    settings = WorkerSettings()
    client = await connect(lazy=False)
    stop = asyncio.Event()
    on_stop_signals(stop)
    async with activities(settings) as functions, versioned_worker(client, functions, settings):
        releasing = asyncio.create_task(_release(client, settings))
        await asyncio.wait({releasing}, timeout=_FOR_THE_RELEASE)
        await _heal(client)
        _ready(settings)
        _log.info("worker.ready", part="worker", build=settings.build)
        await stop.wait()
        _log.info("worker.stopping", part="worker")
        releasing.cancel()


async def _release(client: Client, settings: WorkerSettings) -> None:
    """Hand everything to this build if that is wanted, or if nothing is handed to any: nobody took new filings then."""
    async with open_pool(settings) as pool:
        builds = Builds(pool, client)
        try:
            if settings.release or await builds.current() is None:
                await builds.release(settings.build, _tell)
        except (MotcuaError, RPCError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            _log.error("build.not_released", part="worker", build=settings.build, error=type(error).__name__)


def _tell(left: int, still_there: int) -> None:
    _log.info("build.draining", part="worker", left=left, still_there=still_there)


async def _heal(client: Client) -> None:
    """Filings come first: a worker that may not make schedules works all the same, and `motcua doctor` tells."""
    try:
        await keep_healing(client)
    except MotcuaError as error:
        _log.warning("healing.not_scheduled", reason=str(error))


def _ready(settings: WorkerSettings) -> None:
    if settings.ready_file:
        Path(settings.ready_file).touch()


if __name__ == "__main__":
    configure_logging()
    configure_engine()
    uvloop.run(main())
