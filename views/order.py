"""The total order of all events. A reader that goes on from a position gets each later event once (docs/ledger.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rules.require import require
from views.log import Connection


@dataclass(frozen=True, slots=True)
class Positioned:
    """An event's `position`, from 1, with its stream, seq and hash. `hash` is None if the log lacks the event."""

    position: int
    stream: str
    seq: int
    hash: bytes | None


async def events_after(connection: Connection, position: int, most: int) -> Sequence[Positioned]:
    """Returns the events after `position` in the total order, at most `most` of them."""
    return [Positioned(*row.values()) for row in await connection.fetch(_PAGE, position, most)]


async def last_position(connection: Connection) -> int:
    """Returns the last assigned position; 0 if there is none."""
    return int(await connection.fetchval("select last from sequencer"))


async def resumed(connection: Connection, generation: int, position: int) -> tuple[int, int]:
    """Returns the present generation, and the position after which a follower that has reached `position` continues.

    A restore begins a generation, whose first events may have positions that the follower has passed already.
    """
    n, after = require(await connection.fetchrow(_GENERATION, generation))
    return n, position if after is None else min(position, after)


_GENERATION: Final = "select coalesce(max(n), 1), min(after) filter (where n > $1) from generation"
_PAGE: Final = """
select p.position, p.stream, p.seq, (select e.hash from event e where e.stream = p.stream and e.seq = p.seq)
from position p where p.position > $1 order by p.position limit $2
"""
# A join would read the whole log for every page.

NEWEST: Final = """
(select stream, seq from unpositioned, generate_series(first_seq, last_seq) as seq
    order by recorded_at desc, stream desc, seq desc limit {most})
union all
(select stream, seq from position order by position desc limit {most})
"""
"""SQL: stream and seq of the newest events, at least `most` of them, including events without a position."""
