"""What anybody may read: nothing of it identifies a person."""

from __future__ import annotations

from typing import Any, Final

import asyncpg

from schemas.filing.state import STATUS_NAMES, Status
from schemas.reading import Count
from views.log import Log


async def counts(log: Log, agency: str | None = None) -> tuple[Count, ...]:
    """How many open filings there are, by agency and status."""
    rows = await log.connection.fetch(_COUNTS, agency)
    return tuple(Count.model_validate(named(row)) for row in rows)


def named(row: asyncpg.Record) -> dict[str, Any]:
    """A row with a `status`, and that by its name."""
    return dict(row) | {"status_name": STATUS_NAMES[Status(row["status"])]}


_COUNTS: Final = """
select agency, status, count(*) as filings, count(*) filter (where overdue <> '{}') as late from filing
where closed_at is null and ($1::text is null or agency = $1) group by agency, status order by agency, status
"""
