"""Public holidays of Vietnam from the library `holidays` (Labour Code 45/2019/QH14 art. 111-112).

It has the compensatory days off, and the days that the Government has swapped for a Saturday. All years are read when
this module is imported: the library reads its translations from disk, which no workflow may do.
"""

import re
from datetime import date
from typing import Final, NamedTuple

from holidays.countries.vietnam import Vietnam
from holidays.holiday_base import HolidayBase

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099
"""The last year of the library's lunar calendar."""

_SWAPPED: Final = re.compile(r"substituted from (\d\d)/(\d\d)/(\d{4})")


class BaseYear(NamedTuple):
    """The days `off` of a year, on any weekday, and its make-up days, each with the day off that it makes up for."""

    off: set[date]
    makeup: dict[date, date]


def _read() -> dict[int, BaseYear]:
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    known: HolidayBase = Vietnam(  # type: ignore[no-untyped-call]
        years=years, language="en_US"
    )
    found = {year: BaseYear(set(), {}) for year in years}
    for day, name in known.items():
        if day.year in found:
            found[day.year].off.add(day)
        if match := _SWAPPED.search(name):
            made_up = _made_up(match)
            found[made_up.year].makeup[made_up] = day
    return found


def _made_up(match: re.Match[str]) -> date:
    month, day, year = map(int, match.groups())
    return date(year, month, day)


_YEARS: Final = _read()
_NOTHING: Final = BaseYear(set(), {})


def base_year(year: int) -> BaseYear:
    """The library's days of `year`; none before `FIRST_YEAR` or after `LAST_YEAR`."""
    return _YEARS.get(year, _NOTHING)
