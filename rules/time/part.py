"""The end of the time limit of a part of a filing."""

from __future__ import annotations

from datetime import datetime

from rules.known import known
from rules.time import working_time
from schemas.part import PartState
from schemas.publishing.calendar import Calendar


def due_on(part: PartState, calendar: Calendar) -> datetime:
    """The instant at which the limit of this part ends on another calendar."""
    return working_time.due(known(part.since), known(part.limit), calendar)
