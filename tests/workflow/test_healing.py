"""A run that can't be replayed restarts from its log, once; a run with a bug waits; a slow store delays no others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import asyncpg
import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio import activity
from temporalio.api.command import v1 as api
from temporalio.api.enums.v1 import CommandType
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import PollWorkflowTaskQueueRequest, RespondWorkflowTaskCompletedRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Worker

from activities.ledger.vault import Vault
from activities.workflows import StartRequest, TellRequest, Workflows
from deploy.stack.parts import binary
from motcua.machine_work import error_type, place
from recovery.healing import AGAIN, SILENT, STANDS_STILL, WELL, Healer, LastHealing
from recovery.presence import present
from recovery.restart import Found, Restarter
from recovery.stalled import NOT_CONTINUED, NOT_REPLAYABLE, TIMED_OUT, Stalled, reports_problems, stalled
from rules.filing.commands import RULES
from rules.streams import KINDS
from schemas.backoffice import IssueAnswer
from schemas.filing.state import Closing, Stage
from schemas.ids import TASK_QUEUE, filing_workflow
from schemas.stream.restart import MOST_LEFT, REMEMBERED, Healed, Healings, Look
from tests.acting import JOINED, NEVER_PAYS, PAYS, Play, eventually, extract, of, publish_short, refer
from tests.any_files import any_file_activities
from tests.conftest import World, empty_namespace
from tests.restarting import lose, restart
from tests.workflow import standing_still
from tests.workflow.standing_still import ABOUT_A_MINUTE, awake, handle_of, not_replayable, paid_and_deaf, still, whole
from tests.workflow.stumbling import Buggy, Mended, Waiting
from verifier.ledger import verify
from workers.wiring import WORKFLOWS, platform_worker

SECOND: Final = timedelta(seconds=1)
BEGUN: Final = 3
"""The number of events until a run's first task is done: the run started, the task scheduled, the task begun."""


@asynccontextmanager
async def otherwise(world: World) -> AsyncIterator[None]:
    """Runs a platform worker with another flow of filings; it and our worker can't replay each other's histories."""
    async with (
        any_file_activities(world.settings) as functions,
        platform_worker(world.temporal, functions, world.settings, workflows=standing_still.OTHERS),
    ):
        yield


@pytest.fixture
async def pool(world: World) -> AsyncIterator[asyncpg.Pool[asyncpg.Record]]:
    async with asyncpg.create_pool(world.app_dsn, min_size=0, max_size=2) as pool:
        yield pool


@pytest.fixture
def healer(world: World, pool: asyncpg.Pool[asyncpg.Record]) -> Healer:
    return Healer(pool, Vault(world.settings.master).find, KINDS, WORKFLOWS)


@pytest.fixture
async def office(world: World) -> AsyncIterator[None]:
    async with world.back_office():
        yield


async def begun_otherwise(world: World, payer: str = PAYS) -> Play:
    async with otherwise(world):
        play = await Play.begin(world, extract(payer_account=payer))
        await play.at(Stage.INTAKE)
    return play


def soon(one: Stalled) -> datetime:
    return one.since + STANDS_STILL + SECOND


async def nothing_lost(play: Play) -> None:
    await play.accept()
    await whole(play)
    assert (await verify(play.world.superuser_dsn)).verified
    assert (await play.kinds()).count("submitted") == 1
    assert await stalled(play.world.temporal) == []


@pytest.mark.usefixtures("office")
async def test_after_a_minute_it_goes_on_from_its_log(world: World, healer: Healer) -> None:
    play = await begun_otherwise(world)
    async with world.platform():
        one = await not_replayable(play)
        run = (await handle_of(play).describe()).run_id
        assert await healer.look(world.temporal, one.since + STANDS_STILL) == Look()
        look = await healer.look(world.temporal, soon(one))
        healed = Healed(stream=one.workflow_id, at=soon(one), seq=len(await play.kinds()))
        assert look == Look(healed=(healed,))
        assert (await handle_of(play).describe()).run_id != run
        await nothing_lost(play)
        assert await healer.look(world.temporal, soon(one)) == Look()


@pytest.mark.usefixtures("office")
async def test_one_whose_first_worker_died_over_it_is_found_by_replaying_it(world: World, healer: Healer) -> None:
    """The first attempt at the task timed out; the SDK does not report a later attempt's failure to the server."""
    play = await begun_otherwise(world)
    await awake(play)
    await taken_to_the_grave(world)
    async with world.platform():
        one = await still(play)
        assert one.cause == TIMED_OUT
        look = await healer.look(world.temporal, soon(one))
        assert [healed.stream for healed in look.healed] == [one.workflow_id]
        await nothing_lost(play)


@pytest.mark.usefixtures("office")
async def test_one_whose_update_the_sdk_can_no_longer_finish_is_healed(world: World, healer: Healer) -> None:
    """Temporal's own queries and a killed worker once caused this state: each attempt refers to a missing message."""
    async with world.platform():
        play = await Play.begin(world, extract())
        await play.at(Stage.INTAKE)
    await awake(play)
    for _ in range(3):
        await answered_in_vain(world)
    one = await still(play)
    assert one.cause == NOT_CONTINUED
    look = await healer.look(world.temporal, soon(one))  # before a worker here, which can finish this task after all
    assert [healed.stream for healed in look.healed] == [one.workflow_id]
    async with world.platform():
        await nothing_lost(play)


@pytest.mark.usefixtures("office")
async def test_one_that_nobody_answers_is_healed_a_little_later(world: World, healer: Healer) -> None:
    async with world.platform():
        play = await Play.begin(world, extract())
        await play.at(Stage.INTAKE)
    await awake(play)
    for _ in range(3):
        await taken_to_the_grave(world)
    one = await still(play)
    assert one.cause == TIMED_OUT
    assert await healer.look(world.temporal, one.since + SILENT) == Look()
    look = await healer.look(world.temporal, one.since + SILENT + SECOND)
    assert [healed.stream for healed in look.healed] == [one.workflow_id]
    async with world.platform():
        await nothing_lost(play)


@pytest.mark.usefixtures("office")
async def test_it_is_not_healed_a_second_time_until_its_log_has_moved_on(world: World, healer: Healer) -> None:
    play = await begun_otherwise(world, NEVER_PAYS)
    async with world.platform():
        one = await not_replayable(play)
        assert (await healer.look(world.temporal, soon(one))).healed
        await eventually(lambda: stalled(world.temporal), lambda found: not found)
        await eventually(handle_of(play).describe, lambda run: run.history_length > BEGUN)
    async with otherwise(world):
        again = await not_replayable(play)
        left = Look(left=(one.workflow_id,))
        assert await healer.look(world.temporal, soon(again)) == left
        assert await healer.look(world.temporal, again.since + WELL) == left  # how long it stands still is no matter
    async with world.platform():  # it fits what it was healed by
        await play.accept()
        await play.at(Stage.FEE)
    async with otherwise(world):
        look = await healer.look(world.temporal, soon(await not_replayable(play)))
        assert [healed.stream for healed in look.healed] == [one.workflow_id]
        await eventually(lambda: memo_of(play), lambda found: found.get("dawdles") is True)
    async with world.platform():
        assert await healer.look(world.temporal, soon(await not_replayable(play))) == left
        # What an operator starts carries no memo.
        await restart(world, one.workflow_id, force=True)
        assert await memo_of(play) == {}
        await play.pay_by_hand()
        await whole(play)


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(("ago", "heals"), [(WELL + SECOND, True), (WELL / 2, False)], ids=["long", "not long"])
async def test_one_that_had_run_well_is_healed_again(
    world: World, pool: asyncpg.Pool[asyncpg.Record], healer: Healer, ago: timedelta, *, heals: bool
) -> None:
    play = await begun_otherwise(world)
    stream = filing_workflow(play.filing)
    memo = {"healed_at_seq": len(await play.kinds()), "healed_at": (datetime.now(UTC) - ago).isoformat()}
    async with otherwise(world):
        await Restarter(pool, world.temporal).restart(stream, force=True, memo=memo)
        await eventually(lambda: memo_of(play), lambda found: found.get("dawdles") is True)
    async with world.platform():
        look = await healer.look(world.temporal, soon(await not_replayable(play)))
        assert [healed.stream for healed in look.healed] == [stream] * heals
        assert look.left == (stream,) * (not heals)


async def gone(play: Play) -> None:
    runs = f"WorkflowId = '{filing_workflow(play.filing)}' AND ExecutionStatus = 'Running'"
    await eventually(lambda: play.world.temporal.count_workflows(runs), lambda found: found.count == 0)


async def terminated(play: Play) -> None:
    await handle_of(play).terminate("by a stranger")


async def completed(play: Play) -> None:
    """Takes the filing's task as an intruder, and answers that the run is complete."""
    await awake(play)
    done = api.Command(
        command_type=CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
        complete_workflow_execution_command_attributes=api.CompleteWorkflowExecutionCommandAttributes(),
    )
    await answered_with(play.world, done)


async def answered_with(world: World, command: api.Command) -> None:
    """Takes the next workflow task as an intruder, and answers it with this command."""
    await world.temporal.workflow_service.respond_workflow_task_completed(
        RespondWorkflowTaskCompletedRequest(
            namespace=world.namespace, task_token=await taken_to_the_grave(world), commands=[command]
        )
    )


@pytest.mark.usefixtures("office")
async def test_one_that_no_code_can_continue_before_its_first_event_begins_again(world: World, healer: Healer) -> None:
    """An intruder takes the filing's first task, and starts a timer that our code does not start."""
    filed = extract()
    submitting = asyncio.create_task(Play.begin(world, filed))
    timer = api.Command(
        command_type=CommandType.COMMAND_TYPE_START_TIMER,
        start_timer_command_attributes=api.StartTimerCommandAttributes(
            timer_id="1", start_to_fire_timeout=Duration(seconds=1)
        ),
    )
    await answered_with(world, timer)
    async with world.platform():
        [one] = await eventually(lambda: stalled(world.temporal), bool, within=standing_still.WITHIN)
        assert (one.workflow_id, one.cause) == (filing_workflow(of(filed)), NOT_REPLAYABLE)
        look = await healer.look(world.temporal, soon(one))
        assert look.healed == (Healed(stream=one.workflow_id, at=soon(one), seq=0),)
        begun = await world.temporal.get_workflow_handle(one.workflow_id).describe()
        assert LastHealing.model_validate(await begun.memo()).healed_at_seq == 0, "not twice in a row"
        await nothing_lost(await submitting)


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("ending", [terminated, completed])
async def test_one_that_was_ended_before_its_time_is_started_again_at_once_then_after_longer_pauses(
    world: World, healer: Healer, ending: Callable[[Play], Awaitable[None]]
) -> None:
    async with world.platform():
        whole_one = await Play.accepted(world, extract())
        await whole(whole_one)
        play = await Play.begin(world, extract())
        await play.at(Stage.INTAKE)
    stream, now = filing_workflow(play.filing), datetime.now(UTC)
    await ending(play)
    await gone(play)
    assert [healed.stream for healed in (await healer.look(world.temporal, now)).healed] == [stream]
    for pause in (2 * AGAIN, 4 * AGAIN):
        await ending(play)
        await gone(play)
        assert await healer.look(world.temporal, now + pause - SECOND) == Look()
        now += pause
        assert [healed.stream for healed in (await healer.look(world.temporal, now)).healed] == [stream]
    await ending(play)
    await gone(play)
    assert await healer.look(world.temporal, now + SECOND) == Look()
    assert (await healer.look(world.temporal, now + WELL)).healed, "what an earlier search has left is not forgotten"
    async with world.platform():
        await nothing_lost(play)


async def test_one_that_ended_is_not_started_again_while_another_temporal_works_on_the_record(
    world: World, healer: Healer
) -> None:
    async with world.platform():
        play = await Play.begin(world, extract(payer_account=NEVER_PAYS))
        await play.at(Stage.INTAKE)
    await terminated(play)
    await gone(play)
    async with present(world.app_dsn, await empty_namespace(world)):
        assert await healer.look(world.temporal, datetime.now(UTC)) == Look()
    assert (await healer.look(world.temporal, datetime.now(UTC))).healed


async def test_a_bug_is_left_to_who_mends_it(running: World, healer: Healer, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        play = await paid_and_deaf(running, patch)
        (one,) = await stalled(running.temporal)
        run = (await handle_of(play).describe()).run_id
        for later in (soon(one), one.since + WELL):
            assert await healer.look(running.temporal, later) == Look()
        assert (await handle_of(play).describe()).run_id == run
    await whole(play)


def test_the_looks_add_up_and_stay_small() -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    each = [Healed(stream=f"filing:{n}", at=at, seq=n) for n in range(REMEMBERED + 1)]
    found = Healings()
    for healed in each:
        found = found.after(Look(healed=(healed,), left=("filing:x",) * (MOST_LEFT + 1)))
    assert (found.total, found.last, len(found.left)) == (len(each), tuple(each[1:]), MOST_LEFT)
    assert found.after(Look()) == found.model_copy(update={"left": ()})


async def memo_of(play: Play) -> Mapping[str, Any]:
    return await (await handle_of(play).describe()).memo()


async def taken_to_the_grave(world: World) -> bytes:
    """Takes a workflow task as a worker that then dies; returns the task's token."""
    request = PollWorkflowTaskQueueRequest(
        namespace=world.namespace, task_queue=TaskQueue(name=TASK_QUEUE), identity="dies"
    )
    task = await world.temporal.workflow_service.poll_workflow_task_queue(request)
    assert task.task_token
    return task.task_token


async def answered_in_vain(world: World) -> None:
    """Answers a task as a worker whose answer refers to a message that it did not send."""
    absent = api.Command(
        command_type=CommandType.COMMAND_TYPE_PROTOCOL_MESSAGE,
        protocol_message_command_attributes=api.ProtocolMessageCommandAttributes(message_id="absent"),
    )
    with pytest.raises(RPCError, match="absent message"):
        await answered_with(world, absent)


async def test_what_was_told_is_heard_again_after_a_new_start(running: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with asyncpg.create_pool(running.app_dsn, min_size=0, max_size=2) as pool:
        restarter = Restarter(pool, running.temporal)
        with monkeypatch.context() as patch:
            play = await paid_and_deaf(running, patch)
            stream = filing_workflow(play.filing)
            assert await restarter.restart(stream) is Found.RUNNING
            await running.temporal.get_workflow_handle(stream).terminate("deaf")
        assert await restarter.restart(stream) is Found.RESTARTED
    await whole(play)


async def test_that_another_agency_is_late_is_heard_again_though_nobody_tells_it_twice(
    running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = await publish_short(running, JOINED, **{"part.health_insurance": 1})
    with monkeypatch.context() as patch:
        patch.setitem(RULES, "report_overdue_part", replace(RULES["report_overdue_part"], effect=standing_still.bug))
        play = await refer(running, version)
        (still,) = await eventually(lambda: stalled(running.temporal), bool, within=ABOUT_A_MINUTE)
        assert still.workflow_id == filing_workflow(play.filing)
        await lose(running, still.workflow_id)
    await restart(running, still.workflow_id)
    await play.until(lambda view: view.parts[1].overdue)
    assert (await play.kinds()).count("part_overdue") == 1


# Who stands still because of a bug, on servers that mark them and on servers that don't.

QUEUE: Final = "stalled"
NOW: Final = datetime(2026, 11, 25, tzinfo=UTC)
FAST: Final = {"history.defaultWorkflowTaskTimeout": '"1s"', "history.workflowTaskRetryMaxInterval": '"1s"'}


@asynccontextmanager
async def server(marks_after: int) -> AsyncIterator[Client]:
    values = FAST | {"system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": str(marks_after)}
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
        await client.workflow_service.poll_workflow_task_queue(
            PollWorkflowTaskQueueRequest(namespace=client.namespace, task_queue=TaskQueue(name=QUEUE), identity="dies")
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
    assert (error_type(failure), place(failure.stack_trace)) == ("A.B", "a/b.py:9 in f")
    words = Failure(application_failure_info=ApplicationFailureInfo(type="CANARY said so"))
    assert (error_type(words), place(words.stack_trace)) == (None, None)


def test_a_reason_is_one_line() -> None:
    whole = Stalled("filing:x", NOW, 3, "WorkflowWorkerUnhandledFailure", "KeyError", "workflows/filing.py:1 in run")
    assert (whole.filing_id, whole.reason) == ("x", "KeyError at workflows/filing.py:1 in run")
    assert Stalled("odd", NOW, 3, "TimedOut").reason == "TimedOut"


# How the worker runs workflows: as a setting says, and a store that is slow holds up nobody else.


async def test_a_file_that_takes_long_to_read_is_read_in_a_task_of_its_own(world: World) -> None:
    asked: list[bool] = []
    settings = world.settings
    async with any_file_activities(settings) as given:
        [own] = [one for one in given.working if getattr(one, "__name__", "") == "confirm"]

        @activity.defn(name="papers.confirm")
        async def confirm(answer: IssueAnswer) -> str:
            asked.append(activity.info().is_local)
            if activity.info().is_local:
                await asyncio.Event().wait()
            return str(await own(answer))

        functions = replace(given, working=(*[one for one in given.working if one is not own], confirm))
        async with platform_worker(world.temporal, functions, settings), world.back_office():
            view = await (await Play.begin(world, extract())).deliver()
    assert view.closing is Closing.DELIVERED
    assert asked == [True, False]


async def test_another_workflow_is_started_once_and_told_while_it_runs(world: World) -> None:
    others, here = Workflows(), ActivityEnvironment(client=world.temporal)
    start = StartRequest(workflow="Nobody", id="other", said={"n": 1}, summary="một việc")
    told = TellRequest(id="other", signal="fee_settled", said={"n": 1})
    assert await here.run(others.tell, told) is False
    await here.run(others.start, start)
    handle = world.temporal.get_workflow_handle("other")
    first = (await handle.describe()).run_id
    await here.run(others.start, start)
    assert (await handle.describe()).run_id == first
    assert await here.run(others.tell, told) is True
    await handle.terminate()
    assert await here.run(others.tell, told) is False
    with pytest.raises(RPCError):  # what Temporal refuses is no workflow that has ended
        await here.run(others.tell, told.model_copy(update={"id": ""}))
