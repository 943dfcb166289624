"""The change of all running streams to a published calendar, and its progress."""

from typing import Any, Final

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from activities.ledger.database import Pool
from activities.ledger.stream_status import COUNT_ON_ANOTHER, IN_FORCE, NEXT_ON_ANOTHER
from motcua.calls.retry import patiently
from rules.streams import KINDS
from schemas.ids import TASK_QUEUE
from schemas.publishing.calendar import CalendarName
from schemas.stream.reprojection import REPROJECTION, Reproject, workflow_id

PATIENCE: Final = 20.0
"""Seconds of waiting for Temporal."""


async def start(temporal: Client, calendar: CalendarName) -> None:
    """Starts the batch, unless it runs already. Raises `MotcuaError`."""

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


async def in_force(pool: Pool) -> CalendarName | None:
    """Returns the calendar published last; None if there is none."""
    name: str | None = await pool.fetchval(IN_FORCE)
    return name


async def waiting(pool: Pool, calendar: CalendarName) -> dict[str, int]:
    """Returns the number of streams of each kind that still use another calendar."""
    return {kind: await pool.fetchval(COUNT_ON_ANOTHER, calendar, kind) for kind in KINDS}


async def first_waiting(pool: Pool, calendar: CalendarName, most: int) -> list[str]:
    """Returns at most `most` of the streams that still use another calendar."""
    pages = [await pool.fetch(NEXT_ON_ANOTHER, calendar, kind, "", most) for kind in KINDS]
    return [row["stream"] for page in pages for row in page][:most]
