"""Death while a result is signed: no second number, none missing, and nobody is asked twice for the same signature."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from schemas.filing.state import Stage
from tests.acting import AGENCY, Play, eventually, extract
from tests.conftest import World
from tests.faults.processes import worker_process
from tests.workflow.results import SIGNED, register, signers
from verifier.ledger import verify


@pytest.mark.parametrize("place", ["result.signed", "ledger.committed"])
async def test_a_worker_that_dies_while_a_result_is_signed_takes_no_second_number(
    world: World, tmp_path: Path, place: str
) -> None:
    async with world.connection() as connection:
        await connection.execute("update agency set signing = $2 where agency = $1", AGENCY, json.dumps(signers()))
    async with world.back_office():
        async with worker_process(world.process_env, tmp_path) as worker:
            play = await Play.begin(world, extract())
            await play.accept()
            await play.review()
            await eventually(lambda: play.kinds("result", 1), bool)
            worker.arm(place)
            assert await worker.died() == -signal.SIGKILL
        (tmp_path / "failpoints" / place).unlink(missing_ok=True)
        async with worker_process(world.process_env, tmp_path):
            await play.at(Stage.CLOSED)
    assert await play.kinds("result", 1) == ["result_entered", "result_made", *SIGNED * 3, "result_released"]
    assert await register(play) == [("K0000001", "in_force")]
    assert (await play.kinds()).count("result_issued") == 1
    assert (await verify(world.superuser_dsn)).problems == []
