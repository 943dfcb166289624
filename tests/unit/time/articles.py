"""Ends of time limits by the articles of law, cited at each line, without code of the platform and without a library.

Moments are naive, in Vietnam's time. Sources: Civil Code 91/2015/QH13 (BLDS), Labour Code 45/2019/QH14 (BLLĐ), and the
days that the Government has fixed or swapped, in 2026 and 2027, as far as they are decided.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)

_HOLIDAYS: Final = {
    # BLLĐ Đ112 k1a: Tết Dương lịch.
    *("2026-01-01", "2027-01-01"),
    # BLLĐ Đ112 k1b, k3: Tết Âm lịch, five days that the Prime Minister fixes; Đ111 k3: days for those of a weekend.
    *("2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19", "2026-02-20"),
    *("2027-02-05", "2027-02-06", "2027-02-07", "2027-02-08", "2027-02-09", "2027-02-10"),
    # BLLĐ Đ112 k1e: Giỗ Tổ Hùng Vương, 10/3 of the lunar calendar; Đ111 k3: 27/4/2026 for Sunday 26/4.
    *("2026-04-26", "2026-04-27", "2027-04-16"),
    # BLLĐ Đ112 k1c, d: 30/4 and 1/5; Đ111 k3: 3/5/2027 for Saturday 1/5.
    *("2026-04-30", "2026-05-01", "2027-04-30", "2027-05-01", "2027-05-03"),
    # BLLĐ Đ112 k1đ, k3: Quốc khánh, 2/9 and a day beside it.
    *("2026-09-01", "2026-09-02", "2027-09-02"),
    # Nghị quyết 28/2026/QH16: Ngày Văn hóa Việt Nam.
    *("2026-11-24", "2027-11-24"),
    # Days swapped for a Saturday: công văn 12729/VPCP-KGVX; the Government's notice for 31/8/2026.
    *("2026-01-02", "2026-08-31"),
}
_MADE_UP: Final = {"2026-01-10", "2026-08-22"}
"""The working Saturdays that make up for the swapped days off, 2 January and 31 August 2026."""

LAST: Final = date(2027, 12, 31)
"""The last day for which the days off are known."""

HOURS: Final = ((time(7), time(11, 30)), (time(13, 30), time(17)))
"""Office hours of an agency, as it has published them."""
CUT_OFF: Final = time(15)
"""A filing that arrives later need not be decided on the same day (NĐ 61/2018 Đ18, NĐ 23/2015 Đ7)."""


def works(day: date) -> bool:
    """Returns True on a make-up day, and from Monday to Friday on a day that is no holiday (BLLĐ Đ111 k1, Đ112)."""
    assert day <= LAST
    return str(day) in _MADE_UP or (day.weekday() < 5 and str(day) not in _HOLIDAYS)


def next_working_day(day: date) -> date:
    while not works(day):
        day += DAY
    return day


def nth_working_day_after(day: date, n: int) -> date:
    for _ in range(n):
        day = next_working_day(day + DAY)
    return day


def end_of(day: date) -> datetime:
    """Returns the end of a limit whose last day this is: 24:00 of the day (BLDS Đ148 k6)."""
    return datetime.combine(day + DAY, time.min)


# The applicant's.


def applicants_days(event: datetime, n: int) -> datetime:
    first = event.date() + DAY  # BLDS Đ147 k2, k3: the day of the event is not counted
    last = first + (n - 1) * DAY  # BLDS Đ148 k1
    return end_of(next_working_day(last))  # BLDS Đ148 k5: a weekend or a holiday gives way to the next working day


def applicants_working_days(event: datetime, n: int) -> datetime:
    last = nth_working_day_after(event.date(), n)  # BLDS Đ147 k2, k3; Đ145 k1: the special law counts working days
    return end_of(next_working_day(last))  # BLDS Đ148 k5, for a limit of the same day


def seconds(event: datetime, n: int) -> datetime:
    return event + timedelta(seconds=n)  # BLDS Đ147 k1: minutes and hours run from their instant; Đ146 k1h


# The agency's.


def received(event: datetime) -> datetime:
    """Returns the instant at which an agency can know of an event: in its hours at once, else when it opens next."""
    for day in (event.date(), nth_working_day_after(event.date(), 1)):
        for opens, closes in HOURS if works(day) else ():
            if event < datetime.combine(day, closes):
                return max(event, datetime.combine(day, opens))
    raise AssertionError(event)


def same_day(event: datetime) -> datetime:
    late = works(event.date()) and event.time().replace(second=0, microsecond=0) > CUT_OFF
    day = received(event).date()
    return close(nth_working_day_after(event.date(), 1) if late else day)


def close(day: date) -> datetime:
    """Returns the end of the last day for an agency's act: its closing time, not 24:00 (Luật Hộ tịch 2014 Đ5 k3)."""
    return datetime.combine(day, HOURS[-1][1])


def agencys_working_days(event: datetime, n: int) -> datetime:
    return close(nth_working_day_after(received(event).date(), n))  # BLDS Đ147 k3


def agencys_days(event: datetime, n: int) -> datetime:
    return close(next_working_day(received(event).date() + n * DAY))  # BLDS Đ147 k3, Đ148 k1, k5


def working_hours(event: datetime, n: int) -> datetime:
    """Returns the end of `n` working hours in the agency's office hours after an event (BLDS Đ147 k1, Đ146 k1g)."""
    left, day = n * 60 * MINUTE, event.date()
    begins = received(event)
    if not left:
        return begins
    while True:
        for opens, closes in _spans(day):
            starts = max(opens, begins)
            if starts + left <= closes:
                return starts + left
            left -= max(closes - starts, timedelta())
        day = nth_working_day_after(day, 1)


def _spans(day: date) -> Sequence[tuple[datetime, datetime]]:
    spans = HOURS if works(day) else ()
    return [(datetime.combine(day, opens), datetime.combine(day, closes)) for opens, closes in spans]


# Whether an act is in time.


def online_in_time(act: datetime, ends: datetime) -> bool:
    return act < ends  # BLDS Đ148 k6: until 24:00, on whatever hour


def at_the_desk_in_time(act: datetime, ends: datetime) -> bool:
    """Returns True if a hand-over at the desk is in time; a closed desk receives the papers when it next opens."""
    return received(act) < ends
