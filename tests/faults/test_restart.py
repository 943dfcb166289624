"""Temporal has lost one workflow or all of them: each continues from the log, and no effect happens twice."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from deploy.stack import Stack
from schemas import ids
from schemas.filing import commands as cm
from schemas.filing.state import Closing, Stage
from schemas.payment.state import PaymentState
from schemas.people import Role
from tests.acting import NEVER_PAYS, Play, birth, eventually, extract
from tests.conftest import ROOT, World, publish_demo, world_of
from tests.faults.losses import LOSSES, Lose, delete, terminate
from tests.faults.processes import ANY_FILES, motcua
from verifier.ledger import verify

ANY_FILES_WORKER: Final = [sys.executable, "-m", ANY_FILES]
OFFICERS_SIGN: Final = (ROOT / "deploy" / "directory.yaml").read_bytes()
SLOW_POST: Final = [sys.executable, "-m", "sandbox.post", "--step-after", "2"]


@pytest.fixture(scope="module")
def env() -> Iterator[Mapping[str, str]]:
    """A whole stack whose post is slow."""
    with tempfile.TemporaryDirectory(prefix="motcua-") as folder, asyncio.Runner() as runner:
        running = Stack(Path(folder).resolve(), commands={"post": SLOW_POST, "worker": ANY_FILES_WORKER})
        runner.run(running.__aenter__())
        try:
            runner.run(publish_demo(running.env, directory_=OFFICERS_SIGN))
            yield running.env
        finally:
            runner.run(running.__aexit__())


@pytest.fixture
async def whole(env: Mapping[str, str]) -> World:
    return await world_of(env, Path(env["MOTCUA_OBJECTS"].removeprefix("file://")).parent)


TOGETHER: Final[dict[str, tuple[bool, Lose]]] = {"alone": (False, terminate), "together": (True, delete)}
"""Two cases: whether a filing is lost together with its payment or parcel, and the function that loses it."""


async def restart(play: Play, expected: int = 0) -> dict[str, Any]:
    """Runs `motcua filing restart` with the filing's code; returns the result."""
    ended = await motcua(play.world.process_env, "filing", "restart", str(play.code), "--json")
    assert ended.code == expected, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    assert all(found[kind]["failed"] == [] for kind in found)
    return found


async def runs(world: World, workflow_id: str) -> int:
    """Returns the number of runs of a workflow that Temporal knows."""
    return len([run async for run in world.temporal.list_workflows(f"WorkflowId = '{workflow_id}'")])


async def whole_again(play: Play) -> None:
    """Checks that the filing has ended normally, and that its log verifies."""
    assert (await play.at(Stage.CLOSED)).closing is Closing.DELIVERED
    assert (await verify(play.world.superuser_dsn)).verified
    assert (
        await play.world.fetchval("select epoch from stream where stream = $1", ids.filing_workflow(play.filing)) == 2
    )


@pytest.mark.parametrize("lose", list(LOSSES.values()), ids=list(LOSSES))
async def test_at_intake(whole: World, lose: Lose) -> None:
    play = await Play.begin(whole, extract())
    claimed = await play.act(cm.Claim, play.officer(Role.RECEPTION), command_id="claim-1")
    await lose(whole, ids.filing_workflow(play.filing))
    assert (await restart(play))["filings"]["restarted"] == 1
    assert await play.act(cm.Claim, play.officer(Role.RECEPTION), command_id="claim-1") == claimed
    assert await whole.client.submit(play.submission) == await whole.client.receipt(play.filing)
    await play.accept()
    await play.review()
    await whole_again(play)
    assert (await play.kinds()).count("claimed") == 3


@pytest.mark.parametrize(("together", "lose"), TOGETHER.values(), ids=TOGETHER)
async def test_while_a_payment_is_pending(whole: World, lose: Lose, together: bool) -> None:  # noqa: FBT001 -- a case
    play = await Play.accepted(whole, extract(payer_account=NEVER_PAYS))
    await eventually(play.order, bool)
    payment = ids.payment_workflow(play.filing, 1)
    await lose(whole, ids.filing_workflow(play.filing))
    if together:
        await lose(whole, payment)
    found = await restart(play)
    assert found["filings"]["restarted"] == 1
    assert found["payments"]["running"] + found["payments"]["restarted"] == 1
    await play.at(Stage.FEE)
    await play.pay_by_hand()
    await play.review()
    await whole_again(play)
    assert await play.kinds("payment", 1) == ["payment_requested", "payment_ordered", "payment_captured"]
    order = await play.order()
    assert (len(order["captures"]), order["refunds"]) == (1, [])
    if not together:
        assert await runs(whole, payment) == 1


async def test_a_payment_restarted_after_its_filing_was_delivered_keeps_the_money(whole: World) -> None:
    play = await Play.begin(whole, extract())
    await play.deliver()
    payment = ids.payment_workflow(play.filing, 1)
    await terminate(whole, payment)
    assert (await restart(play))["payments"]["restarted"] == 1

    handle = whole.temporal.get_workflow_handle(payment)

    async def watching() -> bool:
        pending = (await handle.describe()).raw_description.pending_activities
        return any(activity.activity_type.name == "payment.late_money" for activity in pending)

    await eventually(watching, bool)
    assert await play.kinds("payment", 1) == ["payment_requested", "payment_ordered", "payment_captured"]
    assert (await whole.client.payment(play.filing)).state is PaymentState.PAID
    assert ((await play.order())["refunds"], await play.kinds("refund", 1001)) == ([], [])


async def test_what_runs_or_has_ended_is_left_alone(whole: World) -> None:
    running = await Play.begin(whole, extract())
    ended = await Play.begin(whole, birth(result_channel="online"))
    await ended.at(Stage.CLOSED)
    nothing = dict.fromkeys(("missing", "behind_by_seq", "behind_by_epoch", "restarted"), 0)
    left_alone = {"unfinished": 1, "running": 1, "failed": [], "still_wrong": []} | nothing
    assert (await restart(running))["filings"] == left_alone
    assert (await restart(ended, expected=1))["filings"]["unfinished"] == 0
    said = await motcua(whole.process_env, "filing", "restart", str(ended.code))
    assert (said.code, "đã kết thúc (delivered)" in said.err) == (1, True)
    said = await motcua(whole.process_env, "filing", "restart", str(running.code))
    assert (said.code, "đang chạy" in said.err) == (0, True)
    assert (await motcua(whole.process_env, "filing", "restart", "H01.12-20261125-9999999")).code == 3
    assert (await motcua(whole.process_env, "filing", "restart")).code == 2
    assert (await motcua(whole.process_env, "filing", "restart", "X", "--all-missing")).code == 2
    nowhere = whole.process_env | {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
    assert (await motcua(nowhere, "filing", "restart", str(running.code))).code == 4


async def test_a_restart_asks_the_log_and_no_read_model(whole: World) -> None:
    play = await Play.accepted(whole, extract())
    await terminate(whole, ids.filing_workflow(play.filing))
    await whole.execute(
        "update filing set procedure = '1.001193', version = 'none', stage = 'issue', status = 9, seq = 99 "
        "where filing_id = $1",
        play.filing,
    )
    await restart(play)
    await play.at(Stage.REVIEW)
    await play.review()
    await whole_again(play)


async def test_who_restarts_a_filing_at_the_same_time_starts_it_once(whole: World) -> None:
    play = await Play.begin(whole, extract())
    await terminate(whole, ids.filing_workflow(play.filing))
    found = await asyncio.gather(*(restart(play) for _ in range(4)))
    assert sum(each["filings"]["restarted"] for each in found) == 1
    await play.accept()
    await play.review()
    await whole_again(play)
