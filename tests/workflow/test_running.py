"""How the worker runs workflows: as a setting says, and a store that is slow holds up nobody else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

import pytest
from temporalio import activity
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment

from activities.workflows import StartRequest, TellRequest, Workflows
from schemas.backoffice import IssueAnswer
from schemas.filing.state import Closing
from tests.acting import Play, extract
from tests.any_files import any_file_activities
from tests.conftest import World
from workers.wiring import platform_worker

CONFIRM: Final = "papers.confirm"


async def test_a_file_that_takes_long_to_read_is_read_in_a_task_of_its_own(world: World) -> None:
    asked: list[bool] = []

    settings = world.settings
    async with any_file_activities(settings) as given:
        [own] = [one for one in given.working if getattr(one, "__name__", "") == "confirm"]

        @activity.defn(name=CONFIRM)
        async def confirm(answer: IssueAnswer) -> bool:
            asked.append(activity.info().is_local)
            if activity.info().is_local:
                await asyncio.Event().wait()
            return bool(await own(answer))

        others = [one for one in given.working if one is not own]
        functions = replace(given, working=(*others, confirm))
        async with platform_worker(world.temporal, functions, settings), world.back_office():
            play = await Play.begin(world, extract())
            view = await play.deliver()

    assert view.closing is Closing.DELIVERED
    assert asked == [True, False]


async def test_another_workflow_is_started_once_and_told_while_it_runs(world: World) -> None:
    others, here = Workflows(), ActivityEnvironment(client=world.temporal)
    start = StartRequest(workflow="Nobody", id="other", said={"n": 1}, summary="một việc")
    told = TellRequest(id="other", signal="fee_settled", said={"n": 1})

    assert await here.run(others.tell, told) is False
    await here.run(others.start, start)
    handle = world.temporal.get_workflow_handle("other")
    first = (await handle.describe()).run_id
    await here.run(others.start, start)
    assert (await handle.describe()).run_id == first
    assert await here.run(others.tell, told) is True
    await handle.terminate()
    assert await here.run(others.tell, told) is False
    with pytest.raises(RPCError):  # what Temporal refuses is no workflow that has ended
        await here.run(others.tell, told.model_copy(update={"id": ""}))
