"""The same person's open filings for the same procedure: a warning to the officer, never a refusal."""

from __future__ import annotations

from typing import Final

from activities.ledger.database import Connection
from schemas.filing.events import Submitted
from schemas.stream.ledger import Batch

MOST: Final = 10
"""So many are named at most, the oldest first."""

_LOCKS: Final = "lock table stream in row exclusive mode; select pg_advisory_xact_lock({})"
"""The table first, as all appends do: whoever holds it may change the read models."""

_OPEN: Final = """
select code from filing
where person = $1 and procedure = $2 and filing_id <> $3 and closed_at is null order by submitted_at, code limit $4
"""


async def with_possible_duplicates(connection: Connection, batch: Batch, event: Submitted, person: bytes) -> Submitted:
    """The event with the codes of the person's open filings. Of two that come at once, one sees the other."""
    await connection.execute(_LOCKS.format(int.from_bytes(person[:8], "big", signed=True)))
    rows = await connection.fetch(_OPEN, person, event.procedure, batch.filing_id, MOST)
    return event.model_copy(update={"possible_duplicates": tuple(row["code"] for row in rows)})
