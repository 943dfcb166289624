"""The total order of all events: committed events get consecutive positions without a gap.

The database assigns them (`position_appends`, docs/ledger.md), in a transaction that ends with the call: if the process
dies meanwhile, no position is half assigned and nobody is blocked.
"""

from __future__ import annotations

from typing import Final

from views.log import Connection

MOST: Final = 2_000
"""Appends that get their positions in one transaction."""

_POSITION: Final = "select position_appends($1)"


async def position_appends(connection: Connection) -> int:
    """Assigns positions to the oldest appends that have none; returns the number of these appends, at most `MOST`.

    Returns 0 if there are none, or if another process is assigning positions. Any number of processes may call it at
    once.
    """
    return int(await connection.fetchval(_POSITION, MOST))
