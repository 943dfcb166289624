"""A bug in a rule when money comes: the filing stands still, visibly, and hears of the money once it is mended."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import asyncpg
import pytest

from recovery.behind import Compared, all_behind
from recovery.restart import Found, Restarter
from recovery.stalled import stalled
from rules.filing.commands import RULES
from schemas.filing.state import Stage
from schemas.ids import filing_workflow, payment_workflow
from tests.acting import JOINED, NEVER_PAYS, Play, eventually, extract, publish_short, refer
from tests.conftest import World
from tests.restarting import lose, restart
from tests.workflow.standing_still import ABOUT_A_MINUTE, bug, paid_and_deaf, whole


async def test_once_the_rule_is_mended_it_goes_through(running: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        play = await paid_and_deaf(running, patch)
    await whole(play)


async def test_what_was_told_is_heard_again_by_a_filing_that_was_started_anew(
    running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asyncpg.create_pool(running.app_dsn, min_size=0, max_size=2) as pool:
        restarter = Restarter(pool, running.temporal)
        with monkeypatch.context() as patch:
            play = await paid_and_deaf(running, patch)
            stream = filing_workflow(play.filing)
            assert await restarter.restart(stream) is Found.RUNNING
            await running.temporal.get_workflow_handle(stream).terminate("deaf")
        assert await restarter.restart(stream) is Found.RESTARTED
    await whole(play)


async def test_that_another_agency_is_late_is_heard_again_though_nobody_tells_it_twice(
    running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = await publish_short(running, JOINED, **{"part.health_insurance": 1})
    with monkeypatch.context() as patch:
        patch.setitem(RULES, "report_overdue_part", replace(RULES["report_overdue_part"], effect=bug))
        play = await refer(running, version)
        (still,) = await eventually(lambda: stalled(running.temporal), bool, within=ABOUT_A_MINUTE)
        assert still.workflow_id == filing_workflow(play.filing)
        await lose(running, still.workflow_id)
    await restart(running, still.workflow_id)
    await play.until(lambda view: view.parts[1].overdue)
    assert (await play.kinds()).count("part_overdue") == 1


async def test_a_running_one_is_ended_and_started_by_force(running: World) -> None:
    play = await Play.begin(running, extract(payer_account=NEVER_PAYS))
    await play.accept()
    await play.at(Stage.FEE)
    await eventually(partial(play.kinds, "payment", 1), bool)
    async with asyncpg.create_pool(running.app_dsn, min_size=0, max_size=2) as pool:
        restarter = Restarter(pool, running.temporal)
        for stream in (payment_workflow(play.filing, 1), filing_workflow(play.filing)):
            assert await restarter.restart(stream) is Found.RUNNING
            assert await restarter.restart(stream, force=True) is Found.RESTARTED
        running_now = await restarter.running()
        assert [page async for page in all_behind(running.temporal, pool, running_now)] == [Compared([], [], [])]
    await play.pay_by_hand()
    await whole(play)
