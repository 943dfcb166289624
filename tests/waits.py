"""The waits of streams that `motcua doctor` counts, one by one."""

from datetime import UTC, datetime
from typing import Any

from console.home import Home
from operations.doctor.check import Surroundings
from rules.stream_kind import Kinds, Wait
from rules.streams import KINDS
from schemas.base import Model
from tests.conftest import World
from tests.contract.samples import EVENTS
from views.waiting import waiting


def around(world: World, kinds: Kinds = KINDS) -> Surroundings:
    """Returns the surroundings that the doctor examines, for this world."""
    return Surroundings({"MOTCUA_DATABASE_URL": world.app_dsn}, {}, Home.__new__(Home), kinds=kinds)


async def named(world: World, says: str) -> list[tuple[str, Wait]]:
    """Returns the agency and the wait for each wait that the doctor counts in the sentence of this key."""
    async with world.connection(world.app_dsn) as connection:
        found = await waiting(connection, KINDS, says.split(".")[1], datetime.now(UTC))
    return [(one.agency, one.wait) for one in found if one.waits.says == says]


def sample(of: type[Model], **changed: Any) -> Any:
    """Returns the contract's sample of this event, with the `changed` fields."""
    return next(event for event in EVENTS if type(event) is of).model_copy(update=changed)
