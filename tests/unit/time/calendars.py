"""Strategies for calendars and moments of every kind, for properties that hold for all of them."""

from datetime import date, datetime, time, timedelta
from typing import Final

import hypothesis.strategies as st

from rules.time.working_time import VIETNAM
from schemas.publishing.calendar import Calendar, Hours

VALID_FROM: Final = date(2026, 2, 1)
VALID_UNTIL: Final = date(2026, 9, 30)


@st.composite
def day_hours(draw: st.DrawFn) -> tuple[Hours, ...]:
    """Draws one to three spans of office hours, which may touch."""
    bounds = st.lists(st.integers(0, 1439), min_size=2, max_size=6, unique=True)
    ends = sorted(draw(bounds.filter(lambda found: len(found) % 2 == 0)))
    return tuple(Hours(open=opens, close=close) for opens, close in zip(ends[::2], ends[1::2], strict=True))


VALID_DAYS: Final = st.dates(VALID_FROM, VALID_UNTIL)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Draws a calendar: often the usual week; it may have days off, short days and make-up days anywhere."""
    a_day = st.just((Hours(open=420, close=690), Hours(open=810, close=1020))) | day_hours()
    week = tuple(draw(a_day if n < 5 else st.just(()) | a_day) for n in range(7))
    opened = draw(st.dictionaries(VALID_DAYS, day_hours(), max_size=6))
    return Calendar(
        code="law",
        version="1",
        valid_from=VALID_FROM,
        valid_until=VALID_UNTIL,
        week=week,
        off=tuple(sorted(draw(st.frozensets(VALID_DAYS, max_size=12)) - opened.keys())),
        open=opened,
        cut_off=draw(st.sampled_from([time(15), time(9, 30), time(0), time(23, 59)])),
    )


BEGIN: Final = datetime(2026, 1, 1, tzinfo=VIETNAM)
MOMENTS: Final = st.builds(
    lambda seconds: BEGIN + timedelta(seconds=seconds), st.floats(0, 365 * 24 * 3600, allow_nan=False)
)
