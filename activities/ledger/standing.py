"""Where streams stand, whatever their kind, as the read model `standing` has it: open, watching, on which calendar."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from schemas.publishing.calendar import Calendar
from views.log import Connection

IN_FORCE: Final = "select name from calendar order by published_at desc limit 1"
"""The calendar that was published last."""

KEPT: Final = 200
"""So many published versions are kept as they were read: they never change."""

_OPEN: Final = "from standing where kind = $2 and open and calendar <> $1"
_WATCHED: Final = "from standing where kind = $2 and not open and watched_until > now() and calendar <> $1"
"""The streams of a kind that run and go by another calendar than this one: each part by an index of its own."""

_PAGE: Final = "and stream > $3 order by stream limit $4"
# Few are watched. Left to itself PostgreSQL would look for the next of them among all streams that ever were.
NEXT_ON_ANOTHER: Final = f"""
with watched as materialized (select stream {_WATCHED})
(select stream {_OPEN} {_PAGE}) union all (select stream from watched where true {_PAGE}) order by stream limit $4
"""  # noqa: S608 -- joined from statements of our own
"""At most $4 of them that come after the stream $3, which is empty at the beginning."""

COUNT_ON_ANOTHER: Final = f"select (select count(*) {_OPEN}) + (select count(*) {_WATCHED})"


async def is_closed(connection: Connection, stream: str) -> bool:
    """Whether a stream is there and has nothing to do any more."""
    return bool(await connection.fetchval("select not open from standing where stream = $1", stream))


_CALENDAR: Final = """
select body from standing s join calendar c on c.name = s.calendar
where s.stream = $1 and (c.agency in ('', s.agency) or starts_with(s.agency, c.agency || '.'))
order by length(c.agency) desc limit 1
"""


async def calendar_of(connection: Connection, stream: str) -> Calendar | None:
    """The calendar by which a stream goes now, as it is for its agency; None for one that is not there."""
    body = await connection.fetchval(_CALENDAR, stream)
    return None if body is None else read_calendar(body)


@lru_cache(KEPT)
def read_calendar(published: bytes) -> Calendar:
    """Read once what many streams go by."""
    return Calendar.model_validate_json(published)
