"""A timer fires while its worker is dead and a question about the filing waits."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.worker import Replayer

from motcua import RequestSupplement, Role, SupplementItem, TargetKind, filing_workflow
from motcua.payloads.converter import data_converter
from schemas.filing.state import Stage
from tests.acting import MARRIAGE, Play, marriage, publish_short
from tests.conftest import World
from tests.faults.processes import worker_process
from workers.wiring import STICKY, WORKFLOWS

TRIES = 5
SHORTLY = timedelta(seconds=1.5)


async def test_a_look_between_a_timer_and_its_task_leaves_a_history_that_replays(world: World, tmp_path: Path) -> None:
    """The timer's task waits for the dead worker, while another worker answers the question.

    On a busy machine the timer may have fired before the question was answered; then the story is repeated.
    """
    version = await publish_short(world, MARRIAGE, supplement=6)
    for _ in range(TRIES):
        if await told_in_time(world, version, tmp_path):
            return
    pytest.fail(f"no look was answered in time, {TRIES} times")


async def told_in_time(world: World, version: str, folder: Path) -> bool:
    """Plays the story once, and replays its histories; returns whether the answer came before the timer fired."""
    async with AsyncExitStack() as workers:
        first = await workers.enter_async_context(worker_process(world.process_env, folder / "first"))
        play = await Play.begin(world, marriage(version=version))
        item = SupplementItem(target=TargetKind.FIELD, code="preferred_date", note="ngày")
        await play.act(RequestSupplement, play.officer(Role.RECEPTION), items=(item,), legal_basis="Đ17")
        (timer,) = (await play.view()).timers
        await workers.enter_async_context(worker_process(world.process_env, folder / "second"))
        assert SHORTLY < STICKY
        await asyncio.sleep((timer.due - SHORTLY - datetime.now(UTC)).total_seconds())
        first.kill()
        await first.died()
        in_time = datetime.now(UTC) < timer.due
        looked = await play.view()
        assert (await play.at(Stage.CLOSED)).closing == "supplement_expired"
    history = await world.temporal.get_workflow_handle(filing_workflow(play.filing)).fetch_history()
    await Replayer(workflows=WORKFLOWS, data_converter=data_converter).replay_workflow(history)
    return in_time and looked.stage is Stage.SUPPLEMENT
