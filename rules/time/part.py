"""The end of the time limit of a part of a filing."""

from datetime import datetime

from rules.require import require
from rules.time import working_time
from schemas.publishing.calendar import Calendar
from schemas.stream.part import PartState


def due_on(part: PartState, calendar: Calendar) -> datetime:
    """The instant at which the limit of this part ends on another calendar."""
    return working_time.due(require(part.since), require(part.limit), calendar)
