"""Waiting for news of an outside system: an activity looks once, and the server tries it again until there is.

A look that finds nothing costs the workflow neither a task nor an event.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

_FIRST: Final = 0.2
_LONGEST: Final = 60


def soon() -> timedelta:
    """The wait after this attempt for what should come soon: 0.2 s, half as long again each time, at most 60 s."""
    attempt = activity.info().attempt
    return timedelta(seconds=min(_LONGEST, _FIRST * 1.5 ** min(attempt - 1, 40)))


def nothing_new(wait: timedelta) -> ApplicationError:
    """To raise when there is no news: not a failure, only not yet. The next look is so much later."""
    return ApplicationError(
        "no news yet", type="no_news", category=ApplicationErrorCategory.BENIGN, next_retry_delay=wait
    )


def no_answer(error: Exception, wait: timedelta) -> ApplicationError:
    """To raise when the other side gave no usable answer, which is a failure, and the next look is so much later."""
    return ApplicationError(str(error), type=type(error).__name__, next_retry_delay=wait)
