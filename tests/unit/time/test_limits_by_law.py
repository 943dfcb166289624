"""Limits of applicants and agencies agree with the articles, for random events, amounts and units in 2026 and 2027.

`MOTCUA_LIMITS=SEED,CASES` sets another seed and another number of cases.
"""

import random
from collections.abc import Callable
from datetime import date, datetime
from typing import Final

from rules.time import working_time
from rules.time.calendars import first_of_limit_days
from schemas.limit import Limit, Unit
from tests.unit.time import articles as law
from tests.unit.time.chances import CASES, SEED, VN, aware, moment

By = dict[Unit, Callable[[datetime, int], datetime]]
APPLICANT: Final[By] = {
    Unit.CALENDAR_DAYS: law.applicants_days,
    Unit.WORKING_DAYS: law.applicants_working_days,
    Unit.WORKING_HOURS: law.working_hours,
    Unit.SECONDS: law.seconds,
}
AGENCY: Final[By] = {
    Unit.CALENDAR_DAYS: lambda event, n: law.agencys_days(event, n) if n else law.same_day(event),
    Unit.WORKING_DAYS: lambda event, n: law.agencys_working_days(event, n) if n else law.same_day(event),
    Unit.WORKING_HOURS: law.working_hours,
    Unit.SECONDS: law.seconds,
}


def test_a_limit_ends_when_the_articles_say() -> None:
    chance = random.Random(SEED)
    for n in range(CASES or 10_000):
        event, unit = moment(chance), chance.choice(list(Unit))
        amount = chance.choice([0, 1, 2, chance.randint(0, 15), chance.randint(0, 30)])
        limit = Limit(amount=amount, unit=unit)
        of_applicant = working_time.applicant_due(aware(event), limit, VN)
        of_agency = working_time.due(aware(event), limit, VN)
        assert of_applicant == aware(APPLICANT[unit](event, amount)), (n, event, limit, "applicant")
        assert of_agency == aware(AGENCY[unit](event, amount)), (n, event, limit, "agency")


def test_limits_of_all_days_off_before_a_working_day_end_on_it() -> None:
    """Until the end of 2026, since the days off of 2027 are not decided yet; after the swapped days of January."""
    day, walked = date(2026, 1, 12), 0
    while (day := law.next_working_day(day + law.DAY)).year == 2026:
        first = first_of_limit_days(day)
        assert law.next_working_day(first) == day, day
        assert law.next_working_day(first - law.DAY) < day, day
        walked += 1
    assert walked > 235
