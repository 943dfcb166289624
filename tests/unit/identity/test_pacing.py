"""A worker that refuses too many new runs takes new runs more slowly; its other work is not delayed."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workers.interceptors import pacing
from workers.interceptors.pacing import BURST, CACHED, NEW, RATE, Pace


class Clock:
    now = 1_000.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))

    def __init__(self) -> None:
        self.slept: list[float] = []


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    one = Clock()
    monkeypatch.setattr(pacing, "monotonic", lambda: one.now)
    monkeypatch.setattr(asyncio, "sleep", one.sleep)
    return one


def poll(*, sticky: bool) -> Any:
    return SimpleNamespace(is_sticky=sticky)


async def test_new_runs_take_turns_after_too_many_refusals_until_these_are_within_the_rate(clock: Clock) -> None:
    pace = Pace()
    for _ in range(BURST):
        pace.refused()
    await pace.reserve_slot(poll(sticky=False))
    assert clock.slept == []
    pace.refused()
    for sticky in (False, True, False, False):
        await pace.reserve_slot(poll(sticky=sticky))
    assert clock.slept == [round(turn / RATE, 6) for turn in (1, 2, 3)]
    clock.now += 1 / RATE
    await pace.reserve_slot(poll(sticky=False))
    assert len(clock.slept) == 3


async def test_a_quiet_hour_saves_up_no_more_than_one_burst(clock: Clock) -> None:
    pace = Pace()
    pace.refused()
    clock.now += 3_600
    for _ in range(BURST + 1):
        pace.refused()
    await pace.reserve_slot(poll(sticky=False))
    assert clock.slept == [round(1 / RATE, 6)]


async def test_new_runs_leave_the_slots_of_runs_in_the_cache_free() -> None:
    pace = Pace()
    permits = [await pace.reserve_slot(poll(sticky=False)) for _ in range(NEW)]
    assert pace._new.locked()
    for _ in range(CACHED):
        await pace.reserve_slot(poll(sticky=True))
    assert pace._cached.locked()
    freed: Any = SimpleNamespace(permit=permits[0])
    pace.release_slot(freed)
    assert (pace._new.locked(), pace._cached.locked()) == (False, True)


@pytest.mark.parametrize("counted", [0, 1])
async def test_a_run_that_fails_is_counted_unless_it_is_replayed(counted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(_: Any) -> None:
        raise ApplicationError("refused")

    monkeypatch.setattr(workflow.unsafe, "is_replaying", lambda: not counted)
    pace, refusals = Pace(), list[None]()
    monkeypatch.setattr(pace, "refused", lambda: refusals.append(None))
    inner: Any = SimpleNamespace(execute_workflow=fails)
    door: Any = pace.workflow_interceptor_class(inner)(inner)
    with pytest.raises(ApplicationError):
        await door.execute_workflow(None)
    assert len(refusals) == counted
