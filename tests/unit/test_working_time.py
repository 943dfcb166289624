"""Where a limit ends, and where it ends after standing still. Hours of the day are Vietnam's (+07:00)."""

from datetime import UTC, datetime

import pytest

from rules import working_time
from schemas.limit import Limit


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("limit", "start", "due"),
    [
        ("8 working hours", "2026-11-25T10:00:30.5", "2026-11-25T18:00:00"),
        ("1 working hour", "2026-11-25T23:59:59", "2026-11-26T00:59:00"),
        ("5 working days", "2026-11-25T10:00:59", "2026-11-30T10:00:00"),
        ("30 calendar days", "2026-11-25T10:00:01", "2026-12-25T10:00:00"),
        ("45 seconds", "2026-11-25T10:00:30.5", "2026-11-25T10:01:15.5"),
        ("0 working days", "2026-11-25T10:00:30", "2026-11-26T00:00:00"),
        ("0 calendar days", "2026-11-25T23:59:59", "2026-11-26T00:00:00"),
        ("0 working days", "2026-11-25T00:00:00", "2026-11-26T00:00:00"),
        ("0 working days", "2026-12-31T06:59:00", "2027-01-01T00:00:00"),
    ],
)
def test_a_limit_ends(limit: str, start: str, due: str) -> None:
    ends = working_time.due(at(start), Limit.model_validate(limit))
    assert ends == at(due)
    assert ends.tzinfo is UTC


def test_the_day_that_a_limit_of_0_days_ends_with_is_vietnams() -> None:
    evening_in_utc = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)
    assert working_time.due(evening_in_utc, Limit.model_validate("0 working days")) == at("2026-11-27T00:00:00")


def test_a_limit_that_stood_still_ends_later_by_just_that() -> None:
    resumed = working_time.resume(at("2026-11-30T10:00"), at("2026-11-26T09:15:10"), at("2026-11-27T11:45:40"))
    assert resumed == at("2026-12-01T12:30:30")


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
