"""A bug makes filings stall, and they are reported; once the fix is deployed, all filings end as expected."""

from pathlib import Path
from typing import Final

import pytest

from recovery.stalled import count_reported
from schemas.filing.state import Stage
from tests.acting import BIRTH, EXTRACT, Play, birth, eventually, extract, publish_short
from tests.conftest import World
from tests.faults.processes import command, worker_process
from tests.sound import sound

FREE: Final = 4
MARKED_WITHIN: Final = 240
"""Seconds within which three tries of a workflow task have failed, on a busy machine."""
LONG: Final = dict.fromkeys(("intake", "payment", "processing", "step", "issue"), 3600)
"""Limits in seconds, longer than any test on a slow machine: nothing becomes late, so nobody is notified."""


@pytest.mark.timeout(600)
async def test_filings_that_a_bug_stalled_go_on_once_it_is_mended(world: World, tmp_path: Path) -> None:
    paid_by, free_by = [await publish_short(world, procedure, **LONG) for procedure in (EXTRACT, BIRTH)]
    async with world.back_office():
        async with worker_process(world.process_env, tmp_path, "tests.faults.buggy_worker"):
            paid = await Play.accepted(world, extract(version=paid_by))
            plays = [paid, *[await Play.begin(world, birth(version=free_by)) for _ in range(FREE)]]
            await eventually(lambda: count_reported(world.temporal), len(plays).__eq__, within=MARKED_WITHIN)
            told = await eventually(
                lambda: command(world, "filings", "stalled"), lambda found: len(found) == len(plays)
            )
            await world.execute("select position_appends(100000)")  # as the relay would, which does not run here
            doctor = await command(world, "doctor", code=1)
        assert {one["workflow_id"] for one in told} == {f"filing:{play.filing}" for play in plays}
        assert {one["code"].partition("-")[0] for one in told} == {"H56.30"}
        # What reaches a workflow between two tries makes the next one a first try again.
        assert min(one["attempts"] for one in told) >= 1
        assert {(one["cause"], one["error"]) for one in told} == {("WorkflowWorkerUnhandledFailure", "RuntimeError")}
        assert {one["place"].partition(":")[0] for one in told} == {"faults/buggy_worker.py"}
        failed = {one["check"]: one["what"]["en"] for one in doctor["findings"] if one["health"] == "fail"}
        assert failed.pop("stalled") == f"{len(plays)} workflows stand still because of a bug"
        # Papers wait for a relay, and a busy machine may take longer over a check than it has.
        assert [check for check, what in failed.items() if check != "papers" and "no answer within" not in what] == []
        assert "CANARY" not in (tmp_path / "worker.log").read_text()
        async with worker_process(world.process_env, tmp_path):
            await paid.review()
            for play in plays:
                await play.at(Stage.CLOSED)
            assert await command(world, "filings", "stalled") == []
            spared = await Play.begin(world, birth(version=free_by))
            await spared.at(Stage.CLOSED)
    lives = {tuple(await play.kinds()) for play in (*plays[1:], spared)}
    assert len(lives) == 1, "each has lived the life of one that never met the bug"
    order = await paid.order()
    assert (order["status"], len(order["captures"]), order["refunds"]) == ("paid", 1, [])
    await sound(world)
