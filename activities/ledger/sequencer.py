"""The total order of all events, and the chain of the rows of tables beside the log (docs/ledger.md).

The database assigns the positions in a transaction that ends with the call, so a process that dies blocks no other
process.
"""

from typing import Final

from views.log import Connection

MOST: Final = 2_000
"""The maximum number of appends, or of rows, that get their places in one transaction."""


async def position_appends(connection: Connection) -> int:
    """Assigns positions to at most `MOST` appends, oldest first. Returns their number; 0 during another such call."""
    return int(await connection.fetchval("select position_appends($1)", MOST))


async def chain_rows(connection: Connection) -> int:
    """Chains at most `MOST` rows in one batch, oldest first. Returns their number; 0 during another such call."""
    return int(await connection.fetchval("select chain_rows($1)", MOST))


async def last_position(connection: Connection) -> int:
    """Returns the highest position among the rows, independent of the sequencer's own counter."""
    return int(await connection.fetchval("select coalesce(max(position), 0) from position"))
