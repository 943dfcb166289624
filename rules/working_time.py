"""When a time limit ends. Every wait of the system goes through this module."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from schemas.limit import Limit, Unit

VIETNAM: Final = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True)
class Calendar:
    """Which hours count. This one is open at all hours, every day."""

    version: str


ALWAYS_OPEN: Final = Calendar("always-open")

_LENGTH: Final = {
    Unit.WORKING_DAYS: timedelta(days=1),
    Unit.WORKING_HOURS: timedelta(hours=1),
    Unit.CALENDAR_DAYS: timedelta(days=1),
    Unit.SECONDS: timedelta(seconds=1),
}


def due(start: datetime, limit: Limit, calendar: Calendar = ALWAYS_OPEN) -> datetime:  # noqa: ARG001 -- every caller already names its calendar; this one has no closed hours
    """The instant at which `limit`, begun at `start`, ends. Instants are cut to the minute, except for `seconds`.

    A limit of 0 days ends with its day.
    """
    if limit.amount == 0 and limit.unit in {Unit.WORKING_DAYS, Unit.CALENDAR_DAYS}:
        midnight = datetime.combine(start.astimezone(VIETNAM), time.min, VIETNAM) + timedelta(days=1)
        return midnight.astimezone(start.tzinfo)
    begun = start if limit.unit is Unit.SECONDS else start.replace(second=0, microsecond=0)
    return begun + limit.amount * _LENGTH[limit.unit]


def resume(due_at: datetime, paused: datetime, resumed: datetime, calendar: Calendar = ALWAYS_OPEN) -> datetime:  # noqa: ARG001 -- as above
    """The new end of a limit that stood still from `paused` to `resumed` with its remainder kept."""
    return due_at + (resumed - paused)
