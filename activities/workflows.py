"""Activities that start or signal other workflows of the platform, or have all of them adopt another calendar.

A start or signal waits only for Temporal's confirmation. Temporal's own commands, a child workflow and an external
signal, would wake the calling workflow merely to report completion: three events, and a task that decides nothing.
"""

import asyncio
from datetime import timedelta
from typing import Any, Final

from temporalio import activity
from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.common import RetryPolicy, WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode
from temporalio.workflow import ActivityConfig

from activities.ledger.append import LEDGER
from activities.ledger.database import Pool, acquired
from activities.ledger.stream_status import IN_FORCE, NEXT_ON_ANOTHER
from schemas.base import Model
from schemas.filing.commands import AdoptCalendar
from schemas.publishing.calendar import CalendarName
from schemas.stream.reprojection import Page, Turned

TEMPORAL: Final = LEDGER
"""The options of start and signal: retried without end, since a call without an answer may have succeeded."""

PAGES: Final = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=10),
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
)

PAGE: Final = 200
MAX_CONCURRENCY: Final = 16
_ANSWERS: Final = 8.0
"""The seconds in which a workflow must answer. One that does not answer is asked again in the next pass."""


class StartRequest(Model):
    """The start of a workflow. `said` is its only argument, `summary` the text shown on Temporal's own pages."""

    workflow: str
    id: str
    said: dict[str, Any]
    summary: str


class WakeRequest(Model):
    """A signal to a workflow. `told` is the signal's argument; `said` starts the workflow first if it does not run."""

    workflow: str
    id: str
    said: dict[str, Any]
    signal: str
    told: Any = None


class TellRequest(Model):
    """A signal to a workflow. `said` is the signal's only argument."""

    id: str
    signal: str
    said: Any


class Workflows:
    """The activities that start and signal workflows, through the worker's own Temporal client."""

    @activity.defn(name="workflows.start")
    async def start(self, request: StartRequest) -> None:
        """Starts the workflow on the caller's queue. Does nothing if the workflow runs already."""
        await activity.client().start_workflow(
            request.workflow,
            request.said,
            id=request.id,
            task_queue=activity.info().task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=request.summary,
        )

    @activity.defn(name="workflows.tell")
    async def tell(self, request: TellRequest) -> bool:
        """Signals the workflow, at least once. Returns False if the workflow does not run."""
        try:
            await activity.client().get_workflow_handle(request.id).signal(request.signal, request.said)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    @activity.defn(name="workflows.wake")
    async def wake(self, request: WakeRequest) -> None:
        """Signals the workflow, at least once; if it does not run, first starts it on the caller's queue."""
        await activity.client().start_workflow(
            request.workflow,
            request.said,
            id=request.id,
            task_queue=activity.info().task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=request.signal,
            start_signal_args=[request.told],
        )


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
