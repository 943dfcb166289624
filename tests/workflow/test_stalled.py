"""Who stands still because of a bug, on servers that mark them and on servers that don't."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import pytest
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import PollWorkflowTaskQueueRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from deploy.stack.parts import binary
from motcua.machine_work import error_type, place
from recovery.stalled import Stalled, reports_problems, stalled
from tests.acting import eventually
from tests.workflow.stumbling import Buggy, Mended, Waiting

QUEUE: Final = "stalled"
NOW: Final = datetime(2026, 11, 25, tzinfo=UTC)
FAST: Final = {"history.defaultWorkflowTaskTimeout": '"1s"', "history.workflowTaskRetryMaxInterval": '"1s"'}
MARKS_AFTER: Final = "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute"


@asynccontextmanager
async def server(marks_after: int) -> AsyncIterator[Client]:
    values = FAST | {MARKS_AFTER: str(marks_after)}
    options = [word for name, value in values.items() for word in ("--dynamic-config-value", f"{name}={value}")]
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=binary("temporal"), dev_server_extra_args=["--log-level", "never", *options]
    ) as env:
        yield env.client


@pytest.mark.parametrize("marks_after", [0, 2])
async def test_a_bug_is_found_with_its_place_and_without_its_words(marks_after: int) -> None:
    filing = f"filing:{uuid4()}"
    async with server(marks_after) as client:
        assert await reports_problems(client) == bool(marks_after)
        async with Worker(client, task_queue=QUEUE, workflows=[Buggy, Waiting]):
            await client.start_workflow(Waiting.run, id=f"payment:{uuid4()}:1", task_queue=QUEUE)
            handle = await client.start_workflow(Buggy.run, id=filing, task_queue=QUEUE)
            (found,) = await eventually(lambda: stalled(client), bool)
        unserved = f"filing:{uuid4()}"
        await client.start_workflow(Buggy.run, id=unserved, task_queue=QUEUE)  # nobody serves it: that is no bug
        assert [one.workflow_id for one in await stalled(client)] == [filing]

        assert found.workflow_id == filing
        assert (found.error, found.cause) == ("LookupError", "WorkflowWorkerUnhandledFailure")
        assert found.place is not None
        assert found.place.startswith("workflow/stumbling.py:")
        assert found.place.endswith(" in run")
        assert "CANARY" not in repr(found)
        async with Worker(client, task_queue=QUEUE, workflows=[Mended, Waiting]):
            await handle.result()
            assert await eventually(lambda: stalled(client), lambda found: not found) == []


@pytest.mark.parametrize("marks_after", [0, 2])
async def test_a_worker_that_died_over_a_task_is_no_bug(marks_after: int) -> None:
    async with server(marks_after) as client:
        handle = await client.start_workflow(Buggy.run, id=f"filing:{uuid4()}", task_queue=QUEUE)
        queue = TaskQueue(name=QUEUE)
        await client.workflow_service.poll_workflow_task_queue(
            PollWorkflowTaskQueueRequest(namespace=client.namespace, task_queue=queue, identity="dies")
        )

        async def attempt() -> int:
            return (await handle.describe()).raw_description.pending_workflow_task.attempt

        assert await eventually(attempt, lambda attempt: attempt > 1)
        assert await stalled(client) == []


def test_of_a_failure_only_type_and_place_are_told() -> None:
    trace = (
        '  File "/srv/site-packages/temporalio/x.py", line 3, in run\n    CANARY\n  File "/srv/a/b.py", line 9, in f\n'
    )
    failure = Failure(message="CANARY", stack_trace=trace, application_failure_info=ApplicationFailureInfo(type="A.B"))

    assert (error_type(failure), place(failure)) == ("A.B", "a/b.py:9 in f")
    words = Failure(application_failure_info=ApplicationFailureInfo(type="CANARY said so"))
    assert (error_type(words), place(words)) == (None, None)


def test_a_reason_is_one_line() -> None:
    whole = Stalled("filing:x", NOW, 3, "WorkflowWorkerUnhandledFailure", "KeyError", "workflows/filing.py:1 in run")
    assert (whole.filing_id, whole.reason) == ("x", "KeyError at workflows/filing.py:1 in run")
    assert Stalled("odd", NOW, 3, "TimedOut").reason == "TimedOut"
