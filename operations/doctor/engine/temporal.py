"""The checks of Temporal: its answer, workers, healing; lost, stalled, outdated workflows; failing machine work."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, GetSystemInfoRequest
from temporalio.client import Client, ScheduleActionExecutionStartWorkflow, ScheduleDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from console.database import APPLICATION
from motcua.cli.showing import work_words
from motcua.connection import configured_address, connect
from motcua.errors import MotcuaError
from operations.doctor.check import SECONDS, Finding, Surroundings, fail, ok, skipped, warn
from operations.machine_work import failing
from recovery.behind import NEWEST, behind
from recovery.builds import Builds, Signs, asking, queue_of, signs_of_life
from recovery.histories import runs
from recovery.presence import temporals
from recovery.stalled import RUNNING, count_reported, reports_problems, stalled
from rules.require import require
from rules.streams import KINDS
from schemas.base import Text
from schemas.ids import TASK_QUEUE, StreamId
from schemas.stream.restart import REMEMBERED, SCHEDULE, Healings
from schemas.translate import said
from views import primary

ANSWERS_WITHIN: Final = 5.0
"""Seconds for connecting and two calls: less than the time of a whole check, whose end would name no address."""

WORKFLOWS: Final = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
ACTIVITIES: Final = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY

QUEUES: Final = "select queue, array_agg(agency order by agency) as agencies from agency group by 1 order by 1"
OPEN: Final = "select stream as id, filing.code from standing join filing using (filing_id) where open"
SHOWN: Final = 10
LOOKED_AT: Final = 50
"""The maximum number of seemingly lost workflows queried one by one, since Temporal's list lags by a second or two."""

WHOLE_CALL: Final = 4 * 1024 * 1024
"""Maximum number of bytes in one call to the server."""

MANY: Final = 100
"""The maximum number of workflows checked one by one, if the server does not mark stalled ones."""
_NEWEST_EVENTS: Final = 2_000
"""Number of newest events whose streams are checked."""

LATELY: Final = timedelta(days=1)
MOST_LEFT: Final = 5
FRUITLESS: Final = 3
"""The number of recent runs after which the healing counts as failing if none of them finished."""


async def temporal(around: Surroundings) -> list[Finding]:
    """Checks that Temporal answers and has our namespace."""
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            client = await connect(lazy=False)
            info = await client.workflow_service.get_system_info(GetSystemInfoRequest())
            described = await client.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace=client.namespace)
            )
    except (MotcuaError, RPCError) as error:
        why = f"Temporal: {error.status.name}" if isinstance(error, RPCError) else str(error)
        return [fail("as_is", fix="doctor.temporal.unusable", value=why)]
    except (RuntimeError, OSError):
        return [fail("doctor.temporal.silent", where=configured_address())]
    around.temporal = client
    version = f"Temporal {info.server_version}, {client.namespace}"
    return [ok("as_is", value=version), *long_updates(described.namespace_info.limits.blob_size_limit_error)]


def long_updates(limit: int) -> list[Finding]:
    """Warns if the server's `limit` for a message (bytes) is low: the answer to a refused Update repeats the Update."""
    return [] if limit >= WHOLE_CALL else [warn("doctor.temporal.long_updates", limit=limit)]


async def pollers(around: Surroundings) -> list[Finding]:
    """Checks that live workers serve the platform's queue, and that back offices serve the agencies' queues."""
    client = require(around.temporal)
    rows = []
    if around.database:
        async with around.record() as connection:
            rows = await connection.fetch(QUEUES)
    signs = await signs_of_life(client)
    kinds = ((WORKFLOWS, said("doctor.pollers.workflows")), (ACTIVITIES, said("doctor.pollers.activities")))
    platform = [_platform(client, signs, kind, work) for kind, work in kinds]
    offices = [_office(client, signs, row["queue"], row["agencies"]) for row in rows]
    return list(await asyncio.gather(*platform, *offices))


async def _platform(client: Client, signs: Signs, kind: TaskQueueType.ValueType, work: Text) -> Finding:
    queue = await queue_of(client, TASK_QUEUE, kind)
    count = len(asking(queue, TASK_QUEUE, signs))
    if count:
        return ok("doctor.pollers.working", queue=TASK_QUEUE, work=work, count=count)
    waiting = queue.stats.approximate_backlog_count
    return fail("doctor.pollers.nobody", queue=TASK_QUEUE, work=work, waiting=waiting)


async def _office(client: Client, signs: Signs, name: str, agencies: list[str]) -> Finding:
    """Checks that a back office serves this queue. If none does, only warns, since the work waits in the queue."""
    queue = await queue_of(client, name, ACTIVITIES)
    whose = ", ".join(agencies)
    count = len(asking(queue, name, signs))
    if count:
        return ok("doctor.pollers.office", queue=name, count=count, agencies=whose)
    option = "" if not name.startswith("agency.") else f" --agency {name.removeprefix('agency.')}"
    waiting = queue.stats.approximate_backlog_count
    return warn("doctor.pollers.no_office", queue=name, waiting=waiting, agencies=whose, option=option)


async def builds(around: Surroundings) -> list[Finding]:
    """Checks that the current build has workers, and that no workflow is on a build without workers."""
    async with primary.create_pool(around.settings[APPLICATION], min_size=0, max_size=1, timeout=SECONDS) as pool:
        known = await Builds(pool, require(around.temporal)).all()
    current = next((one for one in known if one.current), None)
    if current is None:
        return [fail("doctor.builds.none")]
    alone = [one for one in known if one.holds and not (one.current or one.workers)]
    by_anybody = [one for one in known if one.workers and not one.by_order]
    return [
        ok("doctor.builds.current", build=current.build)
        if current.workers
        else fail("doctor.builds.current_alone", build=current.build),
        *(fail("doctor.builds.alone", build=one.build, holds=one.holds) for one in alone),
        *(fail("doctor.builds.by_anybody", build=one.build) for one in by_anybody),
    ]


async def lost(around: Surroundings) -> list[Finding]:
    """Checks that every open stream of the record has a running workflow."""
    client = require(around.temporal)
    known = await _open(around)
    running = {workflow.id async for workflow in client.list_workflows(RUNNING)}
    seeming = sorted(known.keys() - running)
    really = await asyncio.gather(*(runs(client, one) for one in seeming[:LOOKED_AT]))
    gone = [one for one, runs in zip(seeming, really, strict=False) if not runs]
    if gone:  # some may have ended since the first look
        gone = sorted((await _open(around)).keys() & gone)
    if not gone:
        return [ok("doctor.lost.none", count=len(known))]
    names = [f"{known[one]} ({one.partition(':')[0]})" for one in gone]
    rest = len(names) - SHOWN + max(len(seeming) - LOOKED_AT, 0)
    codes = ", ".join(names[:SHOWN]) + (f" … +{rest}" if rest > 0 else "")
    return [fail("doctor.lost.some", codes=codes)]


async def _open(around: Surroundings) -> dict[str, str]:
    async with around.record() as connection:
        return {row["id"]: row["code"] for row in await connection.fetch(OPEN)}


async def standing_still(around: Surroundings) -> list[Finding]:
    """Checks for workflows in which the worker's code fails."""
    client = require(around.temporal)
    if await reports_problems(client):
        count = await count_reported(client)
    elif (await client.count_workflows(RUNNING)).count > MANY:
        return [skipped("doctor.stalled.unmarked")]
    else:
        count = len(await stalled(client))
    return [fail("doctor.stalled.some", count=count) if count else ok("none")]


async def agencies_work(around: Surroundings) -> list[Finding]:
    """Reports each filing whose machine work fails: the reason, the number of tries, and the next retry."""
    async with around.record() as connection:
        found = await failing(connection, require(around.temporal))
    told = [
        warn(
            "doctor.machine_work.failing",
            fix="doctor.machine_work.mend",
            code=one.code,
            agency=one.agency,
            work=work_words(one.work),
        )
        for one in found[:SHOWN]
    ]
    if len(found) > SHOWN:
        told.append(warn("as_is", fix="doctor.stalled.see", value=f"… +{len(found) - SHOWN}"))
    if not told:
        return [ok("doctor.machine_work.none")]
    waiting = Counter(one.agency for one in found)
    offices = ", ".join(f"{agency}: {waiting[agency]}" for agency in sorted(waiting))
    filings = len({one.filing_id for one in found})
    return [replace(told[0], verdict=said("doctor.machine_work.wait", filings=filings, offices=offices)), *told[1:]]


async def falling_behind(around: Surroundings) -> list[Finding]:
    """Checks whether the workflows know the newest events of their streams."""
    async with around.record() as connection:
        newest = [row["stream"] for row in await connection.fetch(NEWEST, _NEWEST_EVENTS)]
        streams = [stream for stream in newest if stream.partition(":")[0] in KINDS]
        found = await behind(await connect(), connection, streams)
        running = len(await temporals(connection))
    seen = ok("doctor.behind.level", n=len(streams) - len(found.unopened))
    if found.wrong:
        behind_by, overtaken = len(found.behind), len(found.overtaken)
        seen = fail("doctor.behind.known_less", behind=behind_by, overtaken=overtaken, first=found.wrong[0])
    rest = []
    if found.unopened:
        rest.append(warn("doctor.behind.unopened", count=len(found.unopened), first=found.unopened[0]))
    if running > 1:
        rest.append(warn("doctor.behind.two_temporals", temporals=running))
    return [seen, *rest]


async def heals(_: Surroundings) -> list[Finding]:
    """Reports the result of the last finished run of the healing, which restarts stalled workflows."""
    client = await connect()
    try:
        schedule = await client.get_schedule_handle(SCHEDULE).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return [_nobody("doctor.healing.no_schedule")]
    if schedule.schedule.state.paused:
        return [_nobody("doctor.healing.paused")]
    if not await reports_problems(client):
        return [_nobody("doctor.healing.unmarked")]
    found = await last_healings(client, schedule)
    if found is None:
        looks = len(schedule.info.recent_actions)
        return [ok("doctor.healing.unseen") if looks < FRUITLESS else warn("doctor.healing.fruitless", looks=looks)]
    lately = datetime.now(UTC) - LATELY
    count = sum(one.at > lately for one in found.last)
    shown = f"≥ {count}" if count == REMEMBERED else count
    return [ok("doctor.healing.healed", count=shown, total=found.total), *_left(found)]


async def last_healings(client: Client, schedule: ScheduleDescription) -> Healings | None:
    """Returns the result of the newest finished healing; None if none of the last ten finished. Raises `RPCError`."""
    for action in reversed(schedule.info.recent_actions):
        look = cast("ScheduleActionExecutionStartWorkflow", action.action)
        handle = client.get_workflow_handle(look.workflow_id, run_id=look.first_execution_run_id)
        if (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED:
            return Healings.model_validate(await handle.result())
    return None


def _nobody(why: str) -> Finding:
    return warn("doctor.healing.nobody", fix=f"{why}.fix", why=said(why))


def _left(found: Healings) -> list[Finding]:
    """Reports, once each, filings of which the healing left workflows stalled: a filing's restart restarts them all."""
    filings = list(dict.fromkeys(map(_filing, found.left)))
    reported = [fail("doctor.healing.left", filing=filing) for filing in filings[:MOST_LEFT]]
    if len(filings) > MOST_LEFT:
        reported.append(fail("as_is", fix="doctor.stalled.see", value=f"… +{len(filings) - MOST_LEFT}"))
    return reported


def _filing(stream: str) -> str:
    try:
        return str(StreamId.parse(stream).filing)
    except ValueError:
        return stream
