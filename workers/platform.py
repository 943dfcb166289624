"""The platform worker: `python -m workers.platform`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

import asyncpg
import structlog
import uvloop
from temporalio.client import Client
from temporalio.service import RPCError

from activities.ledger.database import Pool
from activities.ledger.health import record_works
from motcua.connection import connect
from motcua.errors import MotcuaError
from motcua.health import keep_health
from motcua.payloads.key_ring import ring_here
from motcua.stopping import on_stop_signals
from motcua.tracing.setting import called
from recovery.builds import Builds
from recovery.codec_keys import KeyNotHereError, announce, expect_current
from recovery.schedule import keep_checkpoints, keep_healing
from views import primary
from views.log import DATABASE_ERRORS
from workers.memory import settle
from workers.settings import WorkerSettings
from workers.telemetry import configure_engine, configure_logging
from workers.wiring import COMMAND_SECONDS, activities, open_pool, open_vault, versioned_worker

_LONGEST_START: Final = 20.0
"""The maximum seconds until the worker reports ready, if the record answers, even if it has filings to take over."""
_EVERY: Final = 5.0
_PASSING: Final = (MotcuaError, RPCError, *DATABASE_ERRORS, OSError, RuntimeError)

_log = structlog.stdlib.get_logger("motcua.worker")


async def main() -> None:
    """Serves until a stop signal, then finishes its current work within ten seconds."""
    settle()
    called("motcua-worker")
    settings = WorkerSettings()
    client = await connect(lazy=False)
    stop = asyncio.Event()
    on_stop_signals(stop)
    async with _record(settings) as record:  # so that workers without this worker's key stop before its first use
        seconds = await announce(record, ring_here())
    await asyncio.sleep(seconds)
    async with (
        activities(settings) as functions,
        versioned_worker(client, functions, settings),
        open_pool(settings) as pool,
        open_vault(settings) as vault,
    ):
        handed = asyncio.Event()
        keeping = asyncio.create_task(_keep(client, pool, settings, handed))
        watching = asyncio.create_task(_watch_keys(settings, stop))
        with suppress(TimeoutError):
            await asyncio.wait_for(handed.wait(), _LONGEST_START)
        health = asyncio.create_task(keep_health(settings.ready_file, partial(record_works, pool, vault)))
        _log.info("worker.ready", part="worker", build=settings.build)
        await stop.wait()
        _log.info("worker.stopping", part="worker")
        health.cancel()
        keeping.cancel()
        if watching.done():
            watching.result()
        watching.cancel()


async def _watch_keys(settings: WorkerSettings, stop: asyncio.Event) -> None:
    """Stops this worker if others use an encryption key that it lacks. Raises `KeyNotHereError`."""
    ring = ring_here()
    while True:
        try:
            async with _record(settings) as record:
                await expect_current(record, ring)
        except KeyNotHereError as error:
            _log.error("codec.key_missing", part="worker", reason=str(error))
            stop.set()
            raise
        except _PASSING as error:
            _log.warning("codec.not_known", part="worker", reason=type(error).__name__)
        await asyncio.sleep(_EVERY)


@asynccontextmanager
async def _record(settings: WorkerSettings) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await primary.connect(
        settings.database_url.get_secret_value(), timeout=COMMAND_SECONDS, command_timeout=COMMAND_SECONDS
    )
    try:
        yield connection
    finally:
        await connection.close()


async def _keep(client: Client, pool: Pool, settings: WorkerSettings, handed: asyncio.Event) -> None:
    """Ensures that a build is promoted, and that healing and checkpoints are scheduled; then sets `handed`.

    Checks this again and again, since a Temporal that is reset loses all of them while the workers keep running.
    """
    wanted = settings.release

    def draining(left: int, still_there: int) -> None:
        _log.info("build.draining", part="worker", left=left, still_there=still_there)

    builds = Builds(pool, client)
    while True:
        try:
            if new := wanted or await builds.current() is None:
                await builds.release(settings.build, draining)
            if new or not handed.is_set():
                await keep_healing(client)
                if settings.checkpoints:
                    await keep_checkpoints(client, settings.checkpoint_minutes)
            wanted = False
        except _PASSING as error:
            _log.warning("build.not_released", part="worker", build=settings.build, reason=type(error).__name__)
        else:
            handed.set()
        await asyncio.sleep(_EVERY)


if __name__ == "__main__":
    configure_logging()
    configure_engine()
    uvloop.run(main())
