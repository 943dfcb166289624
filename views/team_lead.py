"""What a team lead may read: what is due and late in an agency, and who has how much of it."""

from __future__ import annotations

from typing import Final

from schemas.base import AgencyCode
from schemas.reading import AskTasks, Page, TaskSummary, Workload
from views.log import Log
from views.officer import tasks


async def late(log: Log, agency: AgencyCode, after: str | None = None, limit: int = 100) -> Page[TaskSummary]:
    """The tasks of an agency that are late, what was due first first."""
    return await tasks(log, AskTasks(agency=agency, overdue=True, after=after, limit=limit))


async def workload(log: Log, agency: AgencyCode) -> tuple[Workload, ...]:
    """How many tasks each officer has claimed, and each role has unclaimed."""
    rows = await log.connection.fetch(_WORKLOAD, agency)
    return tuple(Workload.model_validate(dict(row)) for row in rows)


_WORKLOAD: Final = """
select role, officer, count(*) as tasks, count(*) filter (where overdue) as late from task
where agency = $1 group by role, officer order by role, officer nulls first
"""
