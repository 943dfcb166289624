"""The check for tills of earlier days that are still open: nobody has counted their cash."""

from typing import Final

from operations.doctor.finding import Finding, ok, warn
from operations.doctor.surroundings import Surroundings

_LEFT: Final = """
select till.agency, count(*) as tills, min(till.number) as first
from till_open join till using (number)
where (opened_at at time zone 'Asia/Ho_Chi_Minh')::date < (now() at time zone 'Asia/Ho_Chi_Minh')::date
group by till.agency order by till.agency
"""


async def tills(around: Surroundings) -> list[Finding]:
    """Reports, by agency, the tills that were opened on an earlier day and are not closed."""
    async with around.record() as connection:
        rows = await connection.fetch(_LEFT)
    found = [warn("doctor.tills.left", agency=agency, tills=tills, first=first) for agency, tills, first in rows]
    return found or [ok("doctor.tills.none")]
