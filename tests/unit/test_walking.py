"""A walk misses nothing of what a test for each case would have seen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.walking import walked


@walked("n", range(6), exactly=6)
def _walk(n: int, way: str) -> None:
    if n == 1:
        assert way == "good"
    if n == 2 and way == "bad":
        with pytest.raises(ValueError, match="nobody"):
            int("2")
    if n == 3 and way == "bad":
        pytest.skip("left out")
    if n == 4 and way == "bad":
        raise KeyError(n)
    assert n != 5 or way == "good", "the last"


def test_every_miss_is_named_whatever_it_is() -> None:
    _walk(way="good")
    with pytest.raises(AssertionError, match=r"^5 of 6 missed\n") as missed:
        _walk(way="bad")
    lines = [line for line in str(missed.value).splitlines()[1:] if not line.startswith(" ")]
    assert [line.partition(":")[0] for line in lines] == ["1", "2", "3", "4", "5"]
    assert "the last" in lines[-1]
    assert isinstance(missed.value.__cause__, AssertionError)


@pytest.mark.parametrize("count", [{"exactly": 2}, {"exactly": 4}, {"at_least": 4}, {}], ids=repr)
def test_a_table_that_has_lost_cases_is_no_walk(count: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match=r"^3 cases instead of "):
        walked("n", range(3), **count)(lambda n: n)()


@walked("n", range(7), exactly=7, parts=3, ids=str)
def test_a_walk_in_parts_is_so_many_tests(n: int, request: pytest.FixtureRequest) -> None:
    assert request.node.callspec.params["walked_part"] == n % 3
