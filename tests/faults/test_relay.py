"""The relay of official papers is killed at critical points: no paper is lost, none is made twice."""

import asyncio
from pathlib import Path

import pytest

from activities.partners.receipts import ReceiptService
from schemas.papers.state import PaperKind
from tests.acting import eventually
from tests.conftest import World
from tests.faults.processes import worker_process
from tests.integration.papers.receipts import KINDS_OF_PAPER, SECRET, by_service, given, issued, outside, paid, service
from tests.integration.papers.relays import Desk, at_work, desk, lived, work
from tests.sandboxes import Server

__all__ = ["desk", "outside", "service"]
RELAY = "workers.relay"


@pytest.mark.parametrize("failpoint", ["papers.stored", "papers.recorded", "receipts.recorded"])
async def test_a_relay_that_dies_leaves_its_paper_to_the_next(
    world: World, desk: Desk, tmp_path: Path, failpoint: str
) -> None:
    async with at_work(world):
        async with worker_process(world.process_env, tmp_path, RELAY) as relay:
            relay.arm(failpoint)
            play, _ = await asyncio.gather(lived(world), relay.died())
        assert await desk.owed(), "what it had not finished is still owed"
        async with worker_process(world.process_env, tmp_path, RELAY):
            await eventually(desk.owed, lambda owed: not owed)
    about = [(paper.paper, paper.about.seq) for paper in await desk.made(play)]
    assert len(about) == len(set(about))
    assert len([kind for kind, _ in about if kind is not PaperKind.CORRECTION]) == 5, "dates move in office hours alone"
    numbers = await world.fetch("select number from money_receipt")
    last = await world.fetchval("select last from counter where kind = 'receipt_phi'")
    assert (len(numbers), last) == (1, 1), "a receipt has one number, and none is missing"


@pytest.mark.parametrize("failpoint", ["receipts.given", "receipts.recorded"])
async def test_a_relay_that_dies_over_a_receipt_leaves_it_one_number(
    world: World, desk: Desk, tmp_path: Path, service: Server, outside: ReceiptService, failpoint: str
) -> None:
    """The first relay dies after the service issued the receipt, or the log recorded it; the next gets this receipt."""
    await by_service(world)
    env = world.process_env | {"MOTCUA_RECEIPTS_URL": service.url, "MOTCUA_RECEIPTS_SECRET": SECRET}
    async with at_work(world), worker_process(env, tmp_path, RELAY) as relay:
        relay.arm(failpoint)
        play, _ = await asyncio.gather(paid(world), relay.died())
    while await work(desk.relay(receipts=outside)):
        continue
    assert await desk.owed() == []
    assert len(await given(service)) == len(await issued(world)) == 2
    assert len({one.about.seq for one in await desk.made(play) if one.paper in KINDS_OF_PAPER}) == 2
