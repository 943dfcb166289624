"""Death on the way from an upheld complaint to the filing's new beginning: it begins again, once."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

from motcua import AnswerComplaint, Claim, Command, ComplaintStart, RefuseIntake, Role
from schemas.ids import complaint_workflow
from tests.acting import VIA, Play, birth, eventually, officer
from tests.conftest import World
from tests.faults.processes import WorkerProcess, worker_process
from verifier.ledger import verify

REFUSING = {"reason": "sai mẫu", "legal_basis": "NĐ 61/2018, Đ17"}
UPHELD = {"outcome": "upheld", "reason": "đúng mẫu", "legal_basis": "Luật 02/2011, Đ31"}
COMMITS = 3
"""The answer, the filing's new beginning, and the end of the complaint."""


async def refused_and_taken_up(world: World) -> Play:
    """A filing that was refused at intake, whose complaint a leader has."""
    play = await Play.begin(world, birth())
    await play.act(RefuseIntake, play.officer(Role.RECEPTION), **REFUSING)
    start = {"filing_id": play.filing, "n": 1, "about": 2, "words": "xem lại", "via": VIA}
    await world.client.complain(ComplaintStart(**start, actor=play.submission.actor))
    await act(play, Claim, command_id="claim")
    return play


async def act(play: Play, command: type[Command], **said: Any) -> None:
    leader = officer(Role.LEADER, n=2)
    patient = play.world.client_of(120)  # it outlives every worker that dies
    await patient.act(complaint_workflow(play.filing, 1), command(actor=leader, via=VIA, **said))


async def dies_when_it_next_commits(worker: WorkerProcess) -> None:
    """Or has nothing more to commit."""
    worker.arm("ledger.committed")
    with suppress(TimeoutError):
        assert await asyncio.wait_for(worker.died(), 5) == -signal.SIGKILL


async def test_a_worker_that_dies_after_every_commit_reopens_the_filing_once(world: World, tmp_path: Path) -> None:
    async with worker_process(world.process_env, tmp_path) as worker:
        play = await refused_and_taken_up(world)
        worker.arm("ledger.committed")
        answering = asyncio.create_task(act(play, AnswerComplaint, command_id="answer", **UPHELD))
        assert await worker.died() == -signal.SIGKILL
    assert await play.kinds() == ["submitted", "intake_refused"]
    for _ in range(COMMITS):
        async with worker_process(world.process_env, tmp_path) as worker:
            await dies_when_it_next_commits(worker)
    (tmp_path / "failpoints" / "ledger.committed").unlink(missing_ok=True)

    async with worker_process(world.process_env, tmp_path):
        await answering
        await eventually(lambda: play.kinds("complaint", 1), lambda kinds: "complaint_settled" in kinds)
        await play.accept()
    assert (await play.kinds())[:4] == ["submitted", "intake_refused", "reopened", "accepted"]
    assert (await play.kinds("complaint", 1))[-2:] == ["complaint_answered", "complaint_settled"]
    assert (await verify(world.superuser_dsn)).verified
