"""The read model `standing`: for each stream, whether it is open, its calendar, and how long late news is awaited."""

from functools import lru_cache
from typing import Final
from uuid import UUID

from schemas.filing.state import Stage
from schemas.publishing.calendar import Calendar
from views.log import Connection

HAS_IT_NOW: Final = "select agency from event where stream = {stream} order by seq desc limit 1"
"""SQL: the agency that has a stream now: the one of its last event, since a filing may have been passed on."""

IN_FORCE: Final = "select name from calendar order by published_at desc limit 1"
"""SQL: the name of the calendar that was published last."""

KEPT: Final = 200
"""Size of the cache of parsed calendars: a published version never changes."""

_OPEN: Final = "from standing where kind = $2 and open and calendar <> $1"
_WATCHED: Final = "from standing where kind = $2 and not open and watched_until > now() and calendar <> $1"
"""SQL: a kind's open streams, and its ended streams still watched, on another calendar. Each query has an index."""

_PAGE: Final = "and stream > $3 order by stream limit $4"
# Few are watched. Without the CTE PostgreSQL would search all streams that ever existed for the next ones.
NEXT_ON_ANOTHER: Final = f"""
with watched as materialized (select stream {_WATCHED})
(select stream {_OPEN} {_PAGE}) union all (select stream from watched where true {_PAGE}) order by stream limit $4
"""  # noqa: S608 -- joined from statements of our own
"""SQL: the next running streams on another calendar: at most $4, after the stream $3, which is empty at first."""

COUNT_ON_ANOTHER: Final = f"select (select count(*) {_OPEN}) + (select count(*) {_WATCHED})"

_CALENDAR: Final = """
select body from standing s join calendar c on c.name = s.calendar
where s.stream = $1 and (c.agency in ('', s.agency) or starts_with(s.agency, c.agency || '.'))
order by length(c.agency) desc limit 1
"""


async def is_closed(connection: Connection, stream: str) -> bool:
    """Returns whether the read model lists this stream as closed; False for an unknown stream."""
    return bool(await connection.fetchval("select not open from standing where stream = $1", stream))


async def stands_still(connection: Connection, filing_id: UUID) -> bool:
    """Returns whether a complaint has stayed the disputed act, so that nothing of this filing may be signed."""
    return bool(
        await connection.fetchval("select stage = $2 from filing where filing_id = $1", filing_id, Stage.STAYED)
    )


async def calendar_of(connection: Connection, stream: str) -> Calendar | None:
    """Returns the calendar that a stream uses now, as it applies to the stream's agency; None for an unknown stream."""
    body = await connection.fetchval(_CALENDAR, stream)
    return None if body is None else read_calendar(body)


@lru_cache(KEPT)
def read_calendar(published: bytes) -> Calendar:
    """Returns a published calendar, parsed; cached, since many streams use the same one."""
    return Calendar.model_validate_json(published)
