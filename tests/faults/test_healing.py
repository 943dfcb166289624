"""Worker processes heal runs that can't be replayed, count them, and report them to `motcua doctor`."""

import asyncio
import re
import socket
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import httpx
from temporalio import activity
from temporalio.client import ScheduleDescription, ScheduleOverlapPolicy
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from operations.doctor.engine.temporal import MOST_LEFT, last_healings
from recovery.builds import Builds
from recovery.healing import STANDS_STILL
from recovery.schedule import EVERY, keep_healing
from recovery.stalled import stalled
from schemas.filing.state import Stage
from schemas.ids import TASK_QUEUE, filing_workflow
from schemas.stream.restart import HEAL, SCHEDULE, Healed, Healings, Look
from tests.acting import Play, eventually, extract
from tests.any_files import any_file_activities
from tests.conftest import World
from tests.faults.processes import command, worker_process
from tests.workflow.standing_still import OTHERS, not_replayable, whole
from workers.wiring import versioned_worker
from workflows.scheduled import Healing

TWO_MINUTES: Final = 120
HEALED: Final = re.compile(r'^motcua_healed_total\{(?=[^}]*kind="filing").*\} 1$', re.MULTILINE)


async def described(world: World) -> ScheduleDescription:
    return await world.temporal.get_schedule_handle(SCHEDULE).describe()


async def made(world: World) -> ScheduleDescription | None:
    """Returns the schedule; None before it exists: on a busy machine, a worker may be ready before its schedule."""
    try:
        return await described(world)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None


async def looked(world: World) -> Healings:
    """Returns the result of the finished healings; empty before the first."""
    return await last_healings(world.temporal, await described(world)) or Healings()


async def healing_findings(world: World, code: int = 0) -> list[Any]:
    """Returns the doctor's findings about healing: health, words and remedy."""
    return [
        (one["health"], one["what"]["en"], one["fix"] and one["fix"]["en"])
        for one in (await command(world, "doctor", code=code))["findings"]
        if one["check"] == "healing"
    ]


async def begun_by_code_that_was_changed_under_its_build(world: World) -> Play:
    """Returns a filing that the worker's code can't replay, although both have the same build."""
    settings = world.settings
    async with (
        any_file_activities(settings) as functions,
        versioned_worker(world.temporal, functions, settings, workflows=OTHERS),
        asyncpg.create_pool(world.app_dsn, min_size=0, max_size=1) as pool,
    ):
        await Builds(pool, world.temporal).promote(settings.build)
        play = await Play.begin(world, extract())
        await play.at(Stage.INTAKE)
    return play


async def test_a_broken_filing_goes_on_within_two_minutes(world: World, tmp_path: Path) -> None:
    async with world.back_office():
        play = await begun_by_code_that_was_changed_under_its_build(world)
        stream = filing_workflow(play.filing)
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        async with worker_process(world.process_env | {"MOTCUA_METRICS": address}, tmp_path):
            one = await not_replayable(play)
            await eventually(lambda: stalled(world.temporal), lambda found: not found, within=TWO_MINUTES)
            (healed,) = (await eventually(lambda: looked(world), lambda found: found.total == 1)).last
            assert healed.stream == stream
            assert STANDS_STILL < healed.at - one.since < STANDS_STILL + 2 * EVERY
            async with httpx.AsyncClient() as prometheus:
                assert HEALED.search((await prometheus.get(f"http://{address}/metrics")).text)
            await play.accept()
            await whole(play)
            await world.fetchval("select position_appends(10_000)")  # as a relay does
            assert await healing_findings(world) == [("ok", "1 healed by themselves within 24 hours, 1 in all", None)]
    (line,) = [line for line in (tmp_path / "worker.log").read_text().splitlines() if '"workflow.healed"' in line]
    assert f'"stream": "{stream}"' in line
    assert '"level": "warning"' in line


async def test_the_schedule_is_there_once_and_outlives_its_workers(world: World, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    async with AsyncExitStack() as workers:
        await asyncio.gather(
            *(workers.enter_async_context(worker_process(world.process_env, folder)) for folder in folders)
        )
        await eventually(lambda: made(world), lambda found: found is not None)
        begun = (await described(world)).info.created_at
        await eventually(lambda: recent(world), bool, within=2 * EVERY.total_seconds())
    assert [found.id async for found in await world.temporal.list_schedules()] == [SCHEDULE]
    for folder in folders:
        assert "healing.not_scheduled" not in (folder / "worker.log").read_text()
    await world.temporal.get_schedule_handle(SCHEDULE).pause(note="looking into it")
    async with worker_process(world.process_env, tmp_path):
        found = await described(world)
        assert await healing_findings(world) == [
            (
                "warn",
                "the schedule is paused: what can't be replayed does not heal by itself",
                "`temporal schedule toggle --unpause --schedule-id healing --reason healing`",
            )
        ]
    assert (found.info.created_at, found.schedule.state.note) == (begun, "looking into it")
    assert found.schedule.policy.overlap is ScheduleOverlapPolicy.SKIP


async def recent(world: World) -> list[Any]:
    return list((await described(world)).info.recent_actions)


async def test_whom_healing_did_not_help_is_named_until_an_operator_helps(world: World) -> None:
    """The test itself invents the results of the healing; no run is healed."""
    filings = [uuid4() for _ in range(MOST_LEFT + 1)]
    left = (f"payment:{filings[0]}:1", *(f"filing:{filing}" for filing in filings))
    now = datetime.now(UTC)
    healed = [Healed(stream=left[0], at=now - timedelta(hours=hours), seq=1) for hours in (25, 1)]
    looks = chain((Look(healed=(one,)) for one in healed), repeat(Look(left=left)))

    @activity.defn(name=HEAL)
    async def look() -> Look:
        return next(looks)

    async def looked_again() -> Healings:
        await world.temporal.get_schedule_handle(SCHEDULE).trigger()
        return await looked(world)

    await keep_healing(world.temporal)
    assert (await healing_findings(world, 1))[0][:2] == ("ok", "nobody has looked yet")
    async with Worker(world.temporal, task_queue=TASK_QUEUE, workflows=[Healing], activities=[look]):
        await eventually(looked_again, lambda found: found.left == left)
    counted, *named, rest = await healing_findings(world, 1)
    assert counted == ("ok", "1 healed by themselves within 24 hours, 2 in all", None)
    assert [(health, what.partition(":")[0]) for health, what, _ in named] == [
        ("fail", str(filing)) for filing in filings[:MOST_LEFT]
    ]
    assert f"`motcua filing restart {filings[0]} --force`" in named[0][2]
    assert rest == ("fail", "… +1", "`motcua filings stalled`")
