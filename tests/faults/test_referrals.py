"""Death while other agencies decide: every part is asked for once, and every answer is heard once."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from schemas import ids
from schemas.filing import commands as cm
from schemas.filing.state import FilingView
from schemas.people import Role
from tests.acting import VIA, Play, decide_part, eventually, joined, refer
from tests.conftest import World
from tests.faults.losses import delete
from tests.faults.processes import motcua, worker_process
from tests.restarting import lose, restart
from verifier.ledger import verify


def answered(view: FilingView) -> bool:
    return all(part.outcome for part in view.parts)


async def nothing_lost_nothing_doubled(world: World, play: Play) -> None:
    """Each part was asked for once, answered once and heard once, and the log is whole."""
    kinds = await play.kinds()
    assert [kinds.count(kind) for kind in ("referred", "part_answered", "parts_decided")] == [2, 2, 1]
    for n in (1, 2):
        asked = await play.kinds("referral", n)
        assert [asked.count(kind) for kind in ("referral_requested", "referral_answered")] == [1, 1]
    assert (await verify(world.superuser_dsn)).verified


async def test_killed_after_a_part_was_referred_and_before_its_agency_was_asked(world: World, tmp_path: Path) -> None:
    async with worker_process(world.process_env, tmp_path) as worker:
        play = await Play.begin(world, joined())
        await play.accept()
        await play.act(cm.Claim, play.officer(Role.SPECIALIST))
        worker.arm("ledger.committed")
        forward = cm.Forward(command_id="forward", actor=play.officer(Role.SPECIALIST), via=VIA)
        waiting = asyncio.create_task(world.client.act(play.filing, forward))
        assert await worker.died() == -signal.SIGKILL
    assert (await play.kinds())[-2:] == ["referred", "referred"]
    assert await play.kinds("referral", 1) == []
    async with worker_process(world.process_env, tmp_path):
        await waiting
        for part in (await play.view()).parts:
            await decide_part(play, part)
        await play.until(answered)
        await nothing_lost_nothing_doubled(world, play)


async def test_killed_after_an_agency_answered_and_before_its_filing_heard(world: World, tmp_path: Path) -> None:
    async with worker_process(world.process_env, tmp_path) as worker:
        play = await refer(world)
        residence, insurance = (await play.view()).parts
        await decide_part(play, insurance)
        await play.until(lambda view: view.parts[1].outcome is not None)
        stream = ids.referral_workflow(play.filing, 1)
        await eventually(lambda: play.kinds("referral", 1), bool)
        specialist = {"actor": play.officer(Role.SPECIALIST).model_copy(update=AT_THE_POLICE), "via": VIA}
        await world.client.act(stream, cm.Claim.model_validate(specialist | {"command_id": "claim"}))
        worker.arm("ledger.committed")
        waiting = asyncio.create_task(decide_part(play, residence))
        assert await worker.died() == -signal.SIGKILL
    assert (await play.kinds("referral", 1))[-1] == "referral_answered"
    assert (await play.kinds()).count("part_answered") == 1
    async with worker_process(world.process_env, tmp_path):
        await waiting
        await play.until(answered)
        await nothing_lost_nothing_doubled(world, play)


AT_THE_POLICE = {"subject": "h01.31-specialist-1", "agency": "H01.31"}


async def test_a_filing_that_was_lost_with_its_parts_hears_what_they_had_recorded(world: World, tmp_path: Path) -> None:
    """Nobody tells it: the workflows of its parts are lost too, and only its own is started again."""
    async with worker_process(world.process_env, tmp_path):
        play = await refer(world)
        filing = ids.filing_workflow(play.filing)
        for part in (await play.view()).parts:
            stream = ids.referral_workflow(play.filing, part.n)
            await eventually(lambda n=part.n: play.kinds("referral", n), bool)  # type: ignore[misc]
            if part.n == 1:
                await lose(world, filing)
            await decide_part(play, part)
            await lose(world, stream)
        await restart(world, filing)
        await play.until(answered)
        await nothing_lost_nothing_doubled(world, play)


async def test_a_part_that_was_lost_when_its_filing_ended_is_taken_back(world: World, tmp_path: Path) -> None:
    async with worker_process(world.process_env, tmp_path):
        play = await refer(world)
        await eventually(lambda: play.kinds("referral", 1), bool)
        await lose(world, ids.referral_workflow(play.filing, 1))
        await play.withdraw()
        found = await motcua(world.process_env, "filing", "restart", "--all-missing")
        assert found.code == 0, found.err
        await eventually(lambda: play.kinds("referral", 1), lambda kinds: kinds[-1:] == ["referral_cancelled"])


async def test_a_command_to_a_part_that_temporal_forgot_waits_until_it_is_started_again(running: World) -> None:
    play = await refer(running)
    part, stream = (await play.view()).parts[0], ids.referral_workflow(play.filing, 1)
    await eventually(lambda: play.kinds("referral", 1), bool)
    await delete(running, stream)
    deciding = asyncio.create_task(decide_part(play, part))
    done, _ = await asyncio.wait([deciding], timeout=1)
    assert not done
    await restart(running, stream)
    await deciding
    await play.until(lambda view: view.parts[0].outcome is not None)
