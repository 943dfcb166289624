"""A signature is under way, and the run that asked for it is no more: who waits for it asks for the same one."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle

from deploy.stack import Stack
from schemas.ids import NUDGE, result_workflow
from tests.acting import Play, eventually
from tests.conftest import PARTS, SUGGEST, World, publish_demo, world_of
from tests.restarting import lost_and_restarted, reset
from tests.sound import sound
from tests.workflow.results import signed_once, waiting_for_signer, waits_for


def run_of(play: Play) -> WorkflowHandle[Any, Any]:
    return play.world.temporal.get_workflow_handle(result_workflow(play.filing, 1))


@pytest.mark.parametrize("happens", [reset, lost_and_restarted])
async def test_a_run_that_begins_again_has_it_signed_once(running: World, happens: Any) -> None:
    play = await waits_for(running, "signature")
    before = (await run_of(play).describe()).run_id
    await happens(running, run_of(play).id)
    assert (await run_of(play).describe()).run_id != before
    await eventually(lambda: waiting_for_signer(running, run_of(play).id), bool)
    await signed_once(play)
    assert (await run_of(play).describe()).run_id != before
    await sound(running)


@pytest.fixture
async def short() -> AsyncIterator[World]:
    """A world in which a run is asked to make way after eight events."""
    with tempfile.TemporaryDirectory(prefix="motcua-") as name, tempfile.TemporaryDirectory() as objects:
        async with Stack(Path(name).resolve(), parts=PARTS, temporal={SUGGEST: "8"}) as stack:
            await publish_demo(stack.env)
            world = await world_of(stack.env, Path(objects))
            async with world.platform(), world.back_office():
                yield world


async def test_a_run_that_makes_way_has_it_signed_once(short: World) -> None:
    play = await waits_for(short, "signature")
    asks = run_of(play)
    before = await asks.describe()
    await asks.signal(NUDGE)
    await eventually(lambda: run_of(play).describe(), lambda now: now.run_id != before.run_id)
    await eventually(lambda: waiting_for_signer(short, asks.id), bool)
    await signed_once(play)
    old = short.temporal.get_workflow_handle(asks.id, run_id=before.run_id)
    assert (await old.describe()).status is WorkflowExecutionStatus.CONTINUED_AS_NEW
    await sound(short)
