"""On which day a filing is received, and what is said where its version is not in force on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from rules.time.in_force import validity_in_words
from rules.time.working_time import local_day
from schemas.errors import Problem, problem
from schemas.filing.submission import Submission
from schemas.publishing.procedure import Term


def day_of_receipt(submission: Submission, now: datetime) -> date:
    """The day in Vietnam by whose law the filing goes: today, or when the post handed it over."""
    received = now if submission.received_at is None else min(submission.received_at, now)
    return local_day(received)


def validity_problems(submission: Submission, term: Term | None) -> Iterator[Problem]:
    """That the version that was named, or every one, is in force only in this `term`, and not on the day of receipt."""
    if term is not None:
        field = "version" if submission.version else "procedure"
        yield problem(field, "version_not_in_force", validity=validity_in_words(term))
