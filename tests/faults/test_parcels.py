"""Death while a parcel is sent, had back or lost: the post has each once, and each copy of the result is made once."""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.people import Role
from tests.acting import ADDRESS, Play, birth, eventually
from tests.conftest import World
from tests.faults.processes import worker_process
from verifier.ledger import verify

KILLS = 10


def posted(postcode: str) -> dict[str, Any]:
    return {"result_channel": "post", "address": ADDRESS | {"postcode": postcode}}


async def at_the_post(world: World, play: Play) -> dict[str, list[str]]:
    """What the post itself says of the filing's parcels, by key: as often as it has them."""
    async with httpx.AsyncClient(base_url=world.env["MOTCUA_POST_URL"]) as post:
        all_of_them = (await post.get("/ledger")).json()["consignments"]
    own = [each for each in all_of_them if str(play.filing) in each["key"]]
    assert len({each["key"] for each in own}) == len(own)
    return {each["key"].rsplit(":", 1)[1]: [step["status"] for step in each["history"]] for each in own}


async def test_killed_once_the_post_has_it_and_before_that_is_recorded(world: World, tmp_path: Path) -> None:
    async with world.back_office():
        async with worker_process(world.process_env, tmp_path) as worker:
            worker.arm("parcel.sent")
            play = await Play.begin(world, birth(**posted("99904")))
            assert await worker.died() == -signal.SIGKILL
        assert await play.kinds("parcel", 1) == ["consignment_requested"]
        async with worker_process(world.process_env, tmp_path):
            await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_sent" in kinds)
    assert list(await at_the_post(world, play)) == ["1"]
    assert (await verify(world.superuser_dsn)).verified


async def test_killed_once_the_post_has_cancelled_and_before_that_is_recorded(world: World, tmp_path: Path) -> None:
    async with world.back_office():
        async with worker_process(world.process_env, tmp_path) as worker:
            play = await Play.begin(world, birth(**posted("99912")))
            await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_sent" in kinds)
            worker.arm("parcel.cancelled")
            await play.act(cm.CancelParcel, play.officer(Role.HANDOVER))
            assert await worker.died() == -signal.SIGKILL
        async with worker_process(world.process_env, tmp_path):
            await play.at(Stage.PICKUP)
    assert await at_the_post(world, play) == {"1": ["accepted", "cancelled"]}
    assert (await play.kinds("parcel", 1))[-2:] == ["consignment_recalled", "consignment_ended"]
    assert (await verify(world.superuser_dsn)).verified


@pytest.mark.timeout(400)
async def test_ten_kills_while_one_is_lost_send_no_second_and_lose_no_number(world: World, tmp_path: Path) -> None:
    moments = random.Random(2026)
    async with world.back_office():
        async with worker_process(world.process_env, tmp_path) as worker:
            play = await Play.begin(world, birth(**posted("99903")))
        for _ in range(KILLS - 1):
            async with worker_process(world.process_env, tmp_path) as worker:
                await asyncio.sleep(moments.uniform(0.1, 1.5))
                worker.kill()
        async with worker_process(world.process_env, tmp_path):
            await play.at(Stage.CLOSED)
    assert await at_the_post(world, play) == {
        "1": ["accepted", "in_transit", "lost"],
        "2": ["accepted", "in_transit", "delivered"],
    }
    kinds = await play.kinds()
    once = ("parcel_failed", "reissue_requested", "handed_over")
    assert [kinds.count(kind) for kind in (*once, "result_issued", "parcel_requested")] == [1, 1, 1, 2, 2]
    for n in (1, 2):
        assert await play.kinds("parcel", n) == ["consignment_requested", "consignment_sent", "consignment_ended"]
    assert (await verify(world.superuser_dsn)).verified
