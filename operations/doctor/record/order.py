"""The check that appends get their position in the order of all events."""

from typing import Final

from operations.doctor.finding import Finding, fail, ok
from operations.doctor.surroundings import Surroundings

LONG: Final = 60
"""The seconds after which an append without a position shows that no relay runs."""

_WAITING: Final = """
select count(*), count(*) filter (where recorded_at < clock_timestamp() - make_interval(secs => $1)) from unpositioned
"""


async def order(around: Surroundings) -> list[Finding]:
    """Reports the number of appends that wait for their position. It is a failure if any of them waits for long."""
    async with around.record() as connection:
        row = await connection.fetchrow(_WAITING, LONG)
    waiting, long = row.values() if row else (0, 0)
    if long:
        return [fail("doctor.order.waiting", appends=long, seconds=LONG)]
    return [ok("doctor.order.level", appends=waiting)]
