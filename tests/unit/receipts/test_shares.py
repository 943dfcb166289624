"""What of a payment is phí and what lệ phí: to the đồng, whatever was waived."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.receipts.shares import apportioned, lines_of
from schemas.filing.events import FeeLine
from schemas.publishing.fee import FeeKind

WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=8)


@given(WEIGHTS, st.integers(0, 10**10))
def test_the_shares_are_the_amount_and_none_is_a_dong_away_from_its_part(weights: list[int], amount: int) -> None:
    assume(sum(weights) or not amount)
    shares = apportioned(amount, weights)
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        exact = Fraction(amount * weight, sum(weights) or 1)
        assert floor(exact) <= share <= ceil(exact)


@given(WEIGHTS)
def test_what_was_paid_in_full_is_what_each_line_says(weights: list[int]) -> None:
    assert list(apportioned(sum(weights), weights)) == weights


@given(
    st.lists(st.tuples(st.integers(1, 10**9), st.integers(1, 50), st.sampled_from(FeeKind)), min_size=1, max_size=6),
    st.integers(0, 100),
)
def test_the_receipts_of_a_payment_are_together_what_was_paid(
    items: list[tuple[int, int, FeeKind]], percent: int
) -> None:
    lines = [FeeLine(code=f"item_{n}", amount=amount, quantity=many) for n, (amount, many, _) in enumerate(items)]
    kinds = {f"item_{n}": kind for n, (_, _, kind) in enumerate(items)}
    whole = sum(line.total for line in lines)
    paid = whole * (100 - percent) // 100
    found = {of: lines_of(of, paid, lines, kinds) for of in FeeKind}
    assert sum(line.amount for each in found.values() for line in each) == paid
    assert all(line.amount > 0 and kinds[line.code] is of for of, each in found.items() for line in each)
    totals = {line.code: line.total for line in lines}
    assert all(line.amount <= totals[line.code] for each in found.values() for line in each)


def test_the_dong_that_remain_go_to_the_largest_fractions_and_of_equal_ones_to_the_first() -> None:
    assert apportioned(100, [1, 1, 1]) == (34, 33, 33)
    assert apportioned(145_000 // 2, [30_000, 115_000]) == (15_000, 57_500)
    assert apportioned(10, [999, 1, 1000]) == (5, 0, 5)
    assert apportioned(0, [0, 0]) == (0, 0)


@pytest.mark.parametrize(("amount", "weights"), [(-1, [1]), (1, [2, -1]), (1, [0]), (1, [])])
def test_what_cant_be_shared_is_not(amount: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="shared"):
        apportioned(amount, weights)


def test_an_item_of_which_nobody_knows_the_kind_is_no_receipt() -> None:
    with pytest.raises(KeyError):
        lines_of(FeeKind.FEE, 1, [FeeLine(code="stray", amount=1, quantity=1)], {})
