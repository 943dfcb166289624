"""An intruder has given runs events that no log has: these runs begin anew, and the filings continue."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import asyncpg
import pytest
from temporalio.client import WorkflowExecutionStatus

from activities.ledger.append import APPEND
from activities.ledger.sequencer import position_appends
from activities.ledger.vault import Vault
from motcua.errors import LedgerConflict
from publishing.authoring.procedures import publish
from recovery.healing import Healer
from recovery.unbegun import BEGUN, Nudges
from rules.streams import KINDS
from schemas.filing.commands import Withdraw
from schemas.filing.state import Closing, Stage
from schemas.ids import StreamId, filing_workflow
from schemas.stream.ledger import Appended, Batch
from tests.acting import ADDRESS, PAYS_TWICE, Play, birth, eventually, extract, of, posted, refer
from tests.answering import instead_of, name_of
from tests.any_files import AnyFiles, received_by
from tests.conftest import World
from tests.faults.rogue.liar import echoed
from tests.locked import signing
from tests.sound import sound
from tests.workflow.results import PROCEDURE, VERSION, set_up, signers
from workers.wiring import WORKFLOWS, activities, platform_worker

STARTING: Final = frozenset({"workflows.start", "workflows.wake"})


@asynccontextmanager
async def lying(world: World, lies: Counter[str]) -> AsyncIterator[None]:
    """Runs a platform that confirms appends without recording them: the first `lies[kind]` appends to each kind."""
    async with activities(world.settings) as functions:
        honest = next(one for one in functions.working if name_of(one) == APPEND)

        async def append(batch: Batch) -> Appended:
            kind = batch.stream.partition(":")[0]
            lies[kind] -= 1
            if lies[kind] >= 0:
                return echoed(batch)
            answer: Appended = await honest(batch)
            return answer

        working = [instead_of(one, append) if one is honest else one for one in functions.working]
        received = received_by(AnyFiles(), replace(functions, working=working))
        async with platform_worker(world.temporal, received, world.settings), world.back_office():
            yield


async def test_a_child_whose_first_events_were_never_recorded_begins_anew(world: World) -> None:
    lies = Counter({"parcel": 2})
    async with lying(world, lies):
        play = await Play.begin(world, birth(result_channel="post", address=ADDRESS))
        closed = await play.at(Stage.CLOSED)
    assert closed.closing is Closing.DELIVERED
    assert lies["parcel"] < 0
    assert (await play.kinds("parcel", 1))[-1] == "consignment_ended"
    await sound(world)


async def test_a_run_that_waits_for_people_who_can_not_see_it_is_nudged(world: World) -> None:
    filed, later = extract(), datetime.now(UTC) + timedelta(minutes=2)
    stream = filing_workflow(of(filed))
    async with lying(world, Counter({"filing": 2})), asyncpg.create_pool(world.app_dsn, min_size=0) as pool:
        forged = await world.client.submit(filed)
        play = Play(world, filed)
        assert await play.kinds() == []
        nudges = Nudges(pool)
        await eventually(lambda: nudges.nudge(world.temporal, later), [stream].__eq__)
        assert await nudges.nudge(world.temporal, later) == []
        await eventually(play.kinds, bool)
        assert (await world.client.submit(filed)).code != forged.code
    await sound(world)


async def test_a_receipt_of_an_earlier_task_is_not_given_again_before_the_log_is_asked(world: World) -> None:
    filed = extract()
    async with lying(world, Counter({"filing": 1})):
        forged = await world.client.submit(filed)
        with pytest.raises(LedgerConflict):
            await world.client.submit(filed)
        assert (await Play.begin(world, filed)).code != forged.code
    await sound(world)


async def test_a_submission_whose_run_ended_without_a_record_can_be_filed_again(world: World) -> None:
    filed, lies = extract(), Counter({"filing": 1000})
    async with lying(world, lies):
        run = world.temporal.get_workflow_handle(filing_workflow(of(filed)))
        forged = await world.client.submit(filed)
        play = Play(world, filed)
        await play.withdraw()
        await eventually(run.describe, lambda found: found.status is WorkflowExecutionStatus.COMPLETED)
        lies.clear()
        assert (await world.client.submit(filed)).code != forged.code
        await play.withdraw()
        assert (await play.at(Stage.CLOSED)).closing is Closing.WITHDRAWN
    await sound(world)


async def test_an_open_filing_whose_run_was_told_of_its_end_is_restarted(world: World) -> None:
    lies = Counter[str]()
    async with lying(world, lies), asyncpg.create_pool(world.app_dsn, min_size=0) as pool:
        play = await Play.begin(world, extract())
        run = world.temporal.get_workflow_handle(filing_workflow(play.filing))
        lies["filing"] = 1000
        await play.act(Withdraw, play.submission.actor, reason="nộp nhầm")
        await eventually(run.describe, lambda found: found.status is WorkflowExecutionStatus.COMPLETED)
        lies.clear()
        assert await play.kinds() == ["submitted"]
        healer = Healer(pool, Vault(world.settings.master).find, KINDS, WORKFLOWS)
        await eventually(lambda: healer.look(world.temporal, datetime.now(UTC)), lambda look: bool(look.healed))
        again = await Play.begin(world, play.submission)
        await again.act(Withdraw, play.submission.actor, reason="nộp nhầm")
        assert (await again.at(Stage.CLOSED)).closing is Closing.WITHDRAWN
    await sound(world)


@asynccontextmanager
async def beginning_nothing(world: World) -> AsyncIterator[Counter[str]]:
    """Runs a platform that only pretends to do each stream's first start; yields the counts of starts by stream."""
    asked: Counter[str] = Counter()
    async with activities(world.settings) as functions:

        def lying(honest: Callable[..., Any]) -> Callable[..., Any]:
            async def start(request: Any) -> None:
                asked[request.id] += 1
                if asked[request.id] > 1:
                    await honest(request)

            return instead_of(honest, start)

        working = [lying(one) if name_of(one) in STARTING else one for one in functions.working]
        received = received_by(AnyFiles(), replace(functions, working=working))
        async with platform_worker(world.temporal, received, world.settings), world.back_office():
            yield asked


async def test_a_stream_that_was_ordered_and_never_begun_is_begun_after_all(world: World) -> None:
    await publish(world.owner_dsn, PROCEDURE.encode())
    world = await signing(world)
    await set_up(world, signers())
    async with beginning_nothing(world) as asked, asyncpg.create_pool(world.app_dsn, min_size=0) as pool:
        healer, now = Healer(pool, Vault(world.settings.master).find, KINDS, WORKFLOWS), datetime.now(UTC)

        async def after_all(play: Play, kind: str, n: int) -> None:
            await eventually(partial(asyncio.to_thread, asked.get, str(StreamId(kind, play.filing, n))), bool)
            assert await play.kinds(kind, n) == []

            async def begun() -> list[str]:
                nonlocal now
                now += BEGUN
                async with pool.acquire() as connection:
                    await position_appends(connection)
                await healer.look(world.temporal, now)
                return await play.kinds(kind, n)

            await eventually(begun, bool)

        play = await Play.accepted(world, posted(version=VERSION, payer_account=PAYS_TWICE))
        await after_all(play, "payment", 1)
        await after_all(play, "refund", 1002)
        await play.review()
        await after_all(play, "result", 1)
        await after_all(play, "parcel", 1)
        assert (await play.at(Stage.CLOSED)).closing is Closing.DELIVERED
        withdrawn = await Play.accepted(world, extract())
        await after_all(withdrawn, "payment", 1)
        await eventually(withdrawn.kinds, lambda kinds: "fee_paid" in kinds)
        await withdrawn.withdraw()
        await after_all(withdrawn, "refund", 1001)
        parts = await refer(world)
        await after_all(parts, "referral", 2)
        await eventually(partial(parts.kinds, "referral", 1), bool)
    await sound(world)
