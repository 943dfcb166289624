"""A timer that fires while its worker is dead and somebody looks at the filing."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.worker import Replayer

from motcua import Actor, RequestSupplement, Role, SupplementItem, TargetKind, Via, filing_id, filing_workflow, testing
from motcua.payloads.converter import data_converter
from publishing.authoring import procedures
from schemas.filing.state import Stage
from tests.acting import SPOUSES
from tests.conftest import ROOT, World
from tests.faults.processes import worker_process
from workers.wiring import STICKY, WORKFLOWS

SOURCE = ROOT / "procedures" / "1.000894@2026-12.yaml"
TRIES = 5
SHORTLY = timedelta(seconds=1.5)
RECEPTION = Actor(subject="h56.30-reception-1", role=Role.RECEPTION, agency="H56.30")


async def test_a_look_between_a_timer_and_its_task_leaves_a_history_that_replays(world: World, tmp_path: Path) -> None:
    """The timer's task waits for the worker that died, while another one answers the look.

    On a busy machine the timer may have fired before the look was answered; then the story is told again.
    """
    variant = procedures.demo_variant(SOURCE.read_bytes(), {"supplement": 6}, suffix="demo-short")
    await procedures.publish(world.owner_dsn, variant, demo=True)
    for _ in range(TRIES):
        if await told_in_time(world, tmp_path):
            return
    pytest.fail(f"no look was answered in time, {TRIES} times")


async def told_in_time(world: World, folder: Path) -> bool:
    """Tell the story, and replay what it leaves; whether the look was answered before the timer fired."""
    submission = testing.submission(
        procedure="1.000894",
        version="2026-12-demo-short",
        form=SPOUSES,
        papers=[],
        result_channel="counter",
    )
    filing = filing_id(submission.client_id, submission.submission_id)
    client = world.client
    async with AsyncExitStack() as workers:
        first = await workers.enter_async_context(worker_process(world.process_env, folder / "first"))
        await client.submit(submission)
        await client.act(
            filing,
            RequestSupplement(
                command_id="ask",
                actor=RECEPTION,
                via=Via(principal="test"),
                items=(SupplementItem(target=TargetKind.FIELD, code="preferred_date", note="ngày"),),
                legal_basis="Đ17",
            ),
        )
        (timer,) = (await client.view(filing)).timers
        await workers.enter_async_context(worker_process(world.process_env, folder / "second"))
        assert SHORTLY < STICKY
        await asyncio.sleep((timer.due - SHORTLY - datetime.now(UTC)).total_seconds())
        first.kill()
        await first.died()
        in_time = datetime.now(UTC) < timer.due
        looked = await client.view(filing)
        async for view in client.follow(filing):
            ended = view
    assert ended.closing == "supplement_expired"
    history = await world.temporal.get_workflow_handle(filing_workflow(filing)).fetch_history()
    await Replayer(workflows=WORKFLOWS, data_converter=data_converter).replay_workflow(history)
    return in_time and looked.stage is Stage.SUPPLEMENT
