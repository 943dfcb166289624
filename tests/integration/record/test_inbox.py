"""Signals that could not be used: sealed, kept once, never too many, whatever becomes of the run that parked them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import pytest

from activities.ledger.callbacks import parked
from activities.ledger.callbacks.parked import Inbox
from activities.ledger.database import Pool
from activities.ledger.vault import Vault
from motcua import filing_workflow
from recovery.restart import Found, Restarter
from schemas.filing.state import Stage
from schemas.stream.ledger import ParkRequest
from tests.acting import AGENCY, Doubtful, Play, birth
from tests.conftest import World
from tests.keyed import keyed
from views.log import SealBrokenError

UNREADABLE: Final = {"n": 1, "settlement": "maybe", "said": "canary: Nguyễn Văn An"}


@pytest.fixture
async def play(world: World) -> AsyncIterator[Play]:
    """A filing that waits for its officers."""
    async with world.platform(), world.back_office(Doubtful()):
        yield await Play.begin(world, birth())


async def signal(play: Play, said: Any) -> None:
    handle = play.world.temporal.get_workflow_handle(filing_workflow(play.filing))
    await handle.signal("fee_settled", said)


async def kept(world: World) -> list[asyncpg.Record]:
    async with world.connection() as connection:
        return await connection.fetch("select * from inbox order by at")


def request(**overrides: Any) -> ParkRequest:
    filing = uuid4()
    fields: dict[str, Any] = {
        "id": uuid4(),
        "stream": filing_workflow(filing),
        "filing_id": filing,
        "agency": AGENCY,
        "signal": "fee_settled",
        "problem": "unreadable",
        "at": datetime.now(UTC),
        "payload": "{}",
    }
    return ParkRequest.model_validate(fields | overrides)


async def test_what_could_not_be_used_is_sealed_by_the_key_of_its_filing(play: Play) -> None:
    world = play.world
    await signal(play, UNREADABLE)
    assert (await play.until(lambda view: view.parked == 1)).stage is Stage.INTAKE
    (row,) = await kept(world)
    assert (row["stream"], row["filing_id"], row["agency"]) == (filing_workflow(play.filing), play.filing, AGENCY)
    assert (row["signal"], row["problem"]) == ("fee_settled", "unreadable")
    assert "canary" not in str(dict(row))
    assert b"canary" not in row["sealed"]
    async with world.connection() as connection:
        key = await Vault(world.settings.master).find(connection, play.filing)
    assert key is not None
    assert key.key_id == row["key_id"]
    assert json.loads(key.unseal(row["sealed"], f"inbox\n{row['id']}")) == UNREADABLE
    for context in (f"inbox\n{uuid4()}", str(row["id"]), f"{row['stream']}\n1"):
        with pytest.raises(SealBrokenError):
            key.unseal(row["sealed"], context)
    (shown,) = await world.client.parked(play.filing)
    assert (shown.signal, shown.problem, shown.at) == (row["signal"], row["problem"], row["at"])


async def test_what_is_parked_twice_is_kept_once_as_it_was_first(world: World, pool: Pool) -> None:
    vault, asked = Vault(world.settings.master), request(filing_id=await keyed(world))
    parks = Inbox(pool, vault)
    await parks.park(asked)
    first = await kept(world)
    known = vault.known(asked.filing_id)
    assert known is not None
    assert known.unseal(first[0]["sealed"], f"inbox\n{asked.id}") == b"{}"
    await parks.park(asked)
    await Inbox(pool, Vault(world.settings.master)).park(asked)  # by another worker
    assert await kept(world) == first
    assert len(first) == 1


async def test_of_one_stream_no_more_than_a_thousand_are_kept_and_of_the_others_all(world: World, pool: Pool) -> None:
    parks, other = Inbox(pool, Vault(world.settings.master)), request(filing_id=await keyed(world))
    filing = await keyed(world)
    of_one = {"stream": filing_workflow(filing), "filing_id": filing}
    for _ in range(parked._MOST + 5):
        await parks.park(request(**of_one))
    await parks.park(other)
    assert parked._MOST == 1000
    assert await counted(world) == {filing: 1000, other.filing_id: 1}


async def counted(world: World) -> dict[UUID, int]:
    async with world.connection() as connection:
        rows = await connection.fetch("select filing_id, count(*) from inbox group by filing_id")
    return {row["filing_id"]: row["count"] for row in rows}


async def test_what_was_parked_outlives_the_run_that_parked_it(play: Play, pool: Pool) -> None:
    world, stream = play.world, filing_workflow(play.filing)
    await signal(play, UNREADABLE)
    await play.until(lambda view: view.parked == 1)
    before = await kept(world)
    await world.temporal.get_workflow_handle(stream).terminate("lost")

    assert await Restarter(pool, world.temporal).restart(stream) is Found.RESTARTED

    assert (await play.view()).parked == 1
    await signal(play, UNREADABLE)
    await play.until(lambda view: view.parked == 2)
    assert (await kept(world))[:1] == before
    await play.deliver()
    assert [parked.problem for parked in await world.client.parked(play.filing)] == ["unreadable"] * 2
