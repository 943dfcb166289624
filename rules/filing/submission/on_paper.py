"""Paper filings at the desk: the moment of receipt, and forms filled in by the desk."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from rules.time import working_time
from schemas.errors import Problem, problem
from schemas.filing.submission import Submission
from schemas.level import Channel
from schemas.limit import Limit, Unit
from schemas.people import Role
from schemas.publishing.calendar import Calendar

_A_MOMENT: Final = Limit(amount=1, unit=Unit.WORKING_HOURS)


def problems_on_paper(submission: Submission, calendar: Calendar, now: datetime) -> Iterator[Problem]:
    """The problems of the stated moment of receipt, and of assistance by the desk."""
    if submission.received_at is not None:
        yield from _moment(submission, submission.received_at, calendar, now)
    if submission.assisted is not None and submission.channel is not Channel.COUNTER:
        yield problem("assisted", "assisted_at_the_counter")


def _moment(submission: Submission, received: datetime, calendar: Calendar, now: datetime) -> Iterator[Problem]:
    if submission.channel is not Channel.POST:
        yield problem("received_at", "received_now")
    elif received > now:
        yield problem("received_at", "in_the_future", says="receipt_in_the_future")
    elif submission.actor.role is Role.RECEPTION and received < _last_working_day(calendar, now):
        yield problem("received_at", "received_too_early")


def _last_working_day(calendar: Calendar, now: datetime) -> datetime:
    """The beginning of the last working day before today."""
    today = working_time.midnight(now)
    return working_time.midnight(working_time.before(today, _A_MOMENT, calendar))
