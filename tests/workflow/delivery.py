"""Results on their way: at the counter, or with the post."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from activities.partners.http import partner_client
from schemas.filing.state import Stage
from schemas.ids import parcel_workflow
from schemas.parcel.commands import ClaimCompensation
from schemas.people import Role
from tests.acting import ADDRESS, VIA, Play, birth
from tests.conftest import World


async def fetched(world: World) -> Play:
    """A result that waits at the counter."""
    play = await Play.begin(world, birth(result_channel="counter"))
    await play.at(Stage.PICKUP)
    return play


SENT = ["consignment_requested", "consignment_sent"]


async def posted(world: World, postcode: str) -> Play:
    return await Play.begin(world, birth(result_channel="post", address=ADDRESS | {"postcode": postcode}))


@asynccontextmanager
async def the_post(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with partner_client(world.env["MOTCUA_POST_URL"]) as post:
        yield post


async def at_the_post(world: World, play: Play) -> dict[str, list[str]]:
    """What the post itself says of the filing's parcels, by key."""
    async with the_post(world) as post:
        all_of_them: list[dict[str, Any]] = (await post.get("/ledger")).json()["consignments"]
    own = [each for each in all_of_them if str(play.filing) in each["key"]]
    return {each["key"].rsplit(":", 1)[1]: [step["status"] for step in each["history"]] for each in own}


async def the_post_is_asked_to_pay(world: World) -> Play:
    """A filing whose parcel was lost and made anew, once the desk has asked the post to pay for it."""
    play = await posted(world, "99903")
    await play.at(Stage.CLOSED)
    stream = parcel_workflow(play.filing, 1)
    given = {"command_id": "claim", "actor": play.officer(Role.HANDOVER), "via": VIA, "reference": "12/YC-PVHCC"}
    await world.client.act(stream, ClaimCompensation.model_validate(given))
    return play
