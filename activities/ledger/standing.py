"""Where streams stand, whatever their kind, as the read model `standing` has it: open, watching, on which calendar."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from schemas.publishing.calendar import Calendar
from views.log import Connection

IN_FORCE: Final = "select name from calendar order by published_at desc limit 1"
"""The calendar that was published last."""

_ON_ANOTHER: Final = """
from standing where kind = $2 and calendar <> $1 and (open or watched_until > now())
"""
"""The streams of a kind that run and go by another calendar than this one."""

NEXT_ON_ANOTHER: Final = f"select stream {_ON_ANOTHER} and stream > $3 order by stream limit $4"
"""At most $4 of them that come after the stream $3, which is empty at the beginning."""

COUNT_ON_ANOTHER: Final = f"select count(*) {_ON_ANOTHER}"


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
    return None if body is None else _read(body)


@lru_cache(maxsize=128)
def _read(body: str) -> Calendar:
    """Read once what many streams go by."""
    return Calendar.model_validate_json(body)
