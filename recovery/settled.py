"""Searches the record's events on behalf of one process, each event once, when it is at least a minute old."""

from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from activities.ledger.database import Connection
from views.order import last_position

SETTLED: Final = timedelta(minutes=1)
"""The minimum age of an event to examine: the steps that follow a newer event may still be under way."""

LOOKED_BACK: Final = 10_000
"""The number of newest events that the first search of a process examines."""

PAGE: Final = 500
"""The number of events examined in one statement: for many more, the database would read the whole table."""

Find: TypeAlias = Callable[[Connection, int, int], Awaitable[set[str]]]
"""Returns the wanted streams among the events after the first position, up to the second position."""


class Settled:
    """Remembers the positions that this process has examined, and the last position at each search."""

    def __init__(self) -> None:
        self._marks: deque[tuple[datetime, int]] = deque()
        self._searched: int | None = None

    async def search(self, connection: Connection, now: datetime, find: Find) -> set[str]:
        """Returns the streams found among the events since the last search, without the events of the last minute."""
        self._marks.append((now, await last_position(connection)))
        upto = None
        while self._marks and self._marks[0][0] <= now - SETTLED:
            upto = self._marks.popleft()[1]
        if upto is None:
            return set()
        since = max(upto - LOOKED_BACK, 0) if self._searched is None else self._searched
        found: set[str] = set()
        for after in range(since, upto, PAGE):
            found |= await find(connection, after, min(after + PAGE, upto))
        self._searched = upto
        return found
