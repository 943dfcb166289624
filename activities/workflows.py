"""Other workflows of the platform: what a workflow starts or tells without waiting for more than Temporal's word.

Temporal's own commands for it, a child and an external signal, wake their workflow again only to say that it is done:
three events and a task in which nothing is decided.
"""

from __future__ import annotations

from typing import Any, Final

from temporalio import activity
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.ledger.append import LEDGER
from schemas.base import Model

TEMPORAL: Final = LEDGER
"""As an append it never gives up: what was asked may have been done."""


class StartRequest(Model):
    """A workflow by its id, `said` as its only argument, and how it reads in Temporal's own pages."""

    workflow: str
    id: str
    said: dict[str, Any]
    summary: str


class WakeRequest(Model):
    """A workflow by its id, started with `said` unless it runs, and a signal with what it is `told`."""

    workflow: str
    id: str
    said: dict[str, Any]
    signal: str
    told: Any = None


class TellRequest(Model):
    """A signal to a workflow, `said` as its only argument."""

    id: str
    signal: str
    said: Any


class Workflows:
    """Speaks to Temporal as the worker's own client does."""

    @activity.defn(name="workflows.start")
    async def start(self, request: StartRequest) -> None:
        """Start it, on the queue of who asks. One that runs already is left alone."""
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
        """Signal it, perhaps more than once; False if it does not run."""
        try:
            await activity.client().get_workflow_handle(request.id).signal(request.signal, request.said)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    @activity.defn(name="workflows.wake")
    async def wake(self, request: WakeRequest) -> None:
        """Start it unless it runs, on the queue of who asks, and signal it, perhaps more than once."""
        await activity.client().start_workflow(
            request.workflow,
            request.said,
            id=request.id,
            task_queue=activity.info().task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=request.signal,
            start_signal_args=[request.told],
        )
