"""A rate limit for actions that anybody with access to Temporal can trigger."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

BUSY: Final = "too_soon"


class Seldom:
    """Never runs an action twice at once in this process, nor before `every` has passed since its last start."""

    def __init__(self, every: timedelta) -> None:
        self._every = every.total_seconds()
        self._again_at = 0.0
        self._at_work = False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Runs the block. Raises `too_soon`, which is retried later, if the action may not run yet."""
        left = self._again_at - time.monotonic()
        if self._at_work or left > 0:
            raise ApplicationError(
                "this was done only just now, or is being done",
                type=BUSY,
                category=ApplicationErrorCategory.BENIGN,
                next_retry_delay=timedelta(seconds=max(left, 1)),
            )
        self._at_work, self._again_at = True, time.monotonic() + self._every
        try:
            yield
        finally:
            self._at_work = False
