"""The calculation of a time limit's end, explained line by line."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from typing import Final

from rules.time.office_hours import DAY, Days, Spans, date_of, day_of
from rules.time.running_time import Leg, Run, Span
from schemas.base import Text
from schemas.limit import Limit, Unit
from schemas.publishing.calendar import Calendar
from schemas.translate import joined, said

_MOST_LISTED: Final = 10


def run_in_words(
    days: Days, start: int, limit: Limit, found: Run, latest: int | None, calendar: Calendar
) -> Iterator[Text]:
    """The lines that explain a run that began at the minute `start`."""
    yield said("time.received", when=_when(start))
    yield from _counted(days, start, found.opened, latest)
    if limit.unit is not Unit.WORKING_HOURS:
        yield said("time.day_of_receipt", day=_day(found.receipt_day))
    yield from _first_leg(days, limit, found)
    if found.pauses and limit.unit is Unit.WORKING_DAYS:
        yield said("time.budget", left=_minutes(found.budget), when=_when(found.legs[0].begun))
    for n, (pause, leg) in enumerate(zip(found.pauses, found.legs[1:], strict=True)):
        yield from _pause(days, limit, n + 1, pause, leg)
    yield from _beyond(calendar, (start // DAY, found.receipt_day), found.due // DAY)
    yield said("time.due", when=_when(found.due))


def seconds_in_words(start: datetime, limit: Limit, due: datetime) -> tuple[Text, ...]:
    """The lines that explain a limit in elapsed seconds."""
    return (
        said("time.received_exactly", when=start.isoformat()),
        said("time.without_pauses", limit=limit.words),
        said("time.due", when=due.isoformat()),
    )


def _counted(days: Days, start: int, opened: int, latest: int | None) -> Iterator[Text]:
    if opened == start:
        return
    if latest is not None and start % DAY > latest and days.hours(start // DAY):
        yield said("time.after_cut_off", at=_clock(latest))
    elif days.hours(start // DAY):
        yield said("time.outside_hours", hours=_hours(days.hours(start // DAY)))
    else:
        yield said("time.no_working_day", day=_day(start // DAY))
    yield said("time.counted_from", when=_when(opened))


def _first_leg(days: Days, limit: Limit, found: Run) -> Iterator[Text]:
    leg = found.legs[0]
    if limit.amount == 0 and limit.unit is not Unit.WORKING_HOURS:
        yield said("time.zero_days", at=_clock(leg.due))
    elif limit.unit is Unit.WORKING_HOURS:
        yield said("time.hours_run_out", amount=limit.words, minutes=found.budget, when=_when(leg.ends))
        yield from _crossed(days, found.receipt_day, leg.ends // DAY, "time.hours_differ")
    elif limit.unit is Unit.WORKING_DAYS:
        yield from _counted_days(days, limit, found.receipt_day, leg)
    else:
        yield said("time.dates_after", amount=limit.words, day=_day(leg.ends))
        yield from _rolled(days, leg)


def _counted_days(days: Days, limit: Limit, received: int, leg: Leg) -> Iterator[Text]:
    last = leg.due // DAY
    first = days.working_day(days.rank(received) + 1)
    which = _day(last) if first == last else said("time.first_and_last", first=_day(first), last=_day(last))
    yield said("time.days_after", amount=limit.words, which=which, at=_clock(leg.due))
    yield from _crossed(days, received + 1, last, "time.a_day_all_the_same")


def _crossed(days: Days, first: int, last: int, other_hours: str) -> Iterator[Text]:
    """The lines about days off and unusual days; `other_hours`: the key of the sentence for days with unusual hours."""
    between = list(days.between(first, last))
    if any(not (hours or expected) for _, hours, expected in between):
        yield said("time.regular_days_off")
    if closed := [_day(day) for day, hours, expected in between if expected and not hours]:
        yield said("time.closed", days=_listed(closed))
    if opened := [_open(day, hours) for day, hours, expected in between if hours and not expected]:
        yield said("time.opened", days=_listed(opened))
    if unusual := [_open(day, hours) for day, hours, expected in between if hours != expected != () != hours]:
        yield said(other_hours, days=_listed(unusual))


def _listed(every: Sequence[Text]) -> Text:
    named = joined(every[:_MOST_LISTED])
    more = len(every) - _MOST_LISTED
    return said("time.and_more", days=named, more=more) if more > 0 else named


def _pause(days: Days, limit: Limit, n: int, pause: Span, leg: Leg) -> Iterator[Text]:
    days_left = said("time.one_day") if leg.left == 1 else said("time.days", amount=leg.left)
    left = days_left if limit.unit is Unit.CALENDAR_DAYS else _minutes(leg.left)
    yield said("time.pause", n=n, since=_when(pause[0]), until=_when(pause[1]), left=left)
    if leg.begun != pause[1]:
        yield said("time.budget_starts", when=_when(leg.begun))
    if leg.left == 0:
        yield said("time.none_left", day=_day(leg.due // DAY))
    elif limit.unit is Unit.CALENDAR_DAYS:
        yield said("time.reckoned", begun=_day(leg.begun // DAY), day=_day(leg.ends))
        yield from _rolled(days, leg)
    else:
        if leg.due == leg.ends:
            yield said("time.run_out", when=_when(leg.ends))
        else:
            yield said("time.run_out_inside", when=_when(leg.ends), at=_clock(leg.due))
        yield from _crossed(days, leg.begun // DAY, leg.ends // DAY, "time.hours_differ")


def _rolled(days: Days, leg: Leg) -> Iterator[Text]:
    if not days.hours(leg.ends):
        yield said("time.rolled", day=_day(leg.due // DAY))
    yield said("time.closes", at=_clock(leg.due))


def _beyond(calendar: Calendar, firsts: Sequence[int], last: int) -> Iterator[Text]:
    named = f"{calendar.code} {calendar.version}"
    valid = {"calendar": named, "since": calendar.valid_from, "until": calendar.valid_until}
    if min(firsts) < day_of(calendar.valid_from):
        yield said("time.before_valid", day=date_of(min(firsts)), **valid)
    if last > day_of(calendar.valid_until):
        yield said("time.beyond_valid", day=date_of(last), **valid)


def _minutes(amount: int) -> Text:
    return said("time.one_working_minute") if amount == 1 else said("time.working_minutes", amount=amount)


@lru_cache(maxsize=10_000)
def _when(minute: int) -> Text:
    found = date_of(minute // DAY)
    return said("time.moment", weekday=said(f"weekday.{found.weekday()}"), date=found, at=_clock(minute))


def day_in_words(day: date) -> Text:
    """Returns a day with its weekday: `thứ Tư, 03/02/2027` / `Wed 2027-02-03`."""
    return said("time.day", weekday=said(f"weekday.{day.weekday()}"), date=day)


@lru_cache(maxsize=10_000)
def _day(day: int) -> Text:
    return day_in_words(date_of(day))


def _open(day: int, hours: Spans) -> Text:
    return said("time.day_with_hours", day=_day(day), hours=_hours(hours))


def _clock(minute: int) -> time:
    return time(*divmod(minute % DAY, 60))


def _hours(spans: Spans) -> Text:
    opens = [f"{_clock(opens):%H:%M}-{_clock(close):%H:%M}" for opens, close in spans]
    return Text(vi=", ".join(opens), en=" and ".join(opens))
