"""Properties that hold for every limit, calendar and sequence of pauses."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Final

import hypothesis.strategies as st
from hypothesis import given, settings

from rules.time import working_time
from rules.time.office_hours import open_at, pages, worked_minutes
from schemas.limit import Limit, Unit
from schemas.publishing.calendar import Calendar
from tests.tiers import examples
from tests.unit.time import slow_time
from tests.unit.time.calendars import MOMENTS, calendars

Pauses = list[tuple[datetime, datetime]]

START: Final = datetime(2026, 1, 1, tzinfo=working_time.VIETNAM)
"""The earliest start of a limit. Limits begin in 2026: before, within and after the calendar's validity."""
MANY: Final = settings(max_examples=examples(150), deadline=None)
"""There is no deadline: the first example of each calendar also computes its days, and the machine may be busy."""

LIMITS: Final = st.builds(
    Limit, amount=st.integers(0, 15), unit=st.sampled_from([Unit.WORKING_DAYS, Unit.WORKING_HOURS, Unit.CALENDAR_DAYS])
)
IN_MINUTES: Final = LIMITS.filter(lambda limit: limit.unit is not Unit.CALENDAR_DAYS or limit.amount == 0)
CUT_OFFS: Final = st.none() | st.times().map(lambda found: found.replace(second=0, microsecond=0))
EDGES: Final = (0, 419, 420, 689, 690, 691, 809, 810, 900, 901, 1019, 1020, 1021, 1439)
"""Minutes of the usual day at which something begins or ends."""


def minutes(first: int, last: int) -> st.SearchStrategy[int]:
    """Returns a strategy for minutes since `START`; half of them are at an edge of the day."""
    days = st.integers(first // 1440, last // 1440)
    edges = st.builds(lambda day, edge: 1440 * day + edge, days, st.sampled_from(EDGES))
    return edges.filter(lambda minute: first <= minute <= last) | st.integers(first, last)


SINCE: Final = minutes(0, 365 * 24 * 60)


def instant(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


@st.composite
def begun(draw: st.DrawFn, most: int = 4) -> tuple[datetime, Pauses]:
    """Draws a receipt and pauses; some pauses begin before the receipt, some touch, some are empty."""
    start = draw(SINCE)
    bounds = draw(st.lists(minutes(start - 4000, start + 40000), max_size=2 * most).filter(lambda x: len(x) % 2 == 0))
    return instant(start), [(instant(a), instant(b)) for a, b in zip(*[iter(sorted(bounds))] * 2, strict=True)]


def local(moment: datetime) -> datetime:
    return moment.astimezone(working_time.VIETNAM).replace(tzinfo=None)


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=working_time.VIETNAM)


def worked(calendar: Calendar, begins: datetime, ends: datetime) -> int:
    return slow_time.worked(calendar, local(begins), local(ends)) if begins < ends else 0


@MANY
@given(begun(), LIMITS, calendars(), CUT_OFFS)
def test_it_is_what_counting_minute_by_minute_gives(
    begun: tuple[datetime, Pauses], limit: Limit, calendar: Calendar, cut_off: time | None
) -> None:
    start, pauses = begun
    slow = [(local(begins), local(ends)) for begins, ends in pauses]
    due = working_time.due(start, limit, calendar, pauses=pauses, cut_off=cut_off)
    assert local(due) == slow_time.due(local(start), limit, calendar, slow, cut_off)
    assert working_time.explain(start, limit, calendar, pauses=pauses, cut_off=cut_off).due == due


@MANY
@given(SINCE, st.integers(0, 5000), LIMITS, calendars(), CUT_OFFS)
def test_later_ends_no_earlier(start: int, later: int, limit: Limit, calendar: Calendar, cut_off: time | None) -> None:
    first, second = (
        working_time.due(instant(minute), limit, calendar, cut_off=cut_off) for minute in (start, start + later)
    )
    assert first <= second


@MANY
@given(begun(), LIMITS, st.integers(1, 20), calendars(), CUT_OFFS)
def test_a_longer_limit_ends_no_earlier_and_so_does_an_extended_one(
    begun: tuple[datetime, Pauses], limit: Limit, more: int, calendar: Calendar, cut_off: time | None
) -> None:
    start, pauses = begun
    # A limit of 0 days has the calendar's cut-off and a longer one none, so the two may begin on different days. Its
    # budget is of the day of receipt, that of 1 day of the day after it, which may be shorter.
    in_order = limit.amount or limit.unit is Unit.WORKING_HOURS
    asked: dict[str, Any] = {"pauses": pauses if in_order else [], "cut_off": cut_off or time(23, 59)}
    longer = limit.model_copy(update={"amount": limit.amount + more})
    assert working_time.due(start, limit, calendar, **asked) <= working_time.due(start, longer, calendar, **asked)


@MANY
@given(begun(), IN_MINUTES, calendars(), CUT_OFFS)
def test_no_minute_is_lost_or_won_over_any_pauses(
    begun: tuple[datetime, Pauses], limit: Limit, calendar: Calendar, cut_off: time | None
) -> None:
    start, pauses = begun
    asked: dict[str, Any] = {"pauses": pauses, "cut_off": cut_off}
    starts = _budget_starts(start, limit, calendar, cut_off)
    unpaused = slow_time.due(local(start), limit, calendar, (), cut_off)
    due = working_time.due(start, limit, calendar, **asked)
    counting = [pause for pause in pauses if pause[0] < due]

    def left(moment: datetime) -> int:
        return working_time.remaining(moment, start, limit, calendar, **asked)

    moments = [max(moment, _aware(starts)) for pause in counting for moment in pause]
    runs = list(zip([_aware(starts), *moments[1::2]], [*moments[::2], due], strict=True))
    assert left(start) == left(runs[0][0]) == slow_time.worked(calendar, starts, unpaused)
    for begins, ends in runs:
        assert left(ends) == max(left(begins) - worked(calendar, begins, ends), 0)
    for begins, ends in counting:
        assert left(begins) == left(ends)
    if limit.unit is Unit.WORKING_HOURS:
        assert sum(worked(calendar, begins, ends) for begins, ends in runs) == 60 * limit.amount


def _held(limit: Limit, calendar: Calendar, cut_off: time | None) -> time | None:
    if limit.unit is Unit.WORKING_HOURS:
        return None
    return cut_off or (calendar.cut_off if limit.amount == 0 else None)


def _budget_starts(start: datetime, limit: Limit, calendar: Calendar, cut_off: time | None) -> datetime:
    opened = slow_time.counted(local(start), calendar, _held(limit, calendar, cut_off))
    return slow_time.budget_starts(opened, limit, calendar)


@MANY
@given(begun(), LIMITS, calendars(), CUT_OFFS)
def test_projecting_again_under_the_same_calendar_changes_nothing(
    begun: tuple[datetime, Pauses], limit: Limit, calendar: Calendar, cut_off: time | None
) -> None:
    start, pauses = begun
    asked: dict[str, Any] = {"pauses": pauses, "cut_off": cut_off}
    first = working_time.due(start, limit, calendar, **asked)
    pages.cache_clear()
    again = Calendar.model_validate_json(calendar.model_dump_json())
    assert working_time.due(start.astimezone(UTC), limit, again, **asked) == first


@MANY
@given(begun(), LIMITS, calendars(), CUT_OFFS, st.integers(0, 59_999_999))
def test_instants_are_cut_to_the_minute(
    begun: tuple[datetime, Pauses], limit: Limit, calendar: Calendar, cut_off: time | None, microseconds: int
) -> None:
    start, pauses = begun
    due = working_time.due(start, limit, calendar, pauses=pauses, cut_off=cut_off)
    more = timedelta(microseconds=microseconds)
    later = [(begins + more, ends + more) for begins, ends in pauses]
    assert working_time.due(start + more, limit, calendar, pauses=later, cut_off=cut_off) == due


@MANY
@given(begun(), LIMITS, calendars(), CUT_OFFS)
def test_halfway_lies_between_the_receipt_and_the_due_instant_with_half_left(
    begun: tuple[datetime, Pauses], limit: Limit, calendar: Calendar, cut_off: time | None
) -> None:
    start, pauses = begun
    asked: dict[str, Any] = {"pauses": pauses, "cut_off": cut_off}
    half = working_time.halfway(start, limit, calendar, **asked)
    starts = _budget_starts(start, limit, calendar, cut_off)
    assert starts <= local(half) <= local(working_time.due(start, limit, calendar, **asked))
    if limit.unit is not Unit.CALENDAR_DAYS and not pauses:
        budget = working_time.remaining(start, start, limit, calendar, **asked)
        assert working_time.remaining(half, start, limit, calendar, **asked) == budget // 2


@MANY
@given(SINCE, LIMITS, LIMITS, calendars())
def test_notice_is_an_office_minute_before_due(start: int, limit: Limit, notice: Limit, calendar: Calendar) -> None:
    due = working_time.due(instant(start), limit, calendar)
    notices = [notice.model_copy(update={"amount": notice.amount + more}) for more in range(3)]
    found = [working_time.before(due, each, calendar) for each in notices]
    assert due >= found[0]
    assert all(later <= earlier for earlier, later in pairwise(found))
    if limit.amount and notice.amount:
        assert found[0] < due
        moment = local(found[0])
        spans = slow_time.hours(calendar, moment.date())
        assert any(span.open < moment.hour * 60 + moment.minute <= span.close for span in spans)


@MANY
@given(SINCE, st.integers(1, 5), st.integers(0, 5), calendars())
def test_working_days_before_undo_working_days(start: int, days: int, notice: int, calendar: Calendar) -> None:
    def limit(amount: int) -> Limit:
        return Limit(amount=amount, unit=Unit.WORKING_DAYS)

    due = working_time.due(instant(start), limit(days), calendar)
    before = working_time.before(due, limit(notice), calendar)
    assert working_time.due(before - timedelta(minutes=1), limit(notice), calendar, cut_off=time(23, 59)) == due


SECONDS: Final = st.builds(Limit, amount=st.integers(0, 100_000), unit=st.just(Unit.SECONDS))


@MANY
@given(begun(), SECONDS, calendars())
def test_seconds_elapse_outside_of_pauses(begun: tuple[datetime, Pauses], limit: Limit, calendar: Calendar) -> None:
    start, pauses = begun
    due = working_time.due(start, limit, calendar, pauses=pauses)
    stood = (max(min(ends, due) - max(begins, start), timedelta()) for begins, ends in pauses)
    assert due - start - sum(stood, timedelta()) == timedelta(seconds=limit.amount)


@settings(max_examples=examples(150), deadline=None)
@given(MOMENTS, calendars())
def test_offices_are_open_in_a_working_minute_and_at_no_other(moment: datetime, calendar: Calendar) -> None:
    minute = moment.replace(second=0, microsecond=0)
    expected = next(slow_time.minutes(calendar, minute.replace(tzinfo=None)), None) == minute.replace(tzinfo=None)
    assert open_at(moment, calendar) is expected
    assert open_at(minute + timedelta(seconds=59), calendar) is expected


@settings(max_examples=examples(150), deadline=None)
@given(SINCE, st.integers(0, 20 * 24 * 60), calendars())
def test_elapsed_time_is_counted_in_each_unit(start: int, later: int, calendar: Calendar) -> None:
    since, until = instant(start), instant(start + later)
    first, last = local(since).date(), local(until).date()
    office = worked(calendar, since, until)
    counted = {
        Unit.SECONDS: 60 * later,
        Unit.WORKING_HOURS: office // 60 + (office % 60 > 0),
        Unit.WORKING_DAYS: sum(
            bool(slow_time.hours(calendar, first + timedelta(days=n + 1))) for n in range((last - first).days)
        ),
        Unit.CALENDAR_DAYS: (last - first).days,
    }
    assert worked_minutes(since, until, calendar) == office
    assert {unit: working_time.elapsed(since, until, unit, calendar) for unit in Unit} == counted
