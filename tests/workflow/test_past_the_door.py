"""Without an Update, an intruder gets no activity of the platform, and no run that continues from invented data."""

import re
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
import yaml
from temporalio import workflow
from temporalio.activity import _Definition
from temporalio.client import ActivityFailureError, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker
from temporalio.workflow import _Definition as Defined

from activities.ledger.vault import Vault
from activities.partners.instructions import Instruction
from activities.results.printing import PRINT
from activities.views import CHANGED, WAITING_QUEUE
from motcua import testing
from publishing.authoring.calendars import CALENDAR, publish_calendar
from rules.source import parse
from rules.streams import FILING, KINDS
from schemas.errors import RefusalCode
from schemas.filing.state import Closing
from schemas.identity.statement import message_digest
from schemas.ids import TASK_QUEUE, filing_workflow
from schemas.people import SYSTEM, Role, Via
from schemas.stream.checkpoint import MAKE
from schemas.stream.ledger import Batch
from schemas.stream.restart import HEAL
from schemas.stream.snapshots import Snapshot
from tests.acting import VERSION, eventually, of, officer, plain, refusal, stock
from tests.conftest import ROOT, World
from tests.locked import OFFICE, PORTAL, Program, locked
from tests.locked import closed as closed
from tests.workflow.forged import counted, submission
from views.log import Log
from workers.interceptors.by_queue import BY_QUEUE, INSTRUCTED
from workers.interceptors.readings import READ
from workers.wiring import WORKFLOWS, activities
from workflows.stream.starting import load_state


@workflow.defn(name="Filing", sandboxed=False)
class Stranger:
    """An intruder's workflow on its own queue, which requests an activity on the platform's queue."""

    @workflow.run
    async def run(self, name: str, said: Any, queue: str) -> Any:
        return await workflow.execute_activity(
            name, said, task_queue=queue, schedule_to_close_timeout=timedelta(seconds=20)
        )


async def past(world: World, name: str, said: Any, queue: str = TASK_QUEUE) -> ApplicationError:
    """Returns the refusal that an activity gives to this request of an intruder's workflow."""
    client, own = (await Program.of(world, PORTAL)).client, f"stranger-{uuid4().hex[:8]}"
    async with Worker(client, task_queue=own, workflows=[Stranger], workflow_runner=UnsandboxedWorkflowRunner()):
        with pytest.raises(WorkflowFailureError) as error:
            await client.execute_workflow(Stranger.run, args=[name, said, queue], id=uuid4().hex, task_queue=own)
    assert isinstance(error.value.cause, ActivityError)
    why = error.value.cause.cause
    assert isinstance(why, ApplicationError), why
    return why


async def test_nobody_writes_the_record_past_the_workflows(closed: World) -> None:
    portal, filed = await Program.of(closed, PORTAL), submission()
    await portal.submit(filed)
    stream, before = filing_workflow(of(filed)), await counted(closed)
    batch = Batch(
        stream=stream,
        filing_id=of(filed),
        agency=filed.agency,
        next_seq=before[stream] + 1,
        command_id="forged",
        digest="0" * 64,
        actor=SYSTEM,
        via=Via(principal="system"),
        events=({"kind": "withdrawn", "reason": "forged"},),
        at=datetime.now(UTC),
    )
    why = await past(closed, "ledger.append", batch.model_dump(mode="json"))
    assert (why.type, why.non_retryable) == (RefusalCode.NOT_AUTHORISED, True)
    assert await counted(closed) == before


@pytest.mark.parametrize(("name", "queue"), [("view.answer", TASK_QUEUE), ("view.changes", WAITING_QUEUE)])
async def test_nobody_reads_it_past_them_by_one_statement(closed: World, name: str, queue: str) -> None:
    """The request claims that the question's signature was verified, and that its look was recorded."""
    portal, filed = await Program.of(closed, PORTAL), submission()
    await portal.submit(filed)
    question = {"ask": "filing", "stream": filing_workflow(of(filed))}
    signed = portal.statement(question, {"act": "ask.filing", "stream": question["stream"]})
    asked = {"question": question | {"statement": signed}, "content": message_digest(question), "look": str(uuid4())}
    why = await alone(closed, name, asked, queue)
    assert why is None or (why.type, why.non_retryable) == (RefusalCode.NOT_AUTHORISED, True)
    if queue == TASK_QUEUE:
        assert (await past(closed, name, asked, queue)).type == RefusalCode.NOT_AUTHORISED
    assert await closed.fetchval("select count(*) from access") == 0


async def test_a_batch_that_nobody_published_ends_in_words(closed: World) -> None:
    client = (await Program.of(closed, PORTAL)).client
    garbage: list[list[Any]] = [[], ["text"], [{"calendar": 7}], [{}, {}]]
    for args in garbage:
        handle = await client.start_workflow("Reprojection", args=args, id="calendar:vn@2026-12", task_queue=TASK_QUEUE)
        assert (await refusal(handle.result())).code is RefusalCode.BAD_START


async def test_a_look_by_a_queue_is_one_of_the_run_that_asks_whatever_it_says(closed: World) -> None:
    portal, filed, look = await Program.of(closed, PORTAL), submission(), str(uuid4())
    await portal.submit(filed)
    question = {"ask": "changes", "stream": filing_workflow(of(filed)), "wait": 0}
    own = f"stranger-{uuid4().hex[:8]}"
    about = {"act": "ask.changes", "stream": question["stream"]}
    async with Worker(portal.client, task_queue=own, workflows=[Stranger], workflow_runner=UnsandboxedWorkflowRunner()):
        for _ in range(2):
            signed = question | {"statement": portal.statement(question, about, actor=plain(filed)["actor"])}
            asked = {"question": signed, "content": message_digest(question), "look": look}
            args = ["view.changes", asked, WAITING_QUEUE]
            answer = await portal.client.execute_workflow(Stranger.run, args=args, id=uuid4().hex, task_queue=own)
            assert answer["answer"]["views"]
    assert await closed.fetchval("select count(*) from access where question = 'changes'") == 2


async def alone(world: World, name: str, said: Any, queue: str) -> ApplicationError | None:
    """Returns an activity's refusal when it is started without a workflow; None if the server can't start it so."""
    client = (await Program.of(world, PORTAL)).client
    try:
        handle = await client.start_activity(
            name, said, id=uuid4().hex, task_queue=queue, schedule_to_close_timeout=timedelta(seconds=20)
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.UNIMPLEMENTED:
            raise
        return None
    with pytest.raises(ActivityFailureError) as refused:
        await handle.result()
    assert isinstance(refused.value.cause, ApplicationError)
    return refused.value.cause


def test_workflows_ask_by_a_queue_for_just_what_the_door_lets_in() -> None:
    asked = {HEAL, MAKE, PRINT, CHANGED}
    for file in (ROOT / "workflows").rglob("*.py"):
        for owner, method in _ASKED.findall(file.read_text(encoding="utf-8")):
            asked.add(
                str(_Definition.must_from_callable(getattr(vars(import_module(_module(file)))[owner], method)).name)
            )
    assert asked == BY_QUEUE


def test_workflows_start_activities_in_one_place() -> None:
    starting = {
        str(file.relative_to(ROOT / "workflows"))
        for file in (ROOT / "workflows").rglob("*.py")
        if _STARTS.search(file.read_text(encoding="utf-8"))
    }
    assert starting == {"stream/asking.py"}


UNREAD: Final = {
    "ledger.append",  # the log itself
    "intake.closed",  # a report that is no longer due
    "intake.news",  # facts, each with evidence
    "papers.confirm",  # the finding is looked for
    "payment.called",  # facts, each with evidence
    "reception.examine",  # the finding is named
    "refund.accepted",  # facts, each with evidence
    "refund.given",
    "refund.of_fee",  # a refund, which reads the logs itself
    "refund.ruled",
    "view.answer",
    "workflows.start",
    "workflows.tell",
    "workflows.wake",
}
"""Local activities on whose answers no event depends."""


def test_what_a_workflow_records_of_the_record_it_has_read_by_this_process() -> None:
    asked: dict[str, set[str]] = {"read": set(), "execute_local_activity_method": set()}
    for file in (ROOT / "workflows").rglob("*.py"):
        for how, owner, method in _READ.findall(file.read_text(encoding="utf-8")):
            named = getattr(vars(import_module(_module(file)))[owner], method)
            asked[how].add(str(_Definition.must_from_callable(named).name))
    assert asked == {"read": READ, "execute_local_activity_method": UNREAD}


async def test_what_acts_outside_is_given_a_place_in_the_log_and_nothing_else(world: World) -> None:
    async with activities(world.settings) as functions:
        defined = [_Definition.must_from_callable(one) for one in functions.working]
    given = {str(one.name): one.arg_types for one in defined if one.name in INSTRUCTED}
    assert given.keys() == INSTRUCTED
    fields = {name: set(vars(types[0])["__pydantic_fields__"]) for name, types in given.items() if types}
    more = {name: found - set(Instruction.model_fields) for name, found in fields.items()}
    at_once = {name: {"at_once"} for name in ("payment.money", "payment.late_money")}
    of_file = {"result.prepare": {"order", "answer", "answered"}}
    assert {name: found for name, found in more.items() if found} == at_once | of_file


def test_every_update_has_a_validator_behind_the_door() -> None:
    """The SDK calls the interceptor at the door only if the Update has a validator."""
    for kind in WORKFLOWS:
        assert not [name for name, update in Defined.must_from_class(kind).updates.items() if update.validator is None]


def _module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts)


_STARTS: Final = re.compile(r"workflow\.(?:start|execute)_activity")
_READ: Final = re.compile(r"\b(read|execute_local_activity_method)\(\s*([A-Z]\w+)\.(\w+)")
_ASKED: Final = re.compile(r"(?:question|answer_of|execute_activity_method)\(\s*(\w+)\.(\w+)")


async def test_a_calendar_comes_to_a_filing_without_a_statement_if_it_is_in_force(closed: World) -> None:
    portal, filed = await Program.of(closed, PORTAL), submission()
    await portal.submit(filed)
    stream, before = filing_workflow(of(filed)), await counted(closed)
    why = await refusal(portal.give(stream, "adopt_calendar", {"calendar": "vn@2031-01"}))
    assert [(one.field, one.rule) for one in why.problems] == [("calendar", "not_in_force")]
    assert await counted(closed) == before
    calendar = parse(CALENDAR.read_bytes(), as_text=True).value | {"version": "2026-12-test", "cut_off": "16:00"}
    name = (await publish_calendar(closed.owner_dsn, yaml.safe_dump(calendar).encode())).name
    await portal.give(stream, "adopt_calendar", {"calendar": name})
    assert (await counted(closed))[stream] == before[stream] + 1


ELSEWHERE: Final = "somebody-elses"


@workflow.defn(name="Filing", sandboxed=False)
class Impostor:
    """A run of an intruder with access to Temporal; it continues as one of the platform's runs, with invented data."""

    @workflow.run
    async def run(self, given: Any) -> None:
        workflow.continue_as_new(given, task_queue=TASK_QUEUE)


async def closed_long_ago(world: World, stream: str) -> dict[str, Any]:
    """Returns the data with which a run of this filing would continue as new, if the filing were closed."""
    async with world.connection() as connection:
        told = await Log(connection, Vault(world.settings.master).find, KINDS).read(stream)
    state = told.state.model_copy(update={"closed_at": datetime.now(UTC), "closing": Closing.DELIVERED})
    snapshot = Snapshot(state=state.model_dump(mode="json"), receipts=())
    assert load_state(FILING, snapshot).closing is not None
    return {"restart": {}, "snapshot": snapshot.model_dump(mode="json"), "proof": "0" * 64}


async def test_what_a_run_of_somebody_elses_hands_on_is_not_believed(world: World) -> None:
    filed = testing.submission(version=VERSION)
    stream = filing_workflow(of(filed))
    async with locked(world) as closed:
        portal, office = await Program.of(closed, PORTAL), await Program.of(closed, OFFICE)
        await portal.submit(filed)
        made_up = await closed_long_ago(closed, stream)
        client = await stock(closed)
        handle = client.get_workflow_handle(stream)
        await handle.terminate()
        runner = UnsandboxedWorkflowRunner()
        async with Worker(client, task_queue=ELSEWHERE, workflows=[Impostor], workflow_runner=runner):
            first = await client.start_workflow("Filing", made_up, id=stream, task_queue=ELSEWHERE)

            async def run() -> str | None:
                return (await handle.describe()).run_id

            await eventually(run, lambda found: found != first.first_execution_run_id)
            said = {"command_id": "c-1", "actor": officer(Role.RECEPTION).model_dump(mode="json", exclude_none=True)}
            receipt = await office.act(stream, "accept", said | {"via": {"principal": "whoever"}})
        kind = await closed.fetchval("select kind from event where stream = $1 and seq = 2", stream)
        assert (receipt["command_id"], kind) == ("c-1", "accepted")
