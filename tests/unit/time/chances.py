"""Random events on the country's published calendar; `MOTCUA_LIMITS=SEED,CASES` sets the seed."""

import os
import random
from datetime import datetime, timedelta
from typing import Final

from publishing.authoring.calendars import CALENDARS, check_bytes
from rules.require import require
from rules.time import working_time
from rules.time.calendars import expand
from schemas.publishing.calendar import CalendarFile

SEED, CASES = map(int, os.environ.get("MOTCUA_LIMITS", "35,0").split(","))

_BEGIN: Final = datetime(2026, 1, 1)  # noqa: DTZ001 -- the articles' moments are naive, in Vietnam's time
_MINUTES: Final = 680 * 24 * 60
_EDGES: Final = (0, 419, 420, 689, 690, 809, 810, 900, 901, 1019, 1020, 1439)
"""Minutes of a day at which something begins or ends."""


def national() -> CalendarFile:
    """Returns the published calendar of the country."""
    return require(check_bytes((CALENDARS / "vn.yaml").read_bytes()).calendar)


VN: Final = expand(national())


def aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=working_time.VIETNAM)


def moment(chance: random.Random) -> datetime:
    """Returns a random time in 2026 or 2027; half of these times are at an edge of the day."""
    minute = chance.randrange(_MINUTES)
    if chance.random() < 0.5:
        minute += chance.choice(_EDGES) - minute % 1440
    return _BEGIN + timedelta(minutes=minute)
