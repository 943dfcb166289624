"""The activity that makes running workflows adopt another calendar, a page of streams at a time."""

import asyncio
from datetime import timedelta
from typing import Final

from temporalio import activity
from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.common import RetryPolicy
from temporalio.service import RPCError
from temporalio.workflow import ActivityConfig

from activities.ledger.database import Pool, acquired
from activities.ledger.stream_status import IN_FORCE, NEXT_ON_ANOTHER
from schemas.filing.commands import AdoptCalendar
from schemas.publishing.calendar import CalendarName
from schemas.stream.reprojection import Page, Turned

PAGES: Final = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=10),
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
)

PAGE: Final = 200
MAX_CONCURRENCY: Final = 16
_ANSWERS: Final = 8.0
"""The seconds in which a workflow must answer. A workflow that does not is asked again in the next pass."""


class Reprojections:
    """Asks running workflows to adopt another calendar, except the workflows that already use it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @activity.defn(name="calendar.page")
    async def page(self, page: Page) -> Turned:
        """Asks the next streams of one kind, in the order of their names, to adopt the calendar."""
        async with acquired(self._pool) as connection:
            if await connection.fetchval(IN_FORCE) != page.calendar:
                return Turned(superseded=True)
            rows = await connection.fetch(NEXT_ON_ANOTHER, page.calendar, page.kind, page.after, PAGE)
        streams = [row[0] for row in rows]
        gate = asyncio.Semaphore(MAX_CONCURRENCY)
        turned = await asyncio.gather(*(_turn(activity.client(), gate, stream, page.calendar) for stream in streams))
        return Turned(last=streams[-1] if len(streams) == PAGE else None, asked=len(turned), turned=sum(turned))


async def _turn(client: Client, gate: asyncio.Semaphore, stream: str, calendar: CalendarName) -> bool:
    """Returns whether the workflow has adopted the calendar. If it has not, the next pass asks it again."""
    async with gate:
        handle = client.get_workflow_handle(stream)
        try:
            async with asyncio.timeout(_ANSWERS):
                await handle.execute_update("adopt_calendar", AdoptCalendar(calendar=calendar))
        except (WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError, RPCError, TimeoutError) as error:
            activity.logger.info("calendar.not_turned", extra={"stream": stream, "reason": type(error).__name__})
            return False
        finally:
            activity.heartbeat()
    return True
