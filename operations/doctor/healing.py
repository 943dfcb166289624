"""Whether what can't be replayed heals by itself: that somebody looks, what was healed, and who is left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, cast

from temporalio.client import Client, ScheduleActionExecutionStartWorkflow, ScheduleDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from motcua.connection import connect
from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import Surroundings
from recovery.stalled import reports_problems
from schemas.ids import StreamId
from schemas.stream.healing import REMEMBERED, SCHEDULE, Healings

LATELY: Final = timedelta(days=1)
SHOWN: Final = 5
FRUITLESS: Final = 3
"""So many looks that came to nothing are no beginning any more."""


async def heals(_: Surroundings) -> list[Finding]:
    """What the looks have found, by the last that came to its end."""
    client = await connect()
    try:
        schedule = await client.get_schedule_handle(SCHEDULE).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return [
            _nobody("không có lịch", "there is no schedule", "khởi động lại `motcua worker`", "start a `motcua worker`")
        ]
    if schedule.schedule.state.paused:
        command = f"`temporal schedule toggle --unpause --schedule-id {SCHEDULE} --reason healing`"
        return [_nobody("lịch đang tạm dừng", "the schedule is paused", command, command)]
    if not await reports_problems(client):
        where = "docs/operations.md"
        return [_nobody("máy chủ không đánh dấu", "the server marks none", f"xem {where}", f"see {where}")]
    found = await last_healings(client, schedule)
    if found is None:
        return [_not_to_the_end(len(schedule.info.recent_actions))]
    return [_healed(found, datetime.now(UTC)), *_left(found)]


async def last_healings(client: Client, schedule: ScheduleDescription) -> Healings | None:
    """What the newest look that came to its end has told; None if none of the last ten did. Raises `RPCError`."""
    for action in reversed(schedule.info.recent_actions):
        look = cast("ScheduleActionExecutionStartWorkflow", action.action)
        handle = client.get_workflow_handle(look.workflow_id, run_id=look.first_execution_run_id)
        if (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED:
            return Healings.model_validate(await handle.result())
    return None


def _nobody(vi: str, en: str, fix_vi: str, fix_en: str) -> Finding:
    return warn(
        f"{vi}: hồ sơ không chạy lại được lịch sử sẽ không tự chữa",
        f"{en}: what can't be replayed does not heal by itself",
        fix_vi=fix_vi,
        fix_en=fix_en,
    )


def _not_to_the_end(looks: int) -> Finding:
    if looks < FRUITLESS:
        return ok("chưa xem lần nào", "nobody has looked yet")
    return warn(
        f"{looks} lần xem gần nhất đều không xong",
        f"none of the last {looks} looks came to its end",
        fix_vi="xem nhật ký của `motcua worker`, PostgreSQL và Temporal",
        fix_en="see to the log of `motcua worker`, to PostgreSQL and Temporal",
    )


def _healed(found: Healings, now: datetime) -> Finding:
    count = sum(one.at > now - LATELY for one in found.last)
    more = "≥ " if count == REMEMBERED else ""
    return ok(
        f"24 giờ qua tự chữa {more}{count}, tổng cộng {found.total}",
        f"{more}{count} healed by themselves within 24 hours, {found.total} in all",
    )


def _left(found: Healings) -> list[Finding]:
    """Of each the filing, once: what starts it again starts its payments and parcels too."""
    filings = list(dict.fromkeys(map(_filing, found.left)))
    return [
        fail(
            f"{filing}: không chạy lại được lịch sử, và không tự khỏi được",
            f"{filing}: can't be replayed, and does not heal by itself",
            fix_vi=f"thay worker nếu chương trình sai, rồi `motcua filing restart {filing} --force`",
            fix_en=f"replace the workers if the code is wrong, then `motcua filing restart {filing} --force`",
        )
        for filing in filings[:SHOWN]
    ] + _rest(len(filings) - SHOWN)


def _rest(count: int) -> list[Finding]:
    if count <= 0:
        return []
    more = f"… +{count}"
    return [fail(more, more, fix_vi="`motcua filings stalled`", fix_en="`motcua filings stalled`")]


def _filing(stream: str) -> str:
    try:
        return str(StreamId.parse(stream).filing)
    except ValueError:
        return stream
