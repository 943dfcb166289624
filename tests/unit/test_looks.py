"""When a watch looks for money that nobody expects: seldom, by the calendar, and at its end. Hours are Vietnam's."""

from datetime import datetime, timedelta
from typing import Final

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from rules.payment.late_money import EARLY, MOST, SPREAD, looks, next_early_look, next_look
from rules.time.calendars import expand
from rules.time.openings import openings_and_closes
from rules.time.working_time import VIETNAM
from schemas.payment.state import WATCH_SECONDS
from schemas.publishing.calendar import Calendar, CalendarFile
from tests.tiers import examples
from tests.unit.time.calendars import MOMENTS, calendars

TET: Final = [{"date": f"2026-02-{day}", "kind": "off", "source": "Tết"} for day in range(16, 21)]
SHORT: Final = {"date": "2026-03-06", "kind": "short", "hours": ["08:00-11:00"], "source": "mất điện"}
VN: Final = expand(
    CalendarFile.model_validate(
        {
            "code": "vn",
            "version": "2026.1",
            "valid_from": "2026-01-01",
            "valid_until": "2026-12-31",
            "overlays": [{"days": [*TET, SHORT]}],
        }
    )
)
STANDARD: Final = timedelta(seconds=WATCH_SECONDS)
WATCHES: Final = st.sampled_from([timedelta(days=90), STANDARD]) | st.timedeltas(timedelta(), timedelta(days=400))
MANY: Final = settings(max_examples=examples(150), deadline=None)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def shown(instants: tuple[datetime, ...]) -> list[str]:
    return [f"{instant.astimezone(VIETNAM):%d %H:%M:%S}" for instant in instants]


def test_three_days_are_looked_at_soon_then_as_offices_open_and_close_and_at_the_end() -> None:
    since = at("2026-03-02 10:00:30")  # a Monday
    assert shown(looks(since, since + STANDARD, VN)) == [
        *("02 10:00:30", "02 10:00:35", "02 10:01:30", "02 10:10:30", "02 11:00:30", "02 17:00:30"),
        *("03 07:00:30", "03 17:00:30", "04 07:00:30", "04 17:00:30", "05 07:00:30", "05 10:00:30"),
    ]


@pytest.mark.parametrize(
    ("seconds", "after"),
    [
        (0, [0]),
        (1, [0, 1]),
        (5, [0, 5]),
        (6, [0, 5, 6]),
        (60, [0, 5, 60]),
        (90, [0, 5, 60, 90]),
        (3600, [0, 5, 60, 600, 3600]),
    ],
)
def test_a_short_watch_is_looked_at_soon_and_at_its_end(seconds: float, after: list[float]) -> None:
    since = at("2026-03-02 10:00")
    ends = since + timedelta(seconds=seconds)
    assert [(look - since).total_seconds() for look in looks(since, ends, VN)] == after


@MANY
@given(MOMENTS, WATCHES, calendars())
@example(at("2026-03-02 07:00"), STANDARD, VN)
@example(at("2026-02-13 17:00"), timedelta(days=90), VN)
def test_every_watch_is_looked_at_a_few_times_and_last(since: datetime, lasts: timedelta, calendar: Calendar) -> None:
    until = since + lasts
    found = looks(since, until, calendar)
    assert len(found) <= MOST
    assert list(found) == sorted(set(found))
    assert since <= found[0]
    assert found[-1] == until
    for look in found[len(EARLY) : -1]:
        assert openings_and_closes(look - SPREAD, look, calendar)


@MANY
@given(MOMENTS, calendars())
def test_a_standard_watch_leaves_out_no_end_of_a_working_day(since: datetime, calendar: Calendar) -> None:
    until = since + STANDARD
    begins = since + EARLY[-1]
    ends = [end for end in openings_and_closes(begins, until - SPREAD, calendar) if end > begins]  # else looked at then
    by_the_calendar = looks(since, until, calendar)[len(EARLY) : -1]
    room = MOST - len(EARLY) - 1
    assert len(by_the_calendar) >= min(len(ends), room)


@MANY
@given(MOMENTS, WATCHES, calendars(), st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_whoever_begins_again_goes_on_with_the_looks_that_are_left(
    since: datetime, lasts: timedelta, calendar: Calendar, parts: tuple[float, float]
) -> None:
    until = since + lasts
    now, later = sorted(since + part * lasts for part in parts)
    left = [look for look in looks(since, until, calendar) if look > now]
    assert next_look(since, until, calendar, now) == (left[0] if left else until)
    assert next_look(since, until, calendar, now) <= next_look(since, until, calendar, later) <= until


@MANY
@given(MOMENTS, WATCHES | st.timedeltas(timedelta(), timedelta(hours=2)), calendars(), st.floats(0, 1))
def test_the_early_looks_need_no_calendar(since: datetime, lasts: timedelta, calendar: Calendar, part: float) -> None:
    until = since + lasts
    for now in (since, since + part * min(lasts, EARLY[-1]), since + part * lasts):
        early = next_early_look(since, until, now)
        assert early in {None, next_look(since, until, calendar, now)}
        assert (early is None) == (now >= since + EARLY[-1] and until > since + EARLY[-1])
