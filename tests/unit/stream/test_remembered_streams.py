"""Streams cached in memory after their events were applied: each is valid for one head; number and size have limits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from rules.streams import FILING
from views.log import Head, LoggedStream, Memory

NOW: Final = datetime(2026, 12, 2, tzinfo=UTC)
FILINGS: Final = tuple(UUID(int=n) for n in range(4))


def head(n: int = 0, seq: int = 1, **other: str) -> Head:
    agency = other.get("agency", "H56.30")
    return Head(f"filing:{FILINGS[n]}", FILINGS[n], agency, seq, NOW, other.get("hash", "a").encode())


def logged_stream(n: int = 0) -> LoggedStream:
    return LoggedStream(f"filing:{FILINGS[n]}", FILING, NOW, None, [])


def kept(memory: Memory) -> list[int]:
    return [n for n in range(len(FILINGS)) if memory.find(head(n)) is not None]


def test_a_stream_is_remembered_for_one_head_as_of_another_moment() -> None:
    memory = Memory()
    memory.keep(head(), logged_stream(), 100)
    later = NOW + timedelta(hours=1)
    found = memory.find(head()._replace(now=later))
    assert found is not None
    assert (found.as_of, found.stream) == (later, head().stream)
    for other in (head(seq=2, hash="b"), head(hash="b"), head(agency="H01.12"), head(1)):
        assert memory.find(other) is None, other


def test_a_fold_is_made_once_for_all_copies() -> None:
    folds: list[object] = []

    def evolve(state: Any, event: Any) -> Any:
        folds.append(event)
        return [*state, event]

    events: Any = ["an event"]
    one, memory = replace(logged_stream(), kind=replace(FILING, evolve=evolve), before=[], events=events), Memory()
    memory.keep(head(), one, 100)
    found = [memory.find(head()) for _ in range(2)]
    assert [copy.state for copy in found if copy is not None] == [["an event"], ["an event"]]
    assert one.state == ["an event"]
    assert folds == ["an event"]


def test_what_was_used_the_longest_time_ago_is_forgotten_first() -> None:
    memory = Memory(most=3)
    for n in (0, 1, 2):
        memory.keep(head(n), logged_stream(n), 100)
    assert memory.find(head(0)) is not None
    memory.keep(head(3), logged_stream(3), 100)
    assert kept(memory) == [0, 2, 3]


def test_the_bytes_that_are_remembered_have_a_bound() -> None:
    memory = Memory(most_bytes=250)
    memory.keep(head(0), logged_stream(0), 100)
    memory.keep(head(1), logged_stream(1), 100)
    memory.keep(head(1), logged_stream(1), 150)
    assert kept(memory) == [0, 1], "a stream that is read again takes only its new size"
    memory.keep(head(2), logged_stream(2), 200)
    assert kept(memory) == [2]
    memory.keep(head(3), logged_stream(3), 251)
    assert kept(memory) == []
    memory.keep(head(0), logged_stream(0), 250)
    assert kept(memory) == [0]
