"""The one order of all events: what is committed gets its position, one after the other without a hole.

The database does it (`position_appends`, docs/ledger.md), in a transaction that ends with the call: whoever dies here
leaves nothing half done, and holds up nobody.
"""

from __future__ import annotations

from typing import Final

from views.log import Connection

MOST: Final = 2_000
"""Appends that get their positions in one transaction."""

_POSITION: Final = "select position_appends($1)"


async def position_appends(connection: Connection) -> int:
    """Give the appends that have waited longest their positions; how many they were, at most `MOST`.

    0 if there are none, or somebody else is at it. As many as are wanted may call it at once.
    """
    return int(await connection.fetchval(_POSITION, MOST))
