"""The complaints about a filing, read from their own streams."""

from typing import Final

from rules.complaint.view import view
from schemas.complaint.state import Complaint, ComplaintView
from schemas.errors import NOT_FOUND, RefusalError
from views.log import Log


async def complaints(log: Log, filing: str) -> tuple[Complaint, ...]:
    """Returns the complaints about a filing, in the order in which they were made."""
    rows = await log.connection.fetch(_COMPLAINTS, filing)
    return tuple([(await log.read(row["stream"])).state for row in rows])


async def of_filing(log: Log, filing: str) -> tuple[ComplaintView, ...]:
    """Returns the views of a filing's complaints. `not_found` for a filing that the log does not hold."""
    if not await log.connection.fetchval("select true from event where stream = $1 and seq = 1", filing):
        raise RefusalError(NOT_FOUND)
    return tuple(view(one) for one in await complaints(log, filing))


_COMPLAINTS: Final = """
select stream from event where kind = 'complained'
    and filing_id = (select filing_id from stream where stream = $1 and head_seq > 0) order by recorded_at, stream
"""
