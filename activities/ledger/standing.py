"""Where streams stand, whatever their kind, as the read model `standing` has it: open, watching, on which calendar."""

from __future__ import annotations

from typing import Final

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
