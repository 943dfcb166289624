"""The deletion of findings that no event needs any more, by the owner of the tables: the application only adds them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from console.connecting import Connection

KEPT: Final = timedelta(days=30)
"""The time for which findings are kept after the last event of a stream that has ended, or if it never began."""
PAGE: Final = 500
"""Streams whose findings one statement deletes."""


async def sweep(connection: Connection) -> int:
    """Deletes old findings page by page; returns their number. It may be interrupted, and run beside another."""
    deleted = 0
    after: str | None = ""
    while after is not None:
        [[after, gone]] = await connection.fetch(_SWEEP, after, PAGE, KEPT)
        deleted += gone
    return deleted


# A stream that is still watched has not ended: until then a finding may know of money that no event states.
_SWEEP: Final = """
with page as materialized (
    select distinct stream from finding where stream > $1 order by stream limit $2
), gone as (
    delete from finding
    where stream = any (array(select stream from page)) and at < clock_timestamp() - $3::interval and not exists (
        select from stream left join standing using (stream)
        where stream.stream = finding.stream and (
            open is not false or watched_until is not null or stream.head_at > clock_timestamp() - $3::interval
        )
    )
    returning 1
)
select max(stream), (select count(*) from gone) from page
"""
