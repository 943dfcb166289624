"""The relay of official papers is killed where it hurts: no paper is lost, none is made twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.acting import eventually
from tests.conftest import World
from tests.faults.processes import worker_process
from tests.integration.papers.test_relay import Desk, at_work, desk, lived

__all__ = ["desk"]

RELAY = "workers.relay"

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("failpoint", ["papers.stored", "papers.recorded"])
async def test_a_relay_that_dies_leaves_its_paper_to_the_next(
    world: World, desk: Desk, tmp_path: Path, failpoint: str
) -> None:
    async with at_work(world):
        async with worker_process(world.process_env, tmp_path, RELAY) as relay:
            relay.arm(failpoint)
            play, _ = await asyncio.gather(lived(world), relay.died())
        assert await desk.owed(), "what it had not finished is still owed"
        async with worker_process(world.process_env, tmp_path, RELAY):
            await eventually(desk.owed, lambda owed: not owed, within=60)
    about = [(paper.paper, paper.about.seq) for paper in await desk.made(play)]
    assert len(about) == len(set(about)) == 4
