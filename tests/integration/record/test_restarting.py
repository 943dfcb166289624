"""A restart that finds the workflow running after all."""

from __future__ import annotations

import asyncpg

from recovery.restart import Found, Restarter
from tests.acting import Play, birth
from tests.conftest import World


async def test_a_restart_that_comes_too_late_takes_nothing_away(world: World) -> None:
    async with world.platform(), asyncpg.create_pool(world.owner_dsn, min_size=1, max_size=1) as pool:
        play = await Play.begin(world, birth())
        assert await Restarter(pool, world.temporal).restart(f"filing:{play.filing}") is Found.RUNNING
        assert await pool.fetchval("select epoch from stream") == 1
        await play.accept()
