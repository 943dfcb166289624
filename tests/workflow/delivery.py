"""Results in delivery: at the counter, or by post."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from activities.partners.http import partner_client
from schemas.filing.state import Stage
from tests.acting import Play, birth
from tests.conftest import World


async def fetched(world: World) -> Play:
    play = await Play.begin(world, birth(result_channel="counter"))
    await play.at(Stage.PICKUP)
    return play


SENT = ["consignment_requested", "consignment_sent"]


@asynccontextmanager
async def the_post(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with partner_client(world.env["MOTCUA_POST_URL"]) as post:
        yield post


async def at_the_post(world: World, play: Play) -> dict[str, list[str]]:
    """Returns the statuses of the filing's parcels by key, from the post's own ledger."""
    async with the_post(world) as post:
        all_of_them: list[dict[str, Any]] = (await post.get("/ledger")).json()["consignments"]
    own = [each for each in all_of_them if str(play.filing) in each["key"]]
    return {each["key"].rsplit(":", 1)[1]: [step["status"] for step in each["history"]] for each in own}
