"""Reads a calendar file: every scalar as a text, every mistake with its line."""

from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from publishing.calendars.calendar_mistakes import problems
from rules.source import Mistake, parse
from rules.time.working_time import VIETNAM
from schemas.publishing.calendar import CalendarFile

from .procedure_file import all_mistakes

CALENDARS: Final = Path(__file__).parents[2] / "procedures" / "calendars"


class Checked(NamedTuple):
    """A calendar, or the mistakes. `lines` has the line of each path."""

    calendar: CalendarFile | None
    mistakes: list[Mistake]
    lines: dict[str, int]


def check_bytes(data: bytes, today: date | None = None) -> Checked:
    """Returns the calendar in `data`, or all its mistakes in the order of the file, as of `today` in Vietnam."""
    parsed = parse(data, as_text=True)
    found = all_mistakes(parsed, partial(problems, today=today or datetime.now(VIETNAM).date()))
    return Checked(None if found else CalendarFile.model_validate(parsed.value), found, parsed.lines)
