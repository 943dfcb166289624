"""Whether offices are open at an instant: as somebody would find who goes through all working minutes."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings

from rules.time.openings import open_at
from schemas.publishing.calendar import Calendar
from tests.tiers import examples
from tests.unit.time.calendars import MOMENTS, calendars
from tests.unit.time.slow_time import minutes


@settings(max_examples=examples(150), deadline=None)
@given(MOMENTS, calendars())
def test_offices_are_open_in_a_working_minute_and_at_no_other(moment: datetime, calendar: Calendar) -> None:
    minute = moment.replace(second=0, microsecond=0)
    expected = next(minutes(calendar, minute.replace(tzinfo=None)), None) == minute.replace(tzinfo=None)
    assert open_at(moment, calendar) is expected
    assert open_at(minute + timedelta(seconds=59), calendar) is expected
