"""The total order of all events: committed events get consecutive positions without a gap.

The database does it (`position_appends`, docs/ledger.md), in a transaction that ends with the call: a process that dies
here leaves nothing half done, and blocks nobody.
"""

from __future__ import annotations

from typing import Final

from views.log import Connection

MOST: Final = 2_000
"""Appends that get their positions in one transaction."""

_POSITION: Final = "select position_appends($1)"


async def position_appends(connection: Connection) -> int:
    """Gives the oldest appends without a position theirs; returns how many they were, at most `MOST`.

    Returns 0 if there are none, or if another process is doing it. Any number of processes may call it at once.
    """
    return int(await connection.fetchval(_POSITION, MOST))
