"""Having every running filing, payment and parcel go by a calendar that was published, and seeing how far that is."""

from __future__ import annotations

from typing import Any, Final

import asyncpg
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from activities.unfinished import ON_ANOTHER
from motcua.patience import patiently
from schemas.calendar import CalendarName
from schemas.ids import TASK_QUEUE
from schemas.reprojection import KINDS, Reproject, command_id, workflow_id

PATIENCE: Final = 20.0
"""Seconds for which Temporal is waited for."""


async def start(temporal: Client, calendar: CalendarName) -> None:
    """Start the batch, or find that it runs. Raises `MotcuaError`."""

    async def attempt(limit: Any) -> None:
        await temporal.start_workflow(
            "Reprojection",
            Reproject(calendar=calendar),
            id=workflow_id(calendar),
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            rpc_timeout=limit,
        )

    await patiently(attempt, PATIENCE)


async def waiting(pool: asyncpg.Pool[asyncpg.Record], calendar: CalendarName) -> dict[str, int]:
    """How many of each kind go by another calendar still."""
    return {
        kind: await pool.fetchval(f"select count(*) from ({ON_ANOTHER[kind]}) as waiting", None, calendar)  # noqa: S608 -- joined from statements of our own
        for kind in KINDS
    }


async def turned(pool: asyncpg.Pool[asyncpg.Record], calendar: CalendarName) -> dict[str, int]:
    """How many of each kind have recorded the change to this calendar, ever."""
    rows = await pool.fetch(_TURNED, command_id(calendar))
    return dict.fromkeys(KINDS, 0) | {row["kind"]: row["turned"] for row in rows}


_TURNED: Final = """
select split_part(stream, ':', 1) as kind, count(*) as turned from receipt where command_id = $1 group by 1
"""
