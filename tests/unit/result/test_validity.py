"""Whether a registered result can be relied on, as of an instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from rules.result.validity import standing
from schemas.result.state import RegisteredResult, ResultState, Validity

ISSUED: Final = datetime(2026, 11, 26, 3, tzinfo=UTC)
DAY: Final = timedelta(days=1)
LATER: Final = ISSUED + 2 * DAY


def result(**changes: Any) -> RegisteredResult:
    said = {"number": "H01.12-2026-K0000001", "filing_id": UUID(int=1), "agency": "H01.12", "n": 1}
    return RegisteredResult.model_validate(said | {"state": ResultState.IN_FORCE, "issued_at": ISSUED} | changes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Validity.IN_FORCE),
        ({"issued_at": None, "state": ResultState.MAKING}, Validity.NOT_ISSUED),
        ({"issued_at": None, "state": ResultState.VOIDED, "ended_at": ISSUED}, Validity.VOIDED),
        ({"state": ResultState.REVOKED, "ended_at": LATER - DAY}, Validity.REVOKED),
        ({"state": ResultState.REPLACED, "ended_at": LATER - DAY, "replaced_by": "2"}, Validity.REPLACED),
        ({"overtaken_at": LATER - DAY}, Validity.OVERTAKEN),
        ({"expires_on": date(2026, 11, 27)}, Validity.EXPIRED),
        ({"expires_on": date(2026, 11, 28)}, Validity.IN_FORCE),
        ({"overtaken_at": LATER - DAY, "state": ResultState.REVOKED, "ended_at": LATER - DAY}, Validity.REVOKED),
    ],
)
def test_a_result_is_in_force_until_something_has_ended_that(changes: dict[str, Any], expected: Validity) -> None:
    assert standing(result(**changes), LATER).validity is expected


@pytest.mark.parametrize("state", [ResultState.REVOKED, ResultState.REPLACED])
def test_what_happened_later_is_not_told_of_the_moment_before(state: ResultState) -> None:
    ended = result(state=state, ended_at=LATER, replaced_by="2")
    before = standing(ended, LATER - timedelta(seconds=1))
    assert (before.validity, before.ended_at, before.replaced_by) == (Validity.IN_FORCE, None, None)
    after = standing(ended, LATER)
    assert after.ended_at == LATER
    assert after.replaced_by == ("2" if state is ResultState.REPLACED else None)


def test_before_it_was_issued_there_was_none() -> None:
    assert standing(result(), ISSUED - DAY).validity is Validity.NOT_ISSUED


def test_the_last_day_is_one_in_vietnam() -> None:
    last = result(expires_on=date(2026, 11, 28))
    midnight = datetime(2026, 11, 28, 17, tzinfo=UTC)
    assert standing(last, midnight - timedelta(seconds=1)).validity is Validity.IN_FORCE
    assert standing(last, midnight).validity is Validity.EXPIRED
