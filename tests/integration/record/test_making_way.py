"""Histories become too long for Temporal: each run continues as a new one, and clients do not notice."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from demo import running as demo
from demo.scenario import SCENARIOS, load
from deploy.stack import Stack
from deploy.stack.registering import publisher
from motcua import NotAllowed, filing_workflow
from rules.streams import KINDS
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.people import Role
from schemas.stream.ledger import Receipt
from tests.acting import Doubtful, Play, birth, eventually
from tests.conftest import PARTS, SUGGEST, World, publish_demo, world_of
from verifier.ledger import verify


@pytest.mark.timeout(600)  # with runs of 8 events the demo takes 220 s, on a machine that does nothing else
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
    """A world in which Temporal suggests continue-as-new to a run after 30 events."""
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
    both = "select command_id, seq from event where stream = $1 and kind in ('claimed', 'released')"
    rows = await short.fetch(both, filing_workflow(play.filing))
    assert {row["command_id"]: row["seq"] for row in rows} == {name: receipts[name].seq for name in receipts}
    assert len(rows) == len(receipts)
    assert (await play.view()).stage is Stage.REVIEW
    assert (await verify(short.superuser_dsn)).verified

    async def runs() -> Counter[str]:
        return Counter([run.id async for run in short.temporal.list_workflows() if not run.id.startswith("view:")])

    counted = await eventually(runs, lambda found: found[filing_workflow(play.filing)] >= 5)
    assert {*counted} == {filing_workflow(play.filing)}
    await play.review()
    assert (await play.at(Stage.CLOSED)).closed
