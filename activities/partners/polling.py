"""Polling: an activity checks once, and the server retries it until there is news, without a workflow task."""

from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory


def soon() -> timedelta:
    """Returns the wait before the next check if news is expected: 0.2 s, then 1.5 times the last wait, at most 60 s."""
    attempt = activity.info().attempt
    return timedelta(seconds=min(60, 0.2 * 1.5 ** min(attempt - 1, 40)))


def nothing_new(wait: timedelta) -> ApplicationError:
    """Returns the error to raise if there is no news; it counts as no failure. The next check is after `wait`."""
    return ApplicationError(
        "no news yet", type="no_news", category=ApplicationErrorCategory.BENIGN, next_retry_delay=_fitting(wait)
    )


def no_answer(error: Exception, wait: timedelta) -> ApplicationError:
    """Returns the error to raise after an unusable answer; it counts as a failure. The next check is after `wait`."""
    return ApplicationError(str(error), type=type(error).__name__, next_retry_delay=_fitting(wait))


def _fitting(wait: timedelta) -> timedelta:
    """Returns the wait, shortened if necessary, so that the retry comes just before the activity's overall timeout."""
    info = activity.info()
    if info.schedule_to_close_timeout is None:
        return wait
    left = info.scheduled_time + info.schedule_to_close_timeout - info.started_time - timedelta(seconds=1)
    return min(wait, left) if left > timedelta() else wait
