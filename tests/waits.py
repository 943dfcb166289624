"""What `motcua doctor` counts of what streams wait for, one by one."""

from __future__ import annotations

from datetime import UTC, datetime

from operations.doctor.surroundings import Surroundings
from operations.home import Home
from rules.stream_kind import Kinds
from rules.streams import KINDS
from rules.waiting import Wait
from tests.conftest import World
from views.waiting import waiting


def around(world: World, kinds: Kinds = KINDS) -> Surroundings:
    """A world as the doctor looks at it."""
    return Surroundings({"MOTCUA_DATABASE_URL": world.app_dsn}, {}, Home.__new__(Home), kinds=kinds)


async def named(world: World, says: str) -> list[tuple[str, Wait]]:
    """Each wait that is counted in the sentence of this key, with its agency."""
    async with world.connection(world.app_dsn) as connection:
        found = await waiting(connection, KINDS, says.split(".")[1], datetime.now(UTC))
    return [(one.agency, one.wait) for one in found if one.waits.says == says]
