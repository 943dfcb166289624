"""The post answers nobody for ten minutes, on virtual time: what is to go goes once, what is under way is heard of."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httpx

from publishing.authoring.procedures import publish
from schemas.filing import commands as cm
from schemas.filing.state import Stage, Status
from schemas.people import Role
from tests.acting import ADDRESS, BIRTH, Play, birth, eventually
from tests.conftest import ROOT
from tests.time.conftest import NEWBORN, Virtual
from tests.workflow.delivery import SENT, at_the_post, the_post

LEAVES_AT_ONCE: Final = "99913"
NEVER_LEAVES: Final = "99912"


async def posted(virtual: Virtual, postcode: str) -> Play:
    address: dict[str, Any] = ADDRESS | {"postcode": postcode}
    play = await Play.begin(
        virtual.world, birth(version="2026-12", form=NEWBORN, result_channel="post", address=address)
    )
    await play.at(Stage.DELIVERY)
    return play


async def outage(post: httpx.AsyncClient, seconds: int) -> None:
    (await post.put("/outage", json={"seconds": seconds})).raise_for_status()


async def reached(virtual: Virtual, play: Play, stage: Stage) -> Status:
    """The filing's status at this stage: minutes pass until then, of which the post has its seconds."""
    async with asyncio.timeout(60):
        while (view := await play.view()).stage is not stage:
            await virtual.env.sleep(60)
    return view.status


async def test_for_ten_minutes_the_post_answers_nobody_and_then_has_each_parcel_once(virtual: Virtual) -> None:
    world = virtual.world
    await publish(world.owner_dsn, ROOT / "procedures" / f"{BIRTH}@2026-12.yaml")
    async with world.platform(), world.back_office(), the_post(world) as post:
        under_way = await posted(virtual, LEAVES_AT_ONCE)
        await eventually(lambda: under_way.kinds("parcel", 1), lambda kinds: kinds == SENT)
        began = await virtual.env.get_current_time()
        try:
            await outage(post, 600)
            waiting, wanted_back = await posted(virtual, "10000"), await posted(virtual, NEVER_LEAVES)
            await wanted_back.act(cm.CancelParcel, wanted_back.officer(Role.HANDOVER))
            await virtual.until("2030-03-04 09:20")
            assert (await virtual.env.get_current_time() - began).total_seconds() >= 600
            for play in (waiting, wanted_back):
                assert await play.kinds("parcel", 1) == ["consignment_requested"]
                assert await at_the_post(world, play) == {}
            assert await under_way.kinds("parcel", 1) == SENT
        finally:
            await outage(post, 0)
        assert await reached(virtual, waiting, Stage.CLOSED) is Status.RETURNED
        assert await reached(virtual, wanted_back, Stage.PICKUP) is Status.PROCESSED
        assert await reached(virtual, under_way, Stage.CLOSED) is Status.RETURNED
    assert await at_the_post(world, waiting) == {"1": ["accepted", "in_transit", "delivered"]}
    assert await at_the_post(world, wanted_back) == {"1": ["accepted", "cancelled"]}
    assert await under_way.kinds("parcel", 1) == [*SENT, "consignment_ended"]
