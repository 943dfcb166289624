"""When the time limit of a part of a filing ends, and when somebody is reminded that it does."""

from __future__ import annotations

from datetime import datetime

from rules.known import known
from rules.time import working_time
from schemas.limit import Limit
from schemas.part import Deadline, PartState
from schemas.publishing.calendar import Calendar


def due_on(part: PartState, calendar: Calendar) -> datetime:
    """The instant at which the limit of this part ends on another calendar."""
    return working_time.due(known(part.since), known(part.limit), calendar)


def remind_at(deadline: Deadline, notice: Limit, calendar: Calendar) -> datetime:
    """So long before it is due, or halfway where the limit is as short as that."""
    if not working_time.short(deadline.limit, calendar):
        before = working_time.before(deadline.due, notice, calendar)
        if before > deadline.since:
            return before
    return working_time.halfway(deadline.since, deadline.limit, calendar)
