"""Public holidays of Vietnam as the library `holidays` has them (Labour Code 45/2019/QH14 art. 111-112).

With the compensatory days off, and the days that the Government has swapped for a Saturday.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from holidays.countries.vietnam import Vietnam
from holidays.holiday_base import HolidayBase

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099
"""The library knows the lunar calendar up to here."""

_SWAPPED: Final = re.compile(r"substituted from (\d\d)/(\d\d)/(\d{4})")


class BaseYear(NamedTuple):
    """The days `off` of a year, on whatever weekday, and its make-up days, each with the day it replaces."""

    off: frozenset[date]
    makeup: dict[date, date]


@lru_cache(maxsize=200)
def base_year(year: int) -> BaseYear:
    """What the library knows of `year`; nothing of one before `FIRST_YEAR` or after `LAST_YEAR`."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return BaseYear(frozenset(), {})
    # A day of January may be made up for in the December before it.
    known: HolidayBase = Vietnam(  # type: ignore[no-untyped-call]
        years=(year, year + 1), language="en_US"
    )
    swapped = {_made_up(match): off for off, name in known.items() if (match := _SWAPPED.search(name))}
    return BaseYear(
        off=frozenset(day for day in known if day.year == year),
        makeup={made_up: off for made_up, off in swapped.items() if made_up.year == year},
    )


def _made_up(match: re.Match[str]) -> date:
    month, day, year = map(int, match.groups())
    return date(year, month, day)
