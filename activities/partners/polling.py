"""Waiting for news of an outside system: an activity looks once, and the server tries it again until there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory


@dataclass(frozen=True)
class Pace:
    """How often to look: `first` seconds after the first time, half as long again each time, at most `longest`."""

    first: float
    longest: float

    def delay(self, attempt: int) -> timedelta:
        """The wait after the given attempt, counted from 1."""
        return timedelta(seconds=min(self.longest, self.first * 1.5 ** min(attempt - 1, 40)))


EXPECTED: Final = Pace(first=0.2, longest=60)
"""For what should come soon."""

UNEXPECTED: Final = Pace(first=5, longest=1800)
"""For what should not come at all."""


def nothing_new(pace: Pace) -> ApplicationError:
    """To raise when there is no news: not a failure, only not yet."""
    return ApplicationError(
        "no news yet",
        type="no_news",
        category=ApplicationErrorCategory.BENIGN,
        next_retry_delay=pace.delay(activity.info().attempt),
    )
