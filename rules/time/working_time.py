"""The end of a time limit. Every wait of the system uses this module; docs/time.md has the rules in words.

Instants have a time zone; returned ones are in UTC, cut to the minute except for limits in seconds. Impossible requests
raise a `TimeError`, which names the argument and the rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from rules.require import require
from rules.time.office_hours import DAY, Days, date_of, instant_of, minute_of, pages, worked_minutes, working_days
from rules.time.office_hours import TimeError as TimeError
from rules.time.running_time import Run, Span, left_at, run
from rules.time.time_words import run_in_words, seconds_in_words
from schemas.base import Text
from schemas.errors import problem
from schemas.limit import Limit, Unit
from schemas.publishing.calendar import Calendar, Timeliness
from schemas.stream.part import PartState

VIETNAM: Final = ZoneInfo("Asia/Ho_Chi_Minh")

Pause = tuple[datetime, datetime]
"""The instants at which a pause began and ended."""

IN_DAYS: Final = frozenset({Unit.WORKING_DAYS, Unit.CALENDAR_DAYS})
_SAME_DAY: Final = Limit(amount=0, unit=Unit.WORKING_DAYS)


@dataclass(frozen=True)
class Projection:
    """The end of a limit, the day that counts as its receipt, and the reasons, line by line."""

    due: datetime
    receipt_day: date
    reasoning: tuple[Text, ...]


def due(
    start: datetime, limit: Limit, calendar: Calendar, *, pauses: Sequence[Pause] = (), cut_off: time | None = None
) -> datetime:
    """The instant at which `limit`, received at `start`, ends.

    `pauses` are in order, without overlaps; a pause that begins at or after the due instant changes nothing. `cut_off`
    is for limits in days: a receipt later in a day counts for the next working day. Without it, limits of 0 days use
    the calendar's cut-off.
    """
    if limit.unit is Unit.SECONDS:
        return _elapsed_due(start, limit.amount, pauses)
    asked = _TimeLimit.of(start, limit, calendar, pauses, cut_off)
    return instant_of(pages(calendar).answer(lambda days: asked.run(days).due, "limit"))


def applicant_due(start: datetime, limit: Limit, calendar: Calendar) -> datetime:
    """The instant at which a limit of an applicant ends (Civil Code 91/2015/QH13 art. 147, 148).

    A limit in days ends at 24:00 of its last day, which is the midnight after it: the day of `start` is not counted,
    and a last day that is a day off gives way to the next working day. Any other limit ends as by `due`.
    """
    if limit.unit not in IN_DAYS:
        return due(start, limit, calendar)
    day = minute_of(start, "received") // DAY
    return instant_of((pages(calendar).answer(lambda days: _last_day(days, day, limit), "limit") + 1) * DAY)


def _last_day(days: Days, day: int, limit: Limit) -> int:
    """The last day of an applicant's limit that begins on `day`."""
    to_count = limit.amount if limit.unit is Unit.WORKING_DAYS else 0
    last = day if to_count else day + limit.amount
    while to_count or not days.ends_limits(last):
        last += 1
        if to_count and days.ends_limits(last):
            to_count -= 1
    return last


def explain(
    start: datetime, limit: Limit, calendar: Calendar, *, pauses: Sequence[Pause] = (), cut_off: time | None = None
) -> Projection:
    """The due instant, as calculated by `due`, with its reasons."""
    if limit.unit is Unit.SECONDS:
        ends = _elapsed_due(start, limit.amount, pauses)
        words = seconds_in_words(start.astimezone(VIETNAM), limit, ends.astimezone(VIETNAM))
        return Projection(ends, local_day(start), words)
    asked = _TimeLimit.of(start, limit, calendar, pauses, cut_off)

    def answer(days: Days) -> Projection:
        found = asked.run(days)
        lines = run_in_words(days, asked.start, asked.limit, found, asked.latest, calendar)
        return Projection(instant_of(found.due), date_of(found.receipt_day), tuple(lines))

    return pages(calendar).answer(answer, "limit")


def before(due: datetime, limit: Limit, calendar: Calendar) -> datetime:
    """The instant that lies `limit` before `due`; never after `due`.

    Working days: the same time of day, that many working days earlier; if `due` is a close, the close of the earlier
    day. Working hours: that much office time earlier. Calendar days: the close of the day that many dates earlier, or
    of the last working day before that date. Seconds: that much elapsed time earlier.
    """
    if limit.unit is Unit.SECONDS:
        return due.astimezone(UTC) - timedelta(seconds=limit.amount)
    minute = minute_of(due, "due")

    def answer(days: Days) -> int:
        if limit.unit is Unit.WORKING_HOURS:
            return days.reached(days.elapsed(minute) - 60 * limit.amount)
        if limit.unit is Unit.CALENDAR_DAYS:
            day = minute // DAY - limit.amount
            return days.closes(days.working_day(days.rank(day + 1) - 1))
        return _working_days_before(days, minute, limit.amount)

    return instant_of(min(pages(calendar).answer(answer, "limit"), minute))


def _working_days_before(days: Days, minute: int, amount: int) -> int:
    rank = days.rank(minute // DAY + 1) - 1
    day = days.working_day(rank)
    if minute <= days.opens(day):
        rank -= 1
        day = days.working_day(rank)
    earlier = days.working_day(rank - amount)
    if minute >= days.closes(day):
        return days.closes(earlier)
    within = earlier * DAY + minute % DAY
    return days.reached(max(days.elapsed(within), days.elapsed(days.opens(earlier)) + 1))


def halfway(
    start: datetime, limit: Limit, calendar: Calendar, *, pauses: Sequence[Pause] = (), cut_off: time | None = None
) -> datetime:
    """The instant at which half of the limit's time is used; an odd minute belongs to the first half.

    Time in working days starts on the first of them: half of 1 day is in the middle of the day after the receipt.
    For a limit in calendar days, half of the working minutes between the receipt and the due instant count.
    """
    if limit.unit is Unit.SECONDS:
        return _elapsed_due(start, limit.amount / 2, pauses)
    asked = _TimeLimit.of(start, limit, calendar, pauses, cut_off)
    return instant_of(pages(calendar).answer(lambda days: _halfway(days, asked.run(days), asked.limit.unit), "limit"))


def _halfway(days: Days, found: Run, unit: Unit) -> int:
    ends = [*(begins for begins, _ in found.pauses), found.due]
    worth = [max(days.elapsed(end) - days.elapsed(leg.begun), 0) for leg, end in zip(found.legs, ends, strict=True)]
    budget = sum(worth) if unit is Unit.CALENDAR_DAYS else found.budget
    left = (budget + 1) // 2
    for leg, minutes in zip(found.legs, worth, strict=True):
        if left <= minutes:
            return days.reached(days.elapsed(leg.begun) + left) if left else found.opened
        left -= minutes
    return found.due


def short(limit: Limit, calendar: Calendar) -> bool:
    """Whether a limit is one working day or less; true for every limit in seconds."""
    if limit.unit is Unit.WORKING_HOURS:
        return 60 * limit.amount <= max(sum(hours.close - hours.open for hours in day) for day in calendar.week)
    return limit.unit is Unit.SECONDS or limit.amount <= 1


def remind_at(  # noqa: PLR0913 -- all that a limit has
    start: datetime,
    limit: Limit,
    due: datetime,
    ahead: Limit,
    calendar: Calendar,
    *,
    pauses: Sequence[Pause] = (),
    cut_off: time | None = None,
) -> datetime:
    """The time of a limit's reminder: `ahead` before the limit's end, or for a short limit when half of it is used."""
    if not short(limit, calendar) and (told := before(due, ahead, calendar)) > start:
        return told
    return min(halfway(start, limit, calendar, pauses=pauses, cut_off=cut_off), due)


def remaining(
    at: datetime,
    start: datetime,
    limit: Limit,
    calendar: Calendar,
    *,
    pauses: Sequence[Pause] = (),
    cut_off: time | None = None,
) -> int:
    """The rest of a limit at the instant `at`, which may lie in a pause; 0 from the due instant on.

    The rest is in days for limits of 1 or more calendar days, in seconds for limits in seconds, and in working minutes
    for all others. For a limit in working days, the minutes added up to the close of its last day are not included.
    """
    _check(pauses)
    over = [pause for pause in pauses if pause[1] <= at]
    stands = next((begins for begins, ends in pauses if begins <= at < ends), at)
    if limit.unit is Unit.SECONDS:
        return max((_elapsed_due(start, limit.amount, over) - stands) // timedelta(seconds=1), 0)
    asked = _TimeLimit.of(start, limit, calendar, over, cut_off)
    minute = minute_of(stands, "at")
    return pages(calendar).answer(
        lambda days: left_at(days, asked.run(days).legs[-1], asked.limit.unit, minute), "limit"
    )


def elapsed(since: datetime, until: datetime, unit: Unit, calendar: Calendar) -> int:
    """The time between two instants in calendar days, working days, working hours (rounded up) or whole seconds."""
    match unit:
        case Unit.CALENDAR_DAYS:
            return (local_day(until) - local_day(since)).days
        case Unit.WORKING_DAYS:
            return working_days(since, until, calendar)
        case Unit.WORKING_HOURS:
            return -(-worked_minutes(since, until, calendar) // 60)
        case Unit.SECONDS:
            return (until - since) // timedelta(seconds=1)


def outcome(limit: Limit, due: datetime, at: datetime) -> Timeliness:
    """Whether an act `at` an instant was early, on time or late.

    The instants are compared by date in Vietnam for limits in days, by the minute for limits in hours, by the instant
    for seconds.
    """
    done, ends = at, due
    if limit.unit in IN_DAYS:
        done, ends = midnight(at), datetime.combine(last_day(due), time.min, VIETNAM)
    elif limit.unit is Unit.WORKING_HOURS:
        done, ends = (each.replace(second=0, microsecond=0) for each in (at, due))
    if done == ends:
        return Timeliness.ON_TIME
    return Timeliness.EARLY if done < ends else Timeliness.LATE


def midnight(instant: datetime) -> datetime:
    """The beginning of the instant's day in Vietnam."""
    return datetime.combine(local_day(instant), time.min, VIETNAM)


def last_day(due: datetime) -> date:
    """The last day in Vietnam of a limit that ends at `due`; if `due` is 24:00, the day that ends then."""
    return local_day(due - timedelta.resolution)


def local_day(instant: datetime) -> date:
    """The day in Vietnam on which the instant falls."""
    return instant.astimezone(VIETNAM).date()


class _TimeLimit(NamedTuple):
    """A limit; its start, pauses and cut-off (`latest`) are in minutes. 0 calendar days become 0 working days."""

    start: int
    limit: Limit
    pauses: Sequence[Span]
    latest: int | None

    @classmethod
    def of(
        cls, start: datetime, limit: Limit, calendar: Calendar, pauses: Sequence[Pause], cut_off: time | None
    ) -> "_TimeLimit":
        _check(pauses)
        if cut_off is None and limit.amount == 0:
            cut_off = calendar.cut_off
        latest = None if cut_off is None else 60 * cut_off.hour + cut_off.minute
        spans = [(minute_of(begins, "pauses"), minute_of(ends, "pauses")) for begins, ends in pauses]
        received = minute_of(start, "received")
        if limit.unit is Unit.WORKING_HOURS:
            return cls(received, limit, spans, None)
        return cls(received, limit if limit.amount else _SAME_DAY, spans, latest)

    def run(self, days: Days) -> Run:
        return run(days, self.start, self.limit, self.pauses, self.latest)


def _check(pauses: Sequence[Pause]) -> None:
    for n, (begins, ends) in enumerate(pauses):
        if ends < begins:
            raise TimeError(problem(f"pauses[{n}]", "pause_reversed"))
        if n and begins < pauses[n - 1][1]:
            raise TimeError(problem(f"pauses[{n}]", "pauses_overlap"))


def _elapsed_due(start: datetime, seconds: float, pauses: Sequence[Pause]) -> datetime:
    _check(pauses)
    minute_of(start, "received")
    ends = start.astimezone(UTC) + timedelta(seconds=seconds)
    for begins, resumes in pauses:
        if begins >= ends:
            break
        ends += max(resumes - max(begins, start), timedelta())
    return ends


def due_on(part: PartState, calendar: Calendar) -> datetime:
    """The end of this part's limit, which is a limit of an agency or of the post, by `calendar`."""
    return due(require(part.since), require(part.limit), calendar)
