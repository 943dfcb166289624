"""A repeated command that a dead worker recorded is answered after any event; a refused one costs few queries."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Final
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus

from schemas.errors import RefusalCode
from schemas.filing.commands import Claim, Forward, ReferObligation
from schemas.filing.state import Stage
from schemas.identity.statement import seconds
from schemas.ids import TASK_TIMEOUT, filing_workflow, payment_workflow
from schemas.people import Role
from tests import acting
from tests.conftest import World
from tests.faults.processes import WorkerProcess, worker_process
from tests.locked import OFFICE, PORTAL, Program, now_in_force, programs, register, signing
from tests.workflow.delivery import fetched
from tests.workflow.obligations import TAX, takes_money, transfer

ACCEPTED: Final = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
REPEATS: Final = 1000
"""The number of repeats of a refused command."""
RECEPTION: Final = acting.officer(Role.RECEPTION)


async def test_a_thousand_refused_repeats_cost_one_update_a_load_and_the_time_of_a_task(world: World) -> None:
    version = await acting.publish_short(world, acting.BIRTH, intake=3600)
    async with world.platform(), world.back_office(acting.Doubtful()):
        play = await acting.Play.begin(world, acting.birth(version=version))
    handle = (await acting.stock(world)).get_workflow_handle(filing_workflow(play.filing))
    task = (await handle.describe()).raw_description.execution_config.default_workflow_task_timeout
    window = min(TASK_TIMEOUT, task.ToTimedelta()).total_seconds()
    said = {"command_id": "early", "actor": plain(RECEPTION), "via": {"principal": "desk"}, "amount": 1}

    async def taken() -> int:
        return len([event async for event in handle.fetch_history_events() if event.event_type == ACCEPTED])

    for load in range(2):
        async with world.platform():
            before, begun = await taken(), monotonic()
            for _ in range(REPEATS // 2):
                refused = await acting.refusal(handle.execute_update("pay_at_counter", said, id=uuid4().hex))
                assert refused.code is RefusalCode.NOT_ALLOWED
            most = 1 + (monotonic() - begun) // window
            assert 1 <= await taken() - before <= most, f"load {load}"
    assert await play.kinds() == ["submitted"]


def plain(actor: Any) -> dict[str, Any]:
    said: dict[str, Any] = actor.model_dump(mode="json", exclude_none=True)
    return said


async def wrong_code(world: World) -> tuple[acting.Play, str, str, dict[str, Any]]:
    play = await fetched(world)
    said = {"recipient": "Nguyễn Văn An", "code": "000000", "signed_on_paper": True}
    return play, filing_workflow(play.filing), "hand_over", said | {"actor": plain(acting.officer(Role.HANDOVER))}


async def demand(world: World) -> tuple[acting.Play, str, str, dict[str, Any]]:
    await takes_money(world)
    play = await acting.Play.begin(world, transfer(None))
    specialist = play.officer(Role.SPECIALIST)
    await play.at(Stage.REVIEW)
    for command, more in ((Claim, {}), (Forward, {}), (Claim, {}), (ReferObligation, {"reference": "13/PC-VPĐK"})):
        await play.act(command, specialist, **more)
    said = {"reference": "35/TB-CCT", "amount": 5_000, "agency": TAX, "actor": plain(specialist)}
    return play, filing_workflow(play.filing), "demand_obligation", said


async def renewal(world: World) -> tuple[acting.Play, str, str, dict[str, Any]]:
    play = await acting.Play.accepted(world, acting.extract(payer_account=acting.NEVER_PAYS))
    await acting.eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_ordered" in kinds)
    return play, payment_workflow(play.filing, 1), "renew_payment", {"actor": plain(play.submission.actor)}


@pytest.mark.parametrize("given", [wrong_code, demand, renewal])
async def test_a_statement_that_is_over_records_nothing_where_more_is_recorded_than_the_command(
    world: World, given: Callable[[World], Awaitable[tuple[acting.Play, str, str, dict[str, Any]]]]
) -> None:
    world = await signing(world)
    async with world.platform(), world.back_office():
        play, stream, kind, said = await given(world)
    before = await play.kinds(), await play.kinds("payment", 1)
    await register(world, *programs().values())
    program = await Program.of(world, PORTAL if given is renewal else OFFICE)
    at = seconds(datetime.now(UTC)) - 600
    said |= {"command_id": "late", "via": {"principal": "desk"}}
    async with world.platform():
        for _ in range(2):
            over = program.act(stream, kind, said, iat=at, exp=at + 60)
            assert [(why.field, why.rule) for why in (await acting.refusal(over)).problems] == [
                ("statement", "statement_expired")
            ]
    assert (await play.kinds(), await play.kinds("payment", 1)) == before


@asynccontextmanager
async def dying(world: World, folder: Path, call: Callable[[], Awaitable[Any]]) -> AsyncIterator[asyncio.Task[Any]]:
    """Starts the call, and yields its task once a worker has committed the effect and died before the answer."""
    worker: WorkerProcess
    async with worker_process(world.process_env, folder) as worker:
        worker.arm("ledger.committed")
        asked = asyncio.ensure_future(call())
        assert await worker.died() == -signal.SIGKILL
    try:
        yield asked
    finally:
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)


@pytest.mark.parametrize("rule", ["statement_expired", "key_revoked", "role_not_granted"])
async def test_a_submission_that_is_in_the_log_lives_whatever_became_of_who_filed_it(
    world: World, tmp_path: Path, rule: str
) -> None:
    world, filed = await signing(world), acting.birth()
    known = programs()[PORTAL]
    await register(world, known)
    portal, stream = await Program.of(world, PORTAL), filing_workflow(acting.of(filed))
    when: dict[str, int] = {}

    def file() -> Awaitable[Any]:
        """Submits with a statement; statements are accepted for a minute after their end, since clocks differ."""
        at = seconds(datetime.now(UTC)) - (95 if rule == "statement_expired" else 0)
        when.update(iat=at, exp=at + 60)
        return portal.submit(filed, **when)

    async with dying(world, tmp_path, file):
        if rule == "statement_expired":
            await asyncio.sleep(when["exp"] + 62 - datetime.now(UTC).timestamp())
        elif rule == "key_revoked":
            revoked = (now_in_force(PORTAL, revoked_at=datetime.now(UTC)),)
            await register(world, known.model_copy(update={"keys": revoked}))
        else:
            await register(world, known.model_copy(update={"grants": ()}))
        async with worker_process(world.process_env, tmp_path):
            asked = portal.submit(filed, **when)
            if rule == "statement_expired":
                assert (await asked)["command_id"] == "submit"
            else:
                (why,) = (await acting.refusal(asked)).problems
                assert why.rule == rule
            described = await portal.client.get_workflow_handle(stream).describe()
            assert described.status is WorkflowExecutionStatus.RUNNING


async def test_a_command_whose_officer_has_left_meanwhile_is_answered_as_the_record_has_it(
    world: World, tmp_path: Path
) -> None:
    version = await acting.publish_short(world, acting.BIRTH, intake=3600)
    async with world.platform(), world.back_office(acting.Doubtful()):
        play = await acting.Play.begin(world, acting.birth(version=version))
    handle = (await acting.stock(world)).get_workflow_handle(filing_workflow(play.filing))
    said = {"command_id": "take-up", "actor": plain(RECEPTION), "via": {"principal": "desk"}}

    def give() -> Awaitable[Any]:
        return handle.execute_update("claim", said, id=uuid4().hex)

    async with dying(world, tmp_path, give):
        await world.execute("update officer set active = false where subject = $1", RECEPTION.subject)
        recorded = await play.kinds()
        async with worker_process(world.process_env, tmp_path):
            assert [await give() for _ in range(2)] == [receipt := await give()] * 2
            assert (receipt["command_id"], receipt["seq"]) == ("take-up", 2)
            assert await play.kinds() == recorded == ["submitted", "claimed"]
