"""CI runs each slow test at every other commit, about: no file is in both halves, none in neither."""

from __future__ import annotations

import pytest

from tests import halves


def test_each_slow_file_is_in_one_half_and_both_take_as_long() -> None:
    one, other = map(set, halves.halves())
    assert not one & other
    assert one | other == set(halves.slow_files())
    seconds = halves.measured()
    one_takes, other_takes = (sum(seconds.get(file, halves.UNKNOWN) for file in half) for half in (one, other))
    assert one_takes == pytest.approx(other_takes, rel=0.05)


def test_a_hash_names_its_half() -> None:
    assert (halves.of_commit("0f0"), halves.of_commit("0F1")) == halves.halves()
    with pytest.raises(ValueError, match="invalid literal"):
        halves.of_commit("main")


def test_what_was_measured_is_still_there() -> None:
    """Else the balance is that of files that are gone."""
    assert set(halves.measured()) <= set(halves.slow_files())
