"""The day of receipt of a filing, and the problem of a version that is not in force on that day."""

from collections.abc import Iterator
from datetime import date, datetime

from rules.time.in_force import validity_in_words
from rules.time.working_time import local_day
from schemas.errors import Problem, problem
from schemas.filing.submission import Submission
from schemas.publishing.procedure import Term


def day_of_receipt(submission: Submission, now: datetime) -> date:
    """The day in Vietnam whose law applies: today, or the day on which the post delivered it."""
    return local_day(now if submission.received_at is None else min(submission.received_at, now))


def validity_problems(submission: Submission, term: Term | None) -> Iterator[Problem]:
    """The problem of a version (or of all versions) whose term in force does not include the day of receipt."""
    if term is not None:
        field = "version" if submission.version else "procedure"
        yield problem(field, "version_not_in_force", validity=validity_in_words(term))
