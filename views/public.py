"""What anybody may read: nothing of it identifies a person."""

from __future__ import annotations

from typing import Final

from schemas.filing.state import STATUS_NAMES, Status
from schemas.reading import Count
from views.log import Log


async def counts(log: Log, agency: str | None = None) -> tuple[Count, ...]:
    """How many open filings there are, by agency and status."""
    rows = await log.connection.fetch(_COUNTS, agency)
    return tuple(Count.model_validate(dict(row) | {"status_name": STATUS_NAMES[Status(row["status"])]}) for row in rows)


_COUNTS: Final = """
select agency, status, count(*) as filings, count(*) filter (where overdue <> '{}') as late from filing
where closed_at is null and ($1::text is null or agency = $1) group by agency, status order by agency, status
"""
