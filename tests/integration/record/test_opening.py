"""What a stream is opened with: who answers for it is a leader of its own agency, as the directory has it now."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

import pytest

from activities.intake import OpenRequest, Registry
from schemas.filing.events import Accountable
from schemas.ids import filing_workflow
from tests.acting import AGENCY, BIRTH, VERSION, Play, birth
from tests.conftest import World
from workers.wiring import open_pool

NAMED: Final = "h56.30-leader-1"


async def opened(world: World, stream: str | None = None) -> Accountable:
    asked = OpenRequest(stream=stream or filing_workflow(uuid4()), code=BIRTH, version=VERSION, agency=AGENCY)
    async with open_pool(world.settings) as pool:
        return (await Registry(pool).open(asked)).accountable


@pytest.mark.parametrize(
    ("change", "standing"),
    [
        ("select", NAMED),
        ("insert into officer values ('H56.30', 'a-leader', 'leader', 'who is not named')", NAMED),
        ("update officer set active = false where subject = 'h56.30-leader-1'", None),
        ("update officer set role = 'specialist' where subject = 'h56.30-leader-1'", None),
        ("update officer set agency = 'H01.12' where subject = 'h56.30-leader-1'", None),
    ],
)
async def test_an_active_leader_of_the_agency_whom_the_procedure_names(
    world: World, change: str, standing: str | None
) -> None:
    async with world.connection() as connection:
        await connection.execute(change)
    assert (await opened(world)).standing == standing


async def test_the_log_tells_it_of_a_filing_that_has_begun(world: World) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
    assert await opened(world, filing_workflow(play.filing)) == Accountable()
