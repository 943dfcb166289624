"""When the doctor tells of a calendar that ends."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import pytest

from operations.doctor.finding import Health
from operations.doctor.record.calendar import ending
from schemas.publishing.calendar import Calendar, Week

LAST: Final = date(2027, 12, 31)
CALENDAR: Final = Calendar(
    code="vn", version="2026-12", valid_from=date(2026, 1, 1), valid_until=LAST, week=Week().days()
)


@pytest.mark.parametrize("left", [400, 61])
def test_a_calendar_that_lasts_is_not_told_of(left: int) -> None:
    assert list(ending(CALENDAR, LAST - timedelta(days=left))) == []


@pytest.mark.parametrize("left", [60, 1, 0])
def test_one_that_ends_within_sixty_days_is_warned_of(left: int) -> None:
    (found,) = ending(CALENDAR, LAST - timedelta(days=left))
    assert found.health is Health.WARN
    assert found.what.en == f"vn@2026-12 ends on 2027-12-31, days left: {left}"
    assert found.what.vi == f"vn@2026-12 hết hiệu lực sau ngày 2027-12-31, còn {left} ngày"
    assert found.fix is not None
    assert "motcua calendar publish" in found.fix.vi
    assert "motcua calendar publish" in found.fix.en


@pytest.mark.parametrize("ago", [1, 30])
def test_one_that_has_ended_is_an_error(ago: int) -> None:
    (found,) = ending(CALENDAR, LAST + timedelta(days=ago))
    assert found.health is Health.FAIL
    assert f"vn@2026-12 ended on 2027-12-31, days ago: {ago}" in found.what.en
    assert found.fix is not None
