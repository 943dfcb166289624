"""Finds workflows that are stalled because their code fails, with the time of the failure and its line of code.

A workflow task that raises anything but a refusal is retried until a worker without the bug runs it. Meanwhile nothing
is lost, and the workflow makes no progress. A failure's message may quote personal data, so only the failure's type and
line of code are returned.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, TimeoutType, WorkflowTaskFailedCause
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from motcua.machine_work import error_type, place
from motcua.payloads.codec import opened_failure
from recovery.histories import each, newest_first
from rules.streams import KINDS


def running(*types: str) -> str:
    """Returns the visibility query of the running workflows of these types."""
    return f"ExecutionStatus = 'Running' AND {of_types(*types)}"


def of_types(*types: str) -> str:
    """Returns the visibility query of the workflows of these types."""
    return f"WorkflowType IN ({', '.join(map(repr, types))})"


RUNNING: Final = running(*KINDS.workflows)
REPORTED: Final = f"{RUNNING} AND TemporalReportedProblems IS NOT NULL"

ATTEMPTS: Final = 3
"""A task counts as failing from this attempt on. A timeout of an earlier attempt may only mean a lost worker."""

BUG: Final = "WorkflowWorkerUnhandledFailure"
NOT_REPLAYABLE: Final = "NonDeterministicError"
NOT_CONTINUED: Final = "BadUpdateWorkflowExecutionMessage"
TIMED_OUT: Final = "TimedOut"


@dataclass(frozen=True)
class Stalled:
    """A workflow whose task keeps failing. `since`: the time of the first failure; `attempts`: the number of attempts.

    `cause` is Temporal's name of the last recorded cause: `BUG`; `NOT_REPLAYABLE` if the code does not fit the history;
    `NOT_CONTINUED` if the SDK can't finish an Update that had begun; `TIMED_OUT` if a task got no answer. Only a task's
    first attempt is recorded, so a later attempt may fail for another cause. `error`: the exception's type; `place`:
    the `file:line in function` that raised it; each None if unknown. `caused_by`: the types of the exceptions that
    caused it, the outermost first.
    """

    workflow_id: str
    since: datetime
    attempts: int
    cause: str
    error: str | None = None
    place: str | None = None
    caused_by: tuple[str, ...] = ()

    @property
    def filing_id(self) -> str:
        """The id of this workflow's filing."""
        return self.workflow_id.split(":")[1] if ":" in self.workflow_id else self.workflow_id

    @property
    def reason(self) -> str:
        """The exception, else the cause, with the line of code if known; one line of text."""
        return (self.error or self.cause) + (f" at {self.place}" if self.place else "")


async def reports_problems(client: Client) -> bool:
    """Returns whether this server marks stalled workflows, as versions from 1.30 do, unless this is switched off."""
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    return described.namespace_info.capabilities.reported_problems_search_attribute


async def count_reported(client: Client) -> int:
    """Returns the number of workflows that the server has marked as failing."""
    return (await client.count_workflows(REPORTED)).count


async def stalled(client: Client) -> list[Stalled]:
    """Returns all our stalled workflows in the client's namespace, sorted by their first failure. Raises `RPCError`.

    If the server marks stalled workflows, it is queried for them; otherwise every running workflow is examined.
    """
    query, attempts = (REPORTED, 1) if await reports_problems(client) else (RUNNING, ATTEMPTS)
    ids = [one.id async for one in client.list_workflows(query)]
    found = await each(lambda one: _look(client, one, at_least=attempts), ids)
    return sorted((one for one in found if one is not None), key=lambda one: (one.since, one.workflow_id))


async def _look(client: Client, workflow_id: str, at_least: int) -> Stalled | None:
    """Returns this workflow's failures; None if its task has had fewer than `at_least` attempts, or no failure."""
    which = WorkflowExecution(workflow_id=workflow_id)
    try:
        described = await client.workflow_service.describe_workflow_execution(
            DescribeWorkflowExecutionRequest(namespace=client.namespace, execution=which)
        )
        attempts = described.pending_workflow_task.attempt
        if attempts < at_least:
            return None
        failures = []  # those since the last completed task, newest first
        async for event in newest_first(client, workflow_id):
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                break
            # A timeout of another type only means that the worker that cached the workflow did not take the task.
            timeout = event.workflow_task_timed_out_event_attributes.timeout_type
            failed = event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
            if failed or timeout == TimeoutType.TIMEOUT_TYPE_START_TO_CLOSE:
                failures.append(event)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return await _stalled_run(client, workflow_id, attempts, failures) if failures else None


async def _stalled_run(client: Client, workflow_id: str, attempts: int, failures: Sequence[HistoryEvent]) -> Stalled:
    """Returns the stalled workflow, with its cause, time and place in the code, taken from `failures`, newest first."""
    since = failures[-1].event_time.ToDatetime(tzinfo=UTC)
    told = next((one for one in failures if one.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED), None)
    if told is None:
        return Stalled(workflow_id, since, attempts, TIMED_OUT)
    failed = told.workflow_task_failed_event_attributes
    name = WorkflowTaskFailedCause.Name(failed.cause).removeprefix("WORKFLOW_TASK_FAILED_CAUSE_")
    cause = name.title().replace("_", "")
    failure = await opened_failure(client, failed.failure, workflow_id)
    return Stalled(
        workflow_id, since, attempts, cause, error_type(failure), place(failure.stack_trace), (*_causes(failure),)
    )


def _causes(failure: Failure) -> Iterator[str]:
    while failure.HasField("cause"):
        failure = failure.cause
        if name := error_type(failure):
            yield name
