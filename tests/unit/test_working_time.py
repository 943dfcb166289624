"""Where a limit ends, and where it ends after standing still. Hours of the day are Vietnam's (+07:00)."""

from datetime import UTC, datetime

import pytest
import yaml

from rules import working_time
from rules.calendars import expand
from schemas.calendar import Calendar, CalendarFile
from schemas.limit import Limit
from tests.conftest import ROOT

VN = expand(
    CalendarFile.model_validate(
        yaml.load((ROOT / "procedures/calendars/vn.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 -- every scalar a text
    )
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


def limit(text: str) -> Limit:
    return Limit.model_validate(text)


@pytest.mark.parametrize(
    ("text", "start", "due"),
    [
        ("5 working days", "2026-02-13T16:05", "2026-02-27T17:00"),
        ("8 working hours", "2026-11-25T10:00:30.5", "2026-11-26T10:00"),
        ("4 working hours", "2026-11-25T11:00", "2026-11-25T17:00"),
        ("45 seconds", "2026-11-25T10:00:30.5", "2026-11-25T10:01:15.5"),
        ("0 working days", "2026-11-25T15:00", "2026-11-25T17:00"),
        ("0 working days", "2026-11-25T15:01", "2026-11-26T17:00"),
        ("3 calendar days", "2026-11-25T10:00", "2026-11-30T17:00"),
        ("1 working day", "2026-08-21T10:00", "2026-08-22T17:00"),
    ],
)
def test_a_limit_ends(text: str, start: str, due: str) -> None:
    ends = working_time.due(at(start), limit(text), VN)
    assert ends == at(due)
    assert ends.tzinfo is UTC


def test_what_a_filing_records_of_three_years_is_less_than_a_kilobyte() -> None:
    years = VN.model_copy(
        update={"off": tuple(day.replace(year=year) for year in (2026, 2027, 2028) for day in VN.off)}
    )
    assert len(years.model_dump_json()) < 1000


def test_a_calendar_is_read_back_as_it_was_written() -> None:
    assert Calendar.model_validate_json(VN.model_dump_json()) == VN


@pytest.mark.parametrize("text", ["5 days", "-1 working days", "five working days", "5", "", "1.5 working hours"])
def test_anything_else_is_no_limit(text: str) -> None:
    with pytest.raises(ValueError, match="a time limit is one of"):
        Limit.model_validate(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [("1 working day", "1 working days"), (" 8 working hours ", "8 working hours"), ("0 seconds", "0 seconds")],
)
def test_a_limit_is_kept_as_text(text: str, kept: str) -> None:
    assert Limit.model_validate(text).model_dump_json() == f'"{kept}"'
