"""Switches all running streams to a published calendar, and reports the progress."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from activities.ledger.database import Pool
from activities.ledger.stream_status import COUNT_ON_ANOTHER, IN_FORCE, NEXT_ON_ANOTHER
from console.database import TIMEOUT
from motcua.calls.retry import patiently
from motcua.cli.answer import progress
from motcua.connection import connect
from motcua.errors import MotcuaError
from publishing.authoring.calendars import PublishedCalendar
from rules.streams import KINDS
from schemas.ids import TASK_QUEUE
from schemas.publishing.calendar import CalendarName
from schemas.stream.reprojection import REPROJECTION, Reproject, workflow_id
from schemas.translate import said
from views import primary

PATIENCE: Final = 20.0
"""The maximum number of seconds to wait for Temporal."""


async def start(temporal: Client, calendar: CalendarName) -> None:
    """Starts the workflow that switches all streams to this calendar, unless it runs already. Raises `MotcuaError`."""

    async def attempt(limit: Any) -> None:
        await temporal.start_workflow(
            REPROJECTION,
            Reproject(calendar=calendar),
            id=workflow_id(calendar),
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            rpc_timeout=limit,
        )

    await patiently(attempt, PATIENCE)


async def waiting(pool: Pool, calendar: CalendarName) -> dict[str, int]:
    """Returns the number of streams of each kind that still use another calendar."""
    return {kind: await pool.fetchval(COUNT_ON_ANOTHER, calendar, kind) for kind in KINDS}


async def first_waiting(pool: Pool, calendar: CalendarName, most: int) -> list[str]:
    """Returns at most `most` of the streams that still use another calendar."""
    pages = [await pool.fetch(NEXT_ON_ANOTHER, calendar, kind, "", most) for kind in KINDS]
    return [row["stream"] for page in pages for row in page][:most]


@dataclass(frozen=True)
class Turned:
    """The numbers of switched (`turned`) and remaining (`left`) streams by kind; `streams`: some remaining ones."""

    turned: dict[str, int]
    left: dict[str, int]
    streams: list[str]


async def turn(dsn: str, published: PublishedCalendar, patience: float) -> Turned:
    """Starts the switch of all streams; waits until none remains, or none has switched for `patience` seconds."""
    temporal = await connect()
    async with primary.create_pool(dsn, min_size=1, max_size=1, timeout=TIMEOUT, command_timeout=60) as pool:
        before = left = await waiting(pool, published.name)
        await start(temporal, published.name)
        with progress(what=said("label.projected_again")) as shown:
            moved = time.monotonic()
            while sum(left.values()) and time.monotonic() - moved < patience:
                await asyncio.sleep(1)
                if await pool.fetchval(IN_FORCE) != published.name:
                    raise MotcuaError("another calendar was published meanwhile, and is in force")
                still = await waiting(pool, published.name)
                moved, left = (time.monotonic() if still != left else moved), still
                shown(sum(before.values()) - sum(left.values()), sum(before.values()))
        turned = {kind: max(before[kind] - left[kind], 0) for kind in before}
        return Turned(turned, left, await first_waiting(pool, published.name, most=20))
