"""A calendar file from its bytes: every scalar a text, every mistake with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from rules.publishing.calendar_mistakes import problems
from rules.publishing.mistakes import Mistake
from schemas.publishing.calendar import CalendarFile

from .procedure_file import all_mistakes, parse

CALENDARS: Final = Path(__file__).parents[2] / "procedures" / "calendars"


class Checked(NamedTuple):
    """A calendar, or the mistakes."""

    calendar: CalendarFile | None
    mistakes: list[Mistake]


def check_bytes(data: bytes) -> Checked:
    """The calendar that `data` holds, or every mistake of it in the order of the file."""
    parsed = parse(data, as_text=True)
    found = all_mistakes(parsed, problems)
    return Checked(None if found else CalendarFile.model_validate(parsed.value), found)
