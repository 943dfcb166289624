"""The check of the healing of workflows that can't be replayed: its schedule, the healed and the unhealed ones."""

from datetime import UTC, datetime, timedelta
from typing import Final, cast

from temporalio.client import Client, ScheduleActionExecutionStartWorkflow, ScheduleDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from motcua.connection import connect
from operations.doctor.check import Finding, Surroundings, fail, ok, warn
from recovery.stalled import reports_problems
from schemas.ids import StreamId
from schemas.stream.restart import REMEMBERED, SCHEDULE, Healings
from schemas.translate import said

LATELY: Final = timedelta(days=1)
SHOWN: Final = 5
FRUITLESS: Final = 3
"""With at least this number of recent runs and none of them finished, the healing counts as failing."""


async def heals(_: Surroundings) -> list[Finding]:
    """Reports the result of the healing's last finished run."""
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
    """Reports each filing with a stalled workflow once, since its restart also restarts its payments and parcels."""
    filings = list(dict.fromkeys(map(_filing, found.left)))
    reported = [fail("doctor.healing.left", filing=filing) for filing in filings[:SHOWN]]
    if len(filings) > SHOWN:
        reported.append(fail("as_is", fix="doctor.stalled.see", value=f"… +{len(filings) - SHOWN}"))
    return reported


def _filing(stream: str) -> str:
    try:
        return str(StreamId.parse(stream).filing)
    except ValueError:
        return stream
