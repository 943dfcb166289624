"""A drill refuses its scratch server if the server can connect to other machines, or other machines to the server."""

import pytest

from deploy.drill.scratch import CLOSED, expect_closed
from motcua.cli.running import WorkRefusedError
from tests.conftest import World


async def test_a_server_that_could_reach_others_is_refused_with_the_settings_that_let_it(world: World) -> None:
    async with world.connection() as running:
        with pytest.raises(WorkRefusedError, match=r"not closed: listen_addresses, max_logical_replication_workers$"):
            await expect_closed(running)
        names = await running.fetch("select name from pg_settings where name = any($1)", list(CLOSED))
        assert {row["name"] for row in names} == CLOSED.keys(), "a setting that nobody knows would pass"
