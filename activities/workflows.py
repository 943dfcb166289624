"""Activities that start or signal other workflows of the platform.

The activities wait only for Temporal's confirmation. Temporal's own commands, a child workflow and an external signal,
would wake the calling workflow merely to report completion: three events, and a task that decides nothing.
"""

from typing import Any, Final

from temporalio import activity
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.ledger.append import LEDGER
from schemas.base import Model

TEMPORAL: Final = LEDGER
"""The options of start and signal: retried without end, since a call without an answer may have succeeded."""


class StartRequest(Model):
    """The start of a workflow. `said` is its only argument, `summary` the text shown on Temporal's own pages."""

    workflow: str
    id: str
    said: dict[str, Any]
    summary: str


class WakeRequest(Model):
    """A signal to a workflow, which is started first if it does not run.

    `told`: the argument of the signal; `said`: the argument of the start.
    """

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
