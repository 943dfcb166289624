"""A reading of the record is valid for ten minutes, and only in the process that made it."""

from __future__ import annotations

from activities.support import readings
from activities.support.readings import Readings, reading_digest


def test_a_reading_counts_for_ten_minutes() -> None:
    now = 0.0
    kept = Readings(lambda: now)
    kept.keep("a")
    now = 300.0
    kept.keep("b")
    assert kept.hold(())
    assert kept.hold(("a", "b"))
    assert not kept.hold(("a", "c"))
    now = 600.0
    assert not kept.hold(("a",))
    assert kept.hold(("b",))


def test_the_oldest_makes_room() -> None:
    kept = Readings(lambda: 0.0)
    for n in range(readings._MOST + 1):
        kept.keep(str(n))
        kept.keep("0")
    assert kept.hold(("0", str(readings._MOST)))
    assert not kept.hold(("1",))


def test_a_digest_is_of_question_and_answer() -> None:
    digests = {reading_digest(*one) for one in (("a", 1, 2), ("b", 1, 2), ("a", 2, 2), ("a", 1, None), ("a", 12, ""))}
    assert len(digests) == 5
