"""The events of the record in their one order, as the leaves of a log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from activities.checkpoints.place import CheckpointError, Fault
from activities.ledger.sequencer import position_appends
from rules.proof.leaf import Leaf
from views.log import Connection
from views.order import events_after

PAGE: Final = 5_120
"""Leaves that are read at once: twenty bundles."""

_LAST: Final = "select coalesce(max(position), 0) from position"


async def position_all(connection: Connection) -> None:
    """Give positions to what was appended and has none yet, unless somebody else is at it."""
    while await position_appends(connection):
        pass


async def last_position(connection: Connection) -> int:
    """The last position that there is: by the rows, whatever the sequencer counts."""
    return int(await connection.fetchval(_LAST))


async def leaves(connection: Connection, after: int, last: int) -> AsyncIterator[list[Leaf | None]]:
    """The leaves of the positions after one, as far as another, page by page; None where there is no event."""
    for start in range(after, last, PAGE):
        end = min(start + PAGE, last)
        found: list[Leaf | None] = [None] * (end - start)
        for one in await events_after(connection, start, end - start):
            if one.position <= end and one.hash is not None:
                found[one.position - start - 1] = Leaf(one.stream, one.seq, one.hash)
        yield found


async def whole_leaves(connection: Connection, after: int, last: int) -> AsyncIterator[list[Leaf]]:
    """The same. Raises `CheckpointError` where there is no event."""
    async for page in leaves(connection, after, last):
        whole = [leaf for leaf in page if leaf is not None]
        if len(whole) != len(page):
            raise CheckpointError(Fault.NO_ORDER, "a position of the record has no event; see: motcua ledger verify")
        yield whole
