"""The conditions for an erasure: each that is not met is a problem of its own; the years are counted in Vietnam."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from rules.retention import Whole, hindrances, years_after
from schemas.publishing.procedure import RetentionRule
from tests.unit.filing.lives import APPLICANT, Life

ENDED: Final = Life().do("withdraw", APPLICANT, reason="đổi ý")
FREE: Final = Whole(ENDED.filing, complain_until=None, open=(), watched_until=None, unsettled=0, unmade=0)
LATER: Final = ENDED.now + timedelta(days=1)
TEN_YEARS: Final = RetentionRule.model_validate({"keep_years": 10, "source": "TT 09/2022"})


def test_each_hindrance_is_named() -> None:
    assert hindrances(FREE, ENDED.now) == ()
    for changes, rule in (
        ({"open": ("payment:1",)}, "erase_open"),
        ({"unsettled": 2}, "erase_unsettled"),
        ({"unmade": 1}, "erase_unmade"),
        ({"watched_until": LATER}, "erase_watched"),
        ({"complain_until": LATER}, "erase_complaint"),
        ({"retention": TEN_YEARS}, "erase_kept"),
    ):
        hindered = replace(FREE, **changes)
        assert [one.rule for one in hindrances(hindered, ENDED.now)] == [rule]
    both = replace(FREE, unsettled=1, watched_until=LATER)
    assert [one.rule for one in hindrances(both, ENDED.now)] == ["erase_unsettled", "erase_watched"]
    erased = replace(both, filing=ENDED.filing.model_copy(update={"erased_at": LATER}))
    assert [one.rule for one in hindrances(erased, LATER)] == ["erased"]


def test_what_is_waited_for_hinders_until_its_moment() -> None:
    for waits in (replace(FREE, watched_until=LATER), replace(FREE, complain_until=LATER)):
        assert len(hindrances(waits, LATER - timedelta(seconds=1))) == 1
        assert hindrances(waits, LATER + timedelta(seconds=1)) == ()


def test_years_end_with_the_day_in_vietnam() -> None:
    evening = datetime(2026, 11, 25, 18, tzinfo=UTC)
    assert years_after(evening, 10).isoformat() == "2036-11-26T23:59:59.999999+07:00"
    leap = datetime(2028, 2, 29, 3, tzinfo=UTC)
    assert years_after(leap, 1).date().isoformat() == "2029-02-28"
    assert years_after(leap, 4).date().isoformat() == "2032-02-29"
