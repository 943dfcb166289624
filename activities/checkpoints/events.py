"""The events of the record in their total order, as the leaves of a transparency log."""

from collections.abc import AsyncIterator
from typing import Final

from activities.checkpoints.place import CheckpointError, Fault
from activities.ledger.sequencer import position_appends
from rules.proof.tree import Leaf
from views.log import Connection
from views.order import events_after

PAGE: Final = 5_120
"""Leaves read at once: twenty bundles."""


async def position_all(connection: Connection) -> None:
    """Assigns positions to all appended events that have none. Does nothing if another process is assigning them."""
    while await position_appends(connection):
        pass


async def last_position(connection: Connection) -> int:
    """Returns the highest position among the rows, independent of the sequencer's own counter."""
    return int(await connection.fetchval("select coalesce(max(position), 0) from position"))


async def whole_leaves(connection: Connection, after: int, last: int) -> AsyncIterator[list[Leaf]]:
    """Yields the leaves at the positions from `after` + 1 to `last`, page by page.

    Raises `CheckpointError` if a position has no event.
    """
    for start in range(after, last, PAGE):
        end = min(start + PAGE, last)
        found = await events_after(connection, start, end - start)
        page = [Leaf(one.stream, one.seq, one.hash) for one in found if one.position <= end and one.hash is not None]
        if len(page) != end - start:
            raise CheckpointError(Fault.NO_ORDER, "a position of the record has no event; see: motcua ledger verify")
        yield page
