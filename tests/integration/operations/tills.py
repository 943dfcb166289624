"""Agencies that have tills, and a till that is opened."""

from typing import Any, Final
from uuid import uuid4

from schemas.money.till import OpenTill
from schemas.people import Actor, Role
from tests.acting import AGENCY, VIA, officer
from tests.conftest import World

MINE: Final = officer(Role.CASHIER)


async def with_tills(world: World, agency: str = AGENCY) -> None:
    async with world.connection() as connection:
        await connection.execute("update agency set tills = true where agency = $1", agency)


def said(actor: Actor = MINE, **fields: Any) -> dict[str, Any]:
    return {"command_id": uuid4().hex, "actor": actor, "via": VIA} | fields


def opening(actor: Actor = MINE, desk: str = "3", change: int = 100_000) -> OpenTill:
    return OpenTill.model_validate(said(actor, desk=desk, change_fund=change))
