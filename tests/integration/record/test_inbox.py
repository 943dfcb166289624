"""Signals that could not be used are parked, sealed and kept once; and histories that Temporal finds too long."""

import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from activities.ledger import parked
from activities.ledger.database import Pool
from activities.ledger.parked import Inbox
from activities.ledger.vault import Vault
from demo import running as demo
from demo.scenario import SCENARIOS, load
from deploy.stack import Stack
from deploy.stack.registering import publisher
from motcua import NotAllowed, filing_workflow
from recovery.restart import Found, Restarter
from rules.require import require
from rules.streams import KINDS
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.people import Role
from schemas.stream.ledger import ParkRequest, Receipt
from tests.acting import AGENCY, Doubtful, Play, birth, eventually
from tests.conftest import PARTS, SUGGEST, World, publish_demo, world_of
from tests.keyed import keyed
from verifier.ledger import verify
from views.log import SealBrokenError

UNREADABLE: Final = {"n": 1, "settlement": "maybe", "said": "canary: Nguyễn Văn An"}


@pytest.fixture
async def play(world: World) -> AsyncIterator[Play]:
    async with world.platform(), world.back_office(Doubtful()):
        yield await Play.begin(world, birth())


async def signal(play: Play, said: Any) -> None:
    await play.world.temporal.get_workflow_handle(filing_workflow(play.filing)).signal("fee_settled", said)


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
        key = require(await Vault(world.settings.master).find(connection, play.filing))
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
    known = require(vault.known(asked.filing_id))
    assert known.unseal(first[0]["sealed"], f"inbox\n{asked.id}") == b"{}"
    await parks.park(asked)
    await Inbox(pool, Vault(world.settings.master)).park(asked)  # by another worker
    assert await kept(world) == first
    assert len(first) == 1


async def test_of_one_stream_no_more_than_a_thousand_are_kept_and_of_the_others_all(world: World, pool: Pool) -> None:
    parks, other = Inbox(pool, Vault(world.settings.master)), request(filing_id=await keyed(world))
    filing = await keyed(world)
    for _ in range(parked._MOST + 5):
        await parks.park(request(stream=filing_workflow(filing), filing_id=filing))
    await parks.park(other)
    assert parked._MOST == 1000
    assert Counter(row["filing_id"] for row in await kept(world)) == {filing: 1000, other.filing_id: 1}


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


# Histories that Temporal finds too long: each run makes way for the next, and nobody notices.


@pytest.mark.parametrize(
    ("events", "kinds"), [(60, {"filing", "result"}), (8, {kind.name for kind in KINDS.values() if kind.workflow})]
)
async def test_the_demo_ends_as_it_must_when_runs_make_way_early(events: int, kinds: set[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="motcua-") as folder:
        async with Stack(Path(folder).resolve(), temporal={SUGGEST: str(events)}) as stack:
            scenarios = [scenario for scenario in load(SCENARIOS) if not scenario.in_whole_stack]
            versions = await demo.publish(stack.env["MOTCUA_OWNER_DATABASE_URL"], publisher(stack.env), scenarios)
            played = await demo.play(stack.env, scenarios, versions, 20, lambda _: None)
            outcome = await demo.judge(stack.env, played)
            runs = (await Client.connect(stack.env["TEMPORAL_ADDRESS"])).list_workflows()
            # A result is run anew for a command, which is no run that has made way.
            continued = WorkflowExecutionStatus.CONTINUED_AS_NEW
            made_way = {run.id.partition(":")[0] async for run in runs if run.status is continued}
    assert [verdict.problems for verdict in outcome.verdicts if verdict.problems] == []
    assert (outcome.ledger.verified, outcome.money.one_capture_each, made_way) == (True, True, kinds)


@pytest.fixture
async def short() -> AsyncIterator[World]:
    """A world in which a run is asked to make way after 30 events."""
    with tempfile.TemporaryDirectory(prefix="motcua-") as name, tempfile.TemporaryDirectory() as objects:
        async with Stack(Path(name).resolve(), parts=PARTS, temporal={SUGGEST: "30"}) as stack:
            await publish_demo(stack.env)
            world = await world_of(stack.env, Path(objects))
            async with world.platform(), world.back_office(Doubtful()):
                yield world


ROUNDS: Final = 20
SIGNALS: Final = 60


async def test_no_command_and_no_signal_is_lost_or_doubled_between_two_runs(short: World) -> None:
    play = await Play.accepted(short, birth())
    specialist = play.officer(Role.SPECIALIST)

    async def give(command_id: str) -> Receipt | None:
        kind = cm.Claim if command_id.endswith("claim") else cm.Release
        try:
            return await play.act(kind, specialist, command_id=command_id)
        except NotAllowed:
            return None

    async def write(writer: int) -> dict[str, Receipt]:
        got: dict[str, Receipt] = {}
        for n in range(ROUNDS):
            for kind in ("claim", "release"):
                command_id = f"{writer}-{n}-{kind}"
                first, again = await asyncio.gather(give(command_id), give(command_id))
                if (receipt := first or again) is not None:
                    assert await give(command_id) == receipt
                    got[command_id] = receipt
        return got

    async def signal() -> None:
        handle = short.temporal.get_workflow_handle(filing_workflow(play.filing))
        for n in range(SIGNALS):
            await handle.signal("fee_settled", {"n": n, "settlement": "maybe"})
            await asyncio.sleep(0.01)

    signalling = asyncio.create_task(signal())
    written = await asyncio.gather(*(write(writer) for writer in range(6)))
    await signalling

    receipts = {command_id: receipt for got in written for command_id, receipt in got.items()}
    assert len(receipts) > ROUNDS
    async with short.connection() as connection:
        both = "select command_id, seq from event where stream = $1 and kind in ('claimed', 'released')"
        rows = await connection.fetch(both, filing_workflow(play.filing))
    assert {row["command_id"]: row["seq"] for row in rows} == {name: receipts[name].seq for name in receipts}
    assert len(rows) == len(receipts)
    assert (await play.until(lambda view: view.parked == SIGNALS)).stage is Stage.REVIEW
    assert (await verify(short.superuser_dsn)).verified

    async def runs() -> Counter[str]:
        return Counter([run.id async for run in short.temporal.list_workflows() if not run.id.startswith("view:")])

    counted = await eventually(runs, lambda found: found[filing_workflow(play.filing)] >= 5)
    assert {*counted} == {filing_workflow(play.filing)}
    await play.review()
    assert (await play.at(Stage.CLOSED)).closed
