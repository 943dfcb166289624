"""What a team lead may read beside the tasks of the agency: who has how many of them, and how many are late."""

from __future__ import annotations

from typing import Final

from schemas.base import AgencyCode
from schemas.reading import Workload
from views.log import Log


async def workload(log: Log, agency: AgencyCode) -> tuple[Workload, ...]:
    """How many tasks each officer has claimed, and each role has unclaimed."""
    rows = await log.connection.fetch(_WORKLOAD, agency)
    return tuple(Workload.model_validate(dict(row)) for row in rows)


_WORKLOAD: Final = """
select role, officer, count(*) as tasks, count(*) filter (where overdue) as late from task
where agency = $1 group by role, officer order by role, officer nulls first
"""
