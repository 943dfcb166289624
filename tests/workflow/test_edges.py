"""At every edge: too long, invisible, garbage. Refused in words and at once, and the filing takes the next command."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from schemas.filing import commands as cm
from schemas.people import Role
from tests.acting import Play, birth, stock
from tests.conftest import World
from tests.workflow.test_bad_input import command, failed_tasks


def handle_of(client: Client, play: Play) -> WorkflowHandle[Any, Any]:
    return client.get_workflow_handle(f"filing:{play.filing}")


@pytest.mark.parametrize("size", [2_200_000, 3_900_000])
async def test_an_update_too_long_for_temporal_fails_at_once_and_the_next_command_goes_through(
    world: World, size: int
) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
        handle = handle_of(await stock(world), play)
        began = monotonic()
        with pytest.raises(RPCError, match="workflow task failure") as error:
            await handle.execute_update("ask", command(question="x" * size))
        assert error.value.status is RPCStatusCode.FAILED_PRECONDITION
        refused = monotonic()
        await play.act(cm.Ask, play.officer(Role.RECEPTION), question="Nơi sinh?")
        # 0.2 s where the cores are idle; 25 s and more where the rejection is tried again and again.
        assert refused - began < 5
        assert monotonic() - refused < 5
        assert await failed_tasks(handle) == 0


async def test_commands_go_through_beside_updates_too_long_for_temporal(world: World) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
        handle = handle_of(await stock(world), play)
        huge = [handle.execute_update("ask", command(question="x" * 2_200_000)) for _ in range(3)]
        asked = [play.act(cm.Ask, play.officer(Role.RECEPTION), question=f"{n}?") for n in range(3)]
        answers = await asyncio.gather(*huge, *asked, return_exceptions=True)
        assert all(isinstance(answer, RPCError) for answer in answers[:3])
        assert not any(isinstance(answer, BaseException) for answer in answers[3:])
        assert len((await play.view()).questions) == 3
