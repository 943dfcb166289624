"""Temporal: whether it answers, who works for whom, and which filings it has lost or can't move."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

import asyncpg
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueResponse,
    GetSystemInfoRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from motcua.cli.showing import work_line
from motcua.connection import connect
from motcua.errors import MotcuaError
from operations.addresses import APPLICATION
from operations.doctor.finding import Finding, fail, ok, skipped, warn
from operations.doctor.surroundings import SECONDS, Surroundings
from operations.machine_work import failing
from recovery.builds import Build, Builds
from recovery.histories import runs
from recovery.signs import Signs, asking, queue_of, signs_of_life
from recovery.stalled import RUNNING, count_reported, reports_problems, stalled
from schemas.ids import TASK_QUEUE

WORKFLOWS: Final = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
ACTIVITIES: Final = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY

QUEUES: Final = "select queue, array_agg(agency order by agency) as agencies from agency group by 1 order by 1"
OPEN: Final = "select stream as id, filing.code from standing join filing using (filing_id) where open"
SHOWN: Final = 10
LOOKED_AT: Final = 50
"""Workflows that seem to be lost are asked for one by one: the list of those that run is a second or two behind."""

WHOLE_CALL: Final = 4 * 1024 * 1024
"""Bytes that one call to the server carries."""

MANY: Final = 100
"""Without marks by the server every running workflow must be looked at: more than these are left to the command."""


async def temporal(around: Surroundings) -> list[Finding]:
    """Whether it answers, and whether our namespace is there."""
    try:
        client = await connect(lazy=False)
        info = await client.workflow_service.get_system_info(GetSystemInfoRequest())
        described = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=client.namespace)
        )
    except MotcuaError as error:
        return [_unusable(str(error))]
    except RPCError as error:
        return [_unusable(f"Temporal: {error.status.name}")]
    except (RuntimeError, OSError):
        return [
            fail(
                "không trả lời",
                "does not answer",
                fix_vi="chạy `make up`, hoặc kiểm tra TEMPORAL_ADDRESS, TEMPORAL_TLS_* và đường mạng",
                fix_en="run `make up`, or check TEMPORAL_ADDRESS, TEMPORAL_TLS_* and the way there",
            )
        ]
    around.temporal = client
    words = f"Temporal {info.server_version}, {client.namespace}"
    return [ok(words, words), *long_updates(described.namespace_info.limits.blob_size_limit_error)]


def long_updates(limit: int) -> list[Finding]:
    """What is wrong with the server's limit of a message in bytes: a refusal repeats the Update that it refuses."""
    if limit >= WHOLE_CALL:
        return []
    return [
        warn(
            f"một lệnh dài hơn {limit:,} byte, dù bị từ chối, có thể kết thúc hồ sơ",
            f"a command of more than {limit:,} bytes may end a filing, although it is refused",
            fix_vi="đặt limit.blobSize.error và history.maxInFlightUpdatePayloads (docs/operations.md)",
            fix_en="set limit.blobSize.error and history.maxInFlightUpdatePayloads (docs/operations.md)",
        )
    ]


def _unusable(why: str) -> Finding:
    return fail(
        why,
        why,
        fix_vi="kiểm tra TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, chứng thư TLS và quyền với không gian tên",
        fix_en="check TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, the TLS certificate and the rights in the namespace",
    )


async def pollers(around: Surroundings) -> list[Finding]:
    """Who works: the platform's workers, and a back office for each agency."""
    client = _client(around)
    rows = []
    if around.database:
        async with around.record() as connection:
            rows = await connection.fetch(QUEUES)
    signs = await signs_of_life(client)
    platform = [_platform(client, signs, kind, *names) for kind, *names in _KINDS]
    offices = [_office(client, signs, row["queue"], row["agencies"]) for row in rows]
    return list(await asyncio.gather(*platform, *offices))


_KINDS: Final = ((WORKFLOWS, "luồng việc", "workflows"), (ACTIVITIES, "hoạt động", "activities"))


async def _platform(client: Client, signs: Signs, kind: TaskQueueType.ValueType, vi: str, en: str) -> Finding:
    queue = await queue_of(client, TASK_QUEUE, kind)
    count = len(asking(queue, TASK_QUEUE, signs))
    if count:
        return ok(f"{TASK_QUEUE}, {vi}: {count}", f"{TASK_QUEUE}, {en}: {count}")
    waiting = _waiting(queue)
    return fail(
        f"{TASK_QUEUE}, {vi}: không ai làm; {waiting} việc chờ; mọi hồ sơ đứng yên",
        f"{TASK_QUEUE}, {en}: nobody; {waiting} tasks wait; every filing stands still",
        fix_vi="chạy `motcua worker`",
        fix_en="run `motcua worker`",
    )


async def _office(client: Client, signs: Signs, name: str, agencies: list[str]) -> Finding:
    """One queue of machine work, and whose it is. Work waits there: an office that is closed is no failure."""
    queue = await queue_of(client, name, ACTIVITIES)
    whose = ", ".join(agencies)
    count = len(asking(queue, name, signs))
    if count:
        return ok(f"{name}: {count} ({whose})", f"{name}: {count} ({whose})")
    option = "" if not name.startswith("agency.") else f" --agency {name.removeprefix('agency.')}"
    return warn(
        f"{name}: không ai làm; {_waiting(queue)} việc chờ; đứng yên: {whose}",
        f"{name}: nobody; {_waiting(queue)} tasks wait; standing still: {whose}",
        fix_vi=f"chạy `motcua back-office{option}`, tại cơ quan",
        fix_en=f"run `motcua back-office{option}`, at the agency if it has its own",
    )


def _waiting(queue: DescribeTaskQueueResponse) -> int:
    return queue.stats.approximate_backlog_count


async def builds(around: Surroundings) -> list[Finding]:
    """Whether new filings are handed to somebody, and whether anything is held by a build that nobody runs."""
    async with asyncpg.create_pool(around.settings[APPLICATION], min_size=0, max_size=1, timeout=SECONDS) as pool:
        known = await Builds(pool, _client(around)).all()
    current = next((one for one in known if one.current), None)
    if current is None:
        return [
            fail(
                "chưa bản dựng nào nhận hồ sơ mới",
                "no build is handed new filings",
                fix_vi="chạy `motcua worker`, hoặc `motcua versions promote BẢN`",
                fix_en="run `motcua worker`, or `motcua versions promote BUILD`",
            )
        ]
    alone = [_left_alone(one) for one in known if one.holds and not (one.current or one.workers)]
    return [
        _current(current),
        *alone,
        *(_takes_orders_from_anybody(one) for one in known if one.workers and not one.by_order),
    ]


def _current(build: Build) -> Finding:
    if build.workers:
        return ok(f"{build.build} nhận hồ sơ mới", f"{build.build} is handed new filings")
    return fail(
        f"{build.build} nhận hồ sơ mới nhưng không ai chạy bản này",
        f"{build.build} is handed new filings, and nobody runs it",
        fix_vi="chạy `motcua worker` của bản này, hoặc `motcua versions promote BẢN` khác",
        fix_en="run a `motcua worker` of it, or `motcua versions promote BUILD` another",
    )


def _left_alone(build: Build) -> Finding:
    return fail(
        f"{build.build} giữ {build.holds} luồng, không ai chạy bản này",
        f"{build.build} holds {build.holds} workflows, and nobody runs it",
        fix_vi=f"`motcua versions drain {build.build}`",
        fix_en=f"`motcua versions drain {build.build}`",
    )


def _takes_orders_from_anybody(build: Build) -> Finding:
    return fail(
        f"{build.build} ký, hoàn tiền, gửi bưu gửi theo lời bất kỳ ai vào được Temporal",
        f"{build.build} signs, gives money back and sends for anybody who reaches Temporal",
        fix_vi=f"`motcua versions drain {build.build}`, rồi dừng các worker của bản này",
        fix_en=f"`motcua versions drain {build.build}`, then stop its workers",
    )


async def lost(around: Surroundings) -> list[Finding]:
    """Whether everything that is open in the record runs in Temporal."""
    client = _client(around)
    async with around.record() as connection:
        known = {row["id"]: row["code"] for row in await connection.fetch(OPEN)}
    running = {workflow.id async for workflow in client.list_workflows(RUNNING)}
    seeming = sorted(known.keys() - running)
    really = await asyncio.gather(*(runs(client, one) for one in seeming[:LOOKED_AT]))
    gone = [one for one, runs in zip(seeming, really, strict=False) if not runs]
    if not gone:
        return [ok(f"{len(known)} đang mở, đều đang chạy", f"{len(known)} open, all running")]
    more = len(seeming) - LOOKED_AT
    codes = _some({one: known[one] for one in gone}, more=max(more, 0))
    return [
        fail(
            f"có trong sổ mà không chạy: {codes}",
            f"open in the record and not running: {codes}",
            fix_vi="`motcua filing restart MÃ`, hoặc `motcua filing restart --all-missing`",
            fix_en="`motcua filing restart CODE`, or `motcua filing restart --all-missing`",
        )
    ]


async def standing_still(around: Surroundings) -> list[Finding]:
    """Whether the code of the worker fails on any workflow."""
    client = _client(around)
    if await reports_problems(client):
        count = await count_reported(client)
    elif (await client.count_workflows(RUNNING)).count > MANY:
        return [
            skipped(
                "máy chủ không đánh dấu: `motcua filings stalled`", "the server marks none: `motcua filings stalled`"
            )
        ]
    else:
        count = len(await stalled(client))
    if not count:
        return [ok("không có", "none")]
    return [
        fail(
            f"{count} luồng đứng yên vì lỗi chương trình",
            f"{count} workflows stand still because of a bug",
            fix_vi="`motcua filings stalled` chỉ chỗ lỗi; sửa và thay worker, hồ sơ tự chạy tiếp",
            fix_en="`motcua filings stalled` says where; run a worker without the bug, and they go on by themselves",
        )
    ]


async def agencies_work(around: Surroundings) -> list[Finding]:
    """Whose machine work fails: filing by filing, why, how often, and when it is tried again."""
    client = _client(around)
    async with around.record() as connection:
        found = await failing(connection, client)
    if not found:
        return [ok("không có việc nào lỗi", "none fails")]
    told = [
        warn(
            f"{one.code} ({one.agency}): {work_line(one.work)}",
            f"{one.code} ({one.agency}): {work_line(one.work)}",
            fix_vi="cơ quan sửa hệ thống của mình; hồ sơ tự chạy tiếp",
            fix_en="the agency mends its back office; the filing goes on by itself",
        )
        for one in found[:SHOWN]
    ]
    if len(found) > SHOWN:
        more = f"… +{len(found) - SHOWN}"
        told.append(warn(more, more, fix_vi="`motcua filings stalled`", fix_en="`motcua filings stalled`"))
    return told


def _client(around: Surroundings) -> Client:
    if around.temporal is None:
        msg = "asked before Temporal answered"
        raise RuntimeError(msg)
    return around.temporal


def _some(codes: Mapping[str, str], more: int = 0) -> str:
    names: Iterable[str] = (f"{code} ({stream.partition(':')[0]})" for stream, code in codes.items())
    listed = list(names)
    rest = len(listed) - SHOWN + more
    return ", ".join(listed[:SHOWN]) + (f" … +{rest}" if rest > 0 else "")
