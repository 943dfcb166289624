"""When limits end on the national calendar, across the new year and Tết; and that what is proposed does not count."""

from __future__ import annotations

from typing import Any, Final

import pytest
import yaml

from publishing.authoring.calendar_file import CALENDARS, check_bytes
from rules.time import working_time
from rules.time.calendars import expand
from schemas.publishing.calendar import Calendar, CalendarFile, DayStatus
from tests.conftest import ROOT
from tests.unit.time.cases import at, limit, name
from tests.walking import walked

CASES: Final[list[dict[str, Any]]] = yaml.load(
    (ROOT / "tests/unit/time/national_cases.yaml").read_text(encoding="utf-8"),
    yaml.BaseLoader,  # noqa: S506 -- reads every scalar as its text
)


def national() -> CalendarFile:
    file = check_bytes((CALENDARS / "vn.yaml").read_bytes()).calendar
    assert file is not None
    return file


@walked("case", CASES, ids=name, exactly=33)
def test_a_limit_ends(case: dict[str, Any]) -> None:
    pauses = [(at(begins), at(ends)) for begins, ends in case.get("pauses", [])]
    found = working_time.explain(at(case["received"]), limit(case["limit"]), expand(national()), pauses=pauses)
    assert found.due == at(case["due"]), case["why"]
    assert found.receipt_day.isoformat() == case.get("receipt", case["received"][:10])


def swap(status: DayStatus | None) -> Calendar:
    """A calendar in which 23/11/2026 is swapped for Saturday 28/11, or only proposed to be, or neither."""
    days = [
        {"date": "2026-11-23", "kind": "off", "source": "a test", "status": status},
        {"date": "2026-11-28", "kind": "makeup", "replaces": "2026-11-23", "source": "a test", "status": status},
    ]
    return expand(
        CalendarFile.model_validate(
            {
                "code": "vn",
                "version": "1",
                "valid_from": "2026-11-01",
                "valid_until": "2026-12-31",
                "overlays": [{"days": days}] if status else [],
            }
        )
    )


@pytest.mark.parametrize(
    ("received", "amount", "proposed", "decided"),
    [
        ("2026-11-20T09:00", "1 working day", "2026-11-23T17:00", "2026-11-25T17:00"),
        ("2026-11-20T16:00", "8 working hours", "2026-11-23T16:00", "2026-11-25T16:00"),
        ("2026-11-20T09:00", "3 calendar days", "2026-11-23T17:00", "2026-11-25T17:00"),
        ("2026-11-26T09:00", "2 working days", "2026-11-30T17:00", "2026-11-28T17:00"),
        ("2026-11-28T09:00", "1 working hour", "2026-11-30T08:00", "2026-11-28T10:00"),
    ],
)
def test_a_day_that_is_only_proposed_moves_nothing_and_the_same_day_decided_does(
    received: str, amount: str, proposed: str, decided: str
) -> None:
    asked = (at(received), limit(amount))
    assert working_time.due(*asked, swap(DayStatus.PROPOSED)) == at(proposed)
    assert working_time.due(*asked, swap(None)) == at(proposed)
    assert working_time.due(*asked, swap(DayStatus.DECIDED)) == at(decided)
