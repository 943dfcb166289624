"""The worker dies between the commit and the answer: no event is lost or doubled, and the answer follows the log."""

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest

from deploy.stack import Stack
from motcua import (
    Accept,
    Channel,
    Claim,
    Receipt,
    RequestSupplement,
    Role,
    Supplement,
    SupplementItem,
    TargetKind,
    Via,
    filing_workflow,
)
from tests.acting import MARRIAGE, Play, birth, marriage, of, officer, publish_short
from tests.conftest import World, own_stack, publish_demo, world_of
from tests.faults.processes import kill, worker_process
from verifier.ledger import verify

DESK = Via(principal="desk", channel=Channel.COUNTER)
RECEPTION, SPECIALIST = officer(Role.RECEPTION), officer(Role.SPECIALIST)
ACCEPTED: Final = ["submitted", "accepted", "step_started"]


async def test_a_command_committed_by_a_worker_that_died_answers_with_its_first_receipt(
    world: World, tmp_path: Path
) -> None:
    accept = Accept(command_id="accept-1", actor=RECEPTION, via=DESK)
    async with worker_process(world.process_env, tmp_path) as worker:
        play = await Play.begin(world, birth())
        worker.arm("ledger.committed")
        waiting = asyncio.create_task(world.client.act(play.filing, accept))
        assert await worker.died() == -signal.SIGKILL
    assert await play.kinds() == ACCEPTED
    async with worker_process(world.process_env, tmp_path):
        first = await waiting
        again = await world.client.act(play.filing, accept)
    assert first == again == Receipt(command_id="accept-1", digest=first.digest, seq=3, at=first.at, code=first.code)
    assert await play.kinds() == ACCEPTED
    assert (await verify(world.superuser_dsn)).verified


async def test_a_supplement_that_a_dead_worker_committed_is_found_once_its_limit_has_passed(
    world: World, tmp_path: Path
) -> None:
    sent = marriage(version=await publish_short(world, MARRIAGE, supplement=10))
    handle = world.temporal.get_workflow_handle(filing_workflow(of(sent)))
    said = {"command_id": "supplement-1", "actor": sent.actor, "via": DESK, "form": {"preferred_date": "2027-01-02"}}
    supplement = Supplement.model_validate(said)

    def give() -> asyncio.Task[Any]:
        return asyncio.create_task(handle.execute_update("supplement", supplement, id=uuid4().hex, result_type=Receipt))

    async with worker_process(world.process_env, tmp_path) as worker:
        play = await Play.begin(world, sent)
        await play.act(RequestSupplement, RECEPTION, items=(DATE,), legal_basis="Đ17")
        (timer,) = (await play.view()).timers
        worker.arm("ledger.committed")
        first = give()
        assert await worker.died() == -signal.SIGKILL
    recorded = await play.kinds()
    assert recorded == ["submitted", "supplement_requested", "supplemented"]
    await asyncio.sleep((timer.due - datetime.now(UTC)).total_seconds() + 1)
    again = give()
    async with worker_process(world.process_env, tmp_path):
        receipts = [await first, await again, await give()]
    assert [receipt.command_id for receipt in receipts] == ["supplement-1"] * 3
    assert await play.kinds() == recorded
    assert (await verify(world.superuser_dsn)).verified


DATE: Final = SupplementItem(target=TargetKind.FIELD, code="preferred_date", note="ngày")
LOST: Final[dict[str, Any]] = {"command_id": "lost", "actor": RECEPTION, "via": DESK}


async def test_a_command_that_the_engine_forgot_stands_in_the_log_before_the_next(tmp_path: Path) -> None:
    await forgotten(tmp_path, by_a_page=True)


async def test_the_receipt_of_a_command_that_the_engine_forgot_comes_from_the_log(tmp_path: Path) -> None:
    await forgotten(tmp_path, by_a_page=False)


async def forgotten(tmp_path: Path, *, by_a_page: bool) -> None:
    """Client and Temporal lose a recorded command; the log then gives a page of events (`by_a_page`) or the receipt."""
    async with own_stack() as (stack, world):
        client = world.client
        async with worker_process(world.process_env, tmp_path) as worker:
            play = await Play.begin(world, birth())
            filing = play.filing
            worker.arm("ledger.committed")
            lost = asyncio.create_task(client.act(filing, Accept(**LOST)))
            assert await worker.died() == -signal.SIGKILL
            lost.cancel()
            await kill(stack, "temporal")
        seen = await world.fetchval("select seq from filing where filing_id = $1", filing)
        assert seen == 3
        async with worker_process(world.process_env, tmp_path):
            claim, accept = Claim(command_id="next", actor=SPECIALIST, via=DESK), Accept(**LOST)
            if by_a_page:
                receipt = await client.act(filing, claim.model_copy(update={"seen_seq": seen}))
                first = await client.act(filing, accept)
            else:
                first = await client.act(filing, accept)
                receipt = await client.act(filing, claim)
        assert (receipt.seq, first.seq) == (4, 3)
        assert await play.kinds() == [*ACCEPTED, "claimed"]
        assert (await verify(world.superuser_dsn)).verified


@pytest.fixture
async def engine() -> AsyncIterator[Stack]:
    """A stack without a database."""
    with tempfile.TemporaryDirectory(prefix="motcua-") as folder:
        async with Stack(Path(folder).resolve(), parts=("temporal", "bank", "post")) as stack:
            yield stack


async def test_a_command_waits_for_a_database_that_is_down_for_half_a_minute(engine: Stack, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="motcua-") as folder:
        async with AsyncExitStack() as held:
            async with database(folder) as stack:
                await publish_demo(stack.env)
                world = await world_of(dict(engine.env) | stack.env, tmp_path)
                await held.enter_async_context(worker_process(world.process_env, tmp_path))
                play = await Play.begin(world, birth())
            accept = Accept(command_id="accept-1", actor=RECEPTION, via=DESK)
            waiting = asyncio.create_task(world.client_of(120).act(play.filing, accept))
            done, _ = await asyncio.wait({waiting}, timeout=30)
            assert not done
            async with database(folder):
                assert (await waiting).seq == 3
                assert [kind for kind in await play.kinds() if kind != "reminded"] == ACCEPTED
                assert (await verify(world.superuser_dsn)).verified


def database(folder: str) -> Stack:
    """Returns a stack with only the database in this folder, on its earlier port."""
    return Stack(Path(folder).resolve(), parts=("postgres", "migrations"))
