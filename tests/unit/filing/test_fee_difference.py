"""What is asked for, or given back, once a change of the dossier makes the fee another."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.filing.fees.assessment import Assessment, assess
from rules.filing.fees.difference import difference
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
    ("kept", "now", "more", "less"),
    [
        ({"extract": 16_000}, of(2), {}, {}),
        ({"extract": 16_000}, of(5), {"extract": 24_000}, {}),
        ({"extract": 40_000}, of(2), {}, {"extract": 24_000}),
        ({}, of(5), {"extract": 40_000}, {}),
        ({"extract": 40_000}, of(0), {}, {"extract": 40_000}),
        ({}, of(1, urgent=True), {"extract": 8000, "haste": 50_000}, {}),
        ({"extract": 72_000}, of(1, urgent=True), {}, {"extract": 14_000}),
        ({"extract": 16_000}, of(1, urgent=True), {"haste": 42_000}, {}),
        ({"extract": 8000}, of(3, percent=50), {"extract": 4000}, {}),
        ({"extract": 16_000}, of(2, percent=100), {}, {"extract": 16_000}),
        ({"extract": 80_000, "haste": 50_000}, of(5, percent=50), {}, {"extract": 60_000, "haste": 50_000}),
    ],
)
def test_the_difference_is_asked_for_or_given_back(
    kept: dict[str, int], now: Assessment, more: dict[str, int], less: dict[str, int]
) -> None:
    found = difference(kept, now)
    assert {share.code: share.amount for share in found.more} == more
    assert {share.code: share.amount for share in found.less} == less


@given(
    extract=st.integers(0, 10**6),
    haste=st.integers(0, 10**6),
    copies=st.integers(0, 50),
    urgent=st.booleans(),
    percent=st.integers(0, 100),
)
def test_what_was_paid_and_what_follows_come_to_what_is_due(
    *, extract: int, haste: int, copies: int, urgent: bool, percent: int
) -> None:
    kept, now = {"extract": extract, "haste": haste}, of(copies, urgent=urgent, percent=percent)
    found = difference(kept, now)
    more, less = (sum(share.amount for share in shares) for shares in found)
    assert extract + haste + more - less == now.total
    assert 0 in (more, less)
    assert all(share.amount <= kept[share.code] for share in found.less)
