"""Starts the engine over a restored record: a Temporal and a worker of the drill's own, which reach no partner."""

import asyncio
import time
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg
from temporalio.client import Client

from deploy.drill.scratch import Scratch
from deploy.drill.sources import Sources
from deploy.drill.verifying import Problem
from deploy.stack import Stack
from motcua.errors import MotcuaError
from motcua.payloads.codec import sealing
from motcua.payloads.converter import data_converter
from recovery.behind import seen
from recovery.histories import each
from recovery.restart import Restarter
from workers.settings import Identity, WorkerSettings
from workers.wiring import activities, platform_worker

NOWHERE: Final = "http://127.0.0.1:1"
"""The address for bank and post in the drill: no server listens there."""
READS: Final = 120.0
"""Seconds within which a started workflow must have read its log."""
POLL: Final = 0.2


class Begun(NamedTuple):
    """The number of workflows that were started and have read their log; and a problem for each other one."""

    started: int
    problems: list[Problem]


async def start_over(scratch: Scratch, sources: Sources, dsn: str) -> Begun:
    """Starts, from the log, the workflow of every stream with work left, except streams whose key is withheld."""
    async with Stack(scratch.own("engine"), parts=("temporal",)) as stack:
        temporal = await Client.connect(
            stack.env["TEMPORAL_ADDRESS"], data_converter=sealing(data_converter, sources.ring)
        )
        settings = _settings(scratch.own("objects"), sources, dsn)
        async with (
            activities(settings) as functions,
            platform_worker(temporal, functions, settings),
            asyncpg.create_pool(dsn, min_size=0, max_size=10) as pool,
        ):
            restarter = Restarter(pool, temporal)
            streams = await _unfinished(restarter, pool)
            problems = [one for one in await each(partial(_start, restarter, temporal), streams) if one is not None]
            return Begun(len(streams) - len(problems), problems)


def _settings(objects: Path, sources: Sources, dsn: str) -> WorkerSettings:
    names = {name.removeprefix("MOTCUA_").lower(): value for name, value in sources.keys.items()}
    addresses = {"database_url": dsn, "objects": objects.as_uri(), "bank_url": NOWHERE, "post_url": NOWHERE}
    return WorkerSettings.model_validate(names | addresses | {"identity": Identity.OFF})


async def _unfinished(restarter: Restarter, pool: "asyncpg.Pool[asyncpg.Record]") -> list[str]:
    """Returns the streams with work left and a readable key. A filing's other streams come before the filing's own."""
    found: dict[str, None] = {}
    for kind in reversed(tuple(restarter.kinds)):
        async for page in restarter.all_unfinished(kind):
            found |= dict.fromkeys(page)
    rows = await pool.fetch(_READABLE, list(found))
    readable = {row["stream"] for row in rows}
    return [stream for stream in found if stream in readable]


async def _start(restarter: Restarter, temporal: Client, stream: str) -> Problem | None:
    try:
        await restarter.restart(stream)
    except MotcuaError:
        return Problem("engine", stream, "not_started")
    until = time.monotonic() + READS
    while (await seen(temporal, stream)).seq is None:
        if time.monotonic() > until:
            return Problem("engine", stream, "log_not_read")
        await asyncio.sleep(POLL)
    return None


_READABLE: Final = "select stream from stream join filing_key using (filing_id) where stream = any($1)"
