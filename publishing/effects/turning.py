"""Changes the running streams to another calendar, and watches the progress."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

import asyncpg

from console.connecting import TIMEOUT
from motcua.cli.progress import progress
from motcua.connection import connect
from motcua.errors import MotcuaError
from publishing.authoring.calendars import PublishedCalendar
from publishing.effects import calendar_rollout
from schemas.translate import said

_LOOK_EVERY: Final = 1.0
"""The seconds between two checks of the progress."""


_MOST_NAMED: Final = 20


@dataclass(frozen=True)
class Turned:
    """The numbers of changed streams and of remaining streams, by kind, and the names of some remaining ones."""

    turned: dict[str, int]
    left: dict[str, int]
    streams: list[str]


async def turn(dsn: str, published: PublishedCalendar, patience: float) -> Turned:
    """Starts the batch, and watches it until no stream remains, or none has changed for `patience` seconds."""
    temporal = await connect()
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1, timeout=TIMEOUT, command_timeout=60) as pool:
        before = left = await calendar_rollout.waiting(pool, published.name)
        await calendar_rollout.start(temporal, published.name)
        with progress(what=said("label.projected_again")) as shown:
            moved = time.monotonic()
            while sum(left.values()) and time.monotonic() - moved < patience:
                await asyncio.sleep(_LOOK_EVERY)
                if await calendar_rollout.in_force(pool) != published.name:
                    raise MotcuaError("another calendar was published meanwhile, and is in force")
                still = await calendar_rollout.waiting(pool, published.name)
                moved, left = (time.monotonic() if still != left else moved), still
                shown(sum(before.values()) - sum(left.values()), sum(before.values()))
        turned = {kind: max(before[kind] - left[kind], 0) for kind in before}
        return Turned(turned, left, await calendar_rollout.first_waiting(pool, published.name, _MOST_NAMED))
