"""The receipt of a submission: its day, the version in force on it, and paper filings at the desk."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from rules.time import working_time
from rules.time.in_force import validity_in_words
from rules.time.working_time import local_day
from schemas.errors import Problem, problem
from schemas.filing.submission import Submission
from schemas.level import Channel
from schemas.limit import Limit, Unit
from schemas.people import Role
from schemas.publishing.calendar import Calendar
from schemas.publishing.procedure import Term


def day_of_receipt(submission: Submission, now: datetime) -> date:
    """The day in Vietnam whose law applies: today, or the day on which the post delivered it."""
    return local_day(now if submission.received_at is None else min(submission.received_at, now))


def validity_problems(submission: Submission, term: Term | None) -> Iterator[Problem]:
    """The problem of a version (or of all versions) that was not in force on the day of receipt; `term` is its term."""
    if term is not None:
        field = "version" if submission.version else "procedure"
        yield problem(field, "version_not_in_force", validity=validity_in_words(term))


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
