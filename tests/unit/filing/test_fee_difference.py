"""What is asked for, or given back, once a change of the dossier makes the fee another."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.filing.fees.assessment import Assessment, assess
from rules.filing.fees.difference import LineDifference, difference
from rules.time.working_time import VIETNAM
from schemas.publishing.procedure_rules import FeePart
from tests.unit.filing.lives import fee, submission

RULE: Final = FeePart.model_validate(
    fee()
    | {
        "items": [
            {"code": "extract", "amount": 8000, "per": "copies"},
            {"code": "haste", "amount": 50_000, "when": [{"field": "urgent", "one_of": [True]}]},
        ]
    }
)


def of(copies: int, *, urgent: bool = False, percent: int = 0) -> Assessment:
    found = submission(form={"copies": copies, "urgent": urgent})
    return assess(RULE, found, date(2026, 11, 25), datetime(2026, 11, 25, 9, tzinfo=VIETNAM), percent)


@pytest.mark.parametrize(
    ("before", "paid", "now", "lines", "ask", "give_back"),
    [
        (of(2), 16_000, of(2), (), 0, 0),
        (of(2), 16_000, of(5), (LineDifference("extract", 24_000),), 24_000, 0),
        (of(5), 40_000, of(2), (LineDifference("extract", -24_000),), 0, 24_000),
        (of(2), 0, of(5), (LineDifference("extract", 24_000),), 40_000, 0),
        (of(5), 0, of(0), (LineDifference("extract", -40_000),), 0, 0),
        (of(5), 40_000, of(0), (LineDifference("extract", -40_000),), 0, 40_000),
        (of(0), 0, of(1, urgent=True), (LineDifference("extract", 8000), LineDifference("haste", 50_000)), 58_000, 0),
        (
            of(9),
            72_000,
            of(1, urgent=True),
            (LineDifference("extract", -64_000), LineDifference("haste", 50_000)),
            0,
            14_000,
        ),
        (of(2), 8000, of(3, percent=50), (LineDifference("extract", 8000),), 4000, 0),
        (of(2), 16_000, of(2, percent=100), (), 0, 16_000),
    ],
)
def test_the_difference_is_asked_for_or_given_back(
    before: Assessment, paid: int, now: Assessment, lines: tuple[LineDifference, ...], ask: int, give_back: int
) -> None:
    assert difference(before.lines, paid, now) == (lines, ask, give_back)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 10**6), st.integers(0, 100))
def test_what_was_paid_and_what_follows_come_to_what_is_due(was: int, is_now: int, paid: int, percent: int) -> None:
    before, now = of(was), of(is_now, urgent=paid % 2 == 0, percent=percent)
    found = difference(before.lines, paid, now)
    assert paid + found.ask - found.give_back == now.total
    assert 0 in (found.ask, found.give_back)
    assert min(found.ask, found.give_back) >= 0
    assert sum(line.amount for line in found.lines) == now.total + now.waived - before.total
