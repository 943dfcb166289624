"""The total order of all events: committed events get consecutive positions without a gap (docs/ledger.md).

The database assigns them in a transaction that ends with the call: a process that dies blocks nobody.
"""

from typing import Final

from views.log import Connection

MOST: Final = 2_000
"""Appends that get their positions in one transaction."""


async def position_appends(connection: Connection) -> int:
    """Assigns positions to at most `MOST` appends, oldest first; returns their number, 0 also while others do so."""
    return int(await connection.fetchval("select position_appends($1)", MOST))


async def last_position(connection: Connection) -> int:
    """Returns the highest position among the rows, independent of the sequencer's own counter."""
    return int(await connection.fetchval("select coalesce(max(position), 0) from position"))
