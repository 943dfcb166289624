"""The messages of the demo, checked against the published schemas alone.

Every scenario is played. The schemas then validate every payload of every history, every answer to a client without our
kit, every row of the record and every file of the catalogue.
"""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
import yaml
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    StartWorkflowUpdateInput,
    StartWorkflowUpdateWithStartInput,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
)
from temporalio.exceptions import ApplicationError

from demo import running as demo
from demo.scenario import SCENARIOS, load
from deploy.stack.parts import BRIEF
from motcua import PUBLIC_MESSAGES, FilingClient, Part, WireKind
from motcua.json_schema.documents import documents, file_of
from publishing.authoring.calendars import CALENDAR
from rules.source import parse
from schemas.ids import TASK_QUEUE, filing_workflow, parcel_workflow
from schemas.people import Role
from tests.acting import (
    AGENCY,
    EXTRACT,
    FILE,
    PAYS_TWICE,
    VIA,
    Play,
    eventually,
    extract,
    of,
    officer,
    on_another_calendar,
    plain,
    publish_short,
)
from tests.callbacks import MERCHANTS, providers
from tests.conftest import ROOT, World
from tests.contract.fitting import validator
from tests.faults.processes import worker_process
from tests.sandboxes import Server, free_port
from workers.wiring import activities, platform_worker

pytestmark = pytest.mark.timeout(600)

NOT_SEEN: Final = {
    "tests/unit/complaint plays it: the demo's complaints are answered at once, by who took them": (
        *("event.complaint_calendar_changed", "event.complaint_overdue", "event.complaint_reminded"),
        "event.complaint_withdrawn",
    ),
    "no back office fails ten times here: tests/integration/operations/test_machine_work.py": (
        *("event.machine_work_failing", "event.machine_work_answered"),
    ),
    "another calendar reaches a referral in tests/unit/test_referral_rules.py": ("event.referral_calendar_changed",),
    "who fetches a result here is known: tests/workflow/test_branches.py": ("event.wrong_code_given",),
    "no scanner is late here: tests/workflow/test_reception.py": ("event.files_scanned",),
    "who has lost it is asked to pay days later: tests/unit/test_payment_rules.py": (
        *("command.claim_compensation", "event.compensation_claimed"),
    ),
    "no relay makes papers here: tests/integration/papers": (
        *("event.paper_made", "event.receipt_issued", "event.receipt_void_asked"),
        *("event.receipt_voided", "official_paper"),
    ),
    "money here comes before it is charged back: tests/unit/stream/test_payment_life.py": (
        "event.payment_charge_back_ahead",
    ),
    "what goes back here says the procedure, or who asks: tests/workflow/test_refunds.py": (
        *("command.decide_refund", "command.decline_refund", "event.refund_decided", "event.refund_declined"),
    ),
    "the bank here knows at once what was paid: tests/unit/stream/test_payment_life.py": (
        "event.payment_outcome_awaited",
    ),
    "what is issued is renewed years later: tests/integration/operations/test_result_register.py": (
        *("command.renew_result", "event.result_renewed"),
    ),
    "every mandate here lasts until its last day: tests/unit/filing/test_mandates.py": (
        *("command.revoke_mandate", "command.name_representative"),
        *("event.mandate_revoked", "event.representative_named"),
    ),
    "no workflow is lost here: tests/faults/test_restart.py": ("event.restarted",),
    "nobody is asked here who looks, so no look is recorded": ("ask.access", "access_page"),
    "the demo publishes none: tests/integration/operations/test_publications.py": (
        *("event.absence_withdrawn", "event.officer_erased", "event.publication_approved", "event.publication_asked"),
        *("event.publication_declined", "event.template_published", "event.two_required"),
    ),
    "no watch is over here: tests/time/test_late.py": (
        *("event.consignment_watch_ended", "event.payment_watch_ended"),
    ),
    "nobody is erased here: tests/integration/operations/test_erasure.py": ("event.erased",),
    "files have no addresses in this world: tests/integration/record/test_access.py": (
        *("ask.file", "ask.upload", "file_address"),
    ),
    "no payer makes up for a missing part here: tests/workflow/test_parts.py": ("event.shortfall_made_up",),
    "results have signers here from their beginning: tests/workflow/test_unsigned.py": ("event.signers_named",),
}
"""Messages that this run does not see, by the reason why it does not."""

OURS_ALONE: Final = frozenset(
    {
        *("fee_settled", "fee_charged_back", "parcel_settled", "part_overdue", "part_settled", "result_settled"),
        *("act_stayed", "stay_ended"),
        *("cancel", "refunded", "look", "noticed", "accepted"),
        *("adopt_calendar", "Payment", "Parcel", "Referral", "Reprojection"),
    }
)
"""Messages that only the platform itself sends, no part of the contract: signals, an Update, and inputs of workflows.
"""

BY_WIRE: Final = {
    (wire.kind, wire.name, wire.part): (message, wire) for message in PUBLIC_MESSAGES for wire in message.wires
}


class Looker:
    """Validates messages against the published schemas, and keeps the messages."""

    def __init__(self) -> None:
        self.seen = defaultdict[str, list[Any]](list)
        files = documents()
        self.checks = {message.name: validator(files[file_of(message)]) for message in PUBLIC_MESSAGES}

    def look(self, kind: WireKind, name: str, part: Part, value: Any) -> None:
        """Validates a message, which must be one of the contract, and keeps it."""
        message, wire = BY_WIRE[kind, name, part]
        for each in value if wire.many else [value]:
            self.checks[message.name].validate(each)
            self.seen[message.name].append(each)

    def history(self, workflow: str, events: list[HistoryEvent]) -> None:
        names: dict[str, str] = {}
        for event in events:
            for kind, name, part, value in passed(workflow, event, names):
                self.look(kind, name, part, value)


class Sending(OutboundInterceptor):
    """An interceptor that lets the looker validate the arguments of the Updates that a client sends.

    A history lacks an Update whose workflow task was lost after the append: its receipt comes from the record.
    """

    def __init__(self, following: OutboundInterceptor, client: Client, looker: Looker) -> None:
        super().__init__(following)
        self._client, self._looker = client, looker

    async def start_workflow_update(self, given: StartWorkflowUpdateInput) -> Any:
        """Validates an Update of a running workflow. The first part of the workflow's id is its type."""
        await self._look(f"{given.id.partition(':')[0].capitalize()}.{given.update}", given.args)
        return await super().start_workflow_update(given)

    async def start_update_with_start_workflow(self, given: StartWorkflowUpdateWithStartInput) -> Any:
        """Validates an Update that also starts its workflow if none runs."""
        sent = given.update_workflow_input
        await self._look(f"{given.start_workflow_input.workflow}.{sent.update}", sent.args)
        return await super().start_update_with_start_workflow(given)

    async def _look(self, update: str, arguments: Sequence[Any]) -> None:
        for payload in self._client.data_converter.payload_converter.to_payloads(arguments):
            self._looker.look(WireKind.UPDATE, update, Part.ARGUMENT, read(payload))


def kit_under(looker: Looker) -> Callable[..., FilingClient]:
    """Returns a function that makes clients of the kit; `looker` sees each Update of theirs before it is sent."""

    class Sent(Interceptor):
        def __init__(self, client: Client) -> None:
            self._client = client

        def intercept_client(self, inner: OutboundInterceptor) -> OutboundInterceptor:
            return Sending(inner, self._client, looker)

    def kit(client: Client, **named: Any) -> FilingClient:
        config = client.config()
        return FilingClient(Client(**config | {"interceptors": [*config["interceptors"], Sent(client)]}), **named)

    return kit


Passed = Iterator[tuple[WireKind, str, Part, Any]]


def passed(workflow: str, event: HistoryEvent, names: dict[str, str]) -> Passed:
    """Yields the messages in a history event.

    `names` keeps the names of Updates and activities, since later events about them do not repeat the names.
    """
    yield from of_a_question(event, names) if workflow == "View" else of_the_workflow(workflow, event)
    yield from of_its_updates(workflow, event, names)
    yield from of_the_back_office(event, names)


def of_the_workflow(workflow: str, event: HistoryEvent) -> Passed:
    match event.event_type:
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED if workflow not in OURS_ALONE:
            given = event.workflow_execution_started_event_attributes
            if not given.continued_execution_run_id:  # a run writes the start of the next for itself alone
                (start,) = contents(given.input)
                if "restart" in start:  # a filing that has ended starts again, for a complaint that was upheld
                    return
                yield WireKind.WORKFLOW, workflow, Part.ARGUMENT, start
                if "submission" in start:
                    yield WireKind.WORKFLOW, workflow, Part.ARGUMENTS_SUBMISSION, start["submission"]
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
            (result,) = contents(event.workflow_execution_completed_event_attributes.result)
            yield WireKind.WORKFLOW, workflow, Part.RESULT, result
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
            failure = event.workflow_execution_failed_event_attributes.failure
            yield WireKind.WORKFLOW, workflow, Part.FAILURE, why(failure)
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            assert event.workflow_execution_signaled_event_attributes.signal_name in OURS_ALONE


def of_a_question(event: HistoryEvent, names: dict[str, str]) -> Passed:
    match event.event_type:
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            (question,) = contents(event.workflow_execution_started_event_attributes.input)
            names["ask"] = question["ask"]
            yield WireKind.VIEW, names["ask"], Part.ARGUMENT, question
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
            (answer,) = contents(event.workflow_execution_completed_event_attributes.result)
            yield WireKind.VIEW, names["ask"], Part.RESULT, answer
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
            failure = why(event.workflow_execution_failed_event_attributes.failure)
            yield WireKind.VIEW, names["ask"], Part.FAILURE, failure


def of_its_updates(workflow: str, event: HistoryEvent, names: dict[str, str]) -> Passed:
    match event.event_type:
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
            asked = event.workflow_execution_update_accepted_event_attributes.accepted_request
            if asked.input.name in OURS_ALONE:
                return
            names[asked.meta.update_id] = f"{workflow}.{asked.input.name}"
            for argument in contents(asked.input.args):
                yield WireKind.UPDATE, names[asked.meta.update_id], Part.ARGUMENT, argument
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
            answer = event.workflow_execution_update_completed_event_attributes
            if answer.meta.update_id not in names:
                return
            if answer.outcome.HasField("failure"):
                yield WireKind.UPDATE, names[answer.meta.update_id], Part.FAILURE, why(answer.outcome.failure)
            else:
                yield WireKind.UPDATE, names[answer.meta.update_id], Part.RESULT, contents(answer.outcome.success)[0]


def of_the_back_office(event: HistoryEvent, names: dict[str, str]) -> Passed:
    match event.event_type:
        case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            asked = event.activity_task_scheduled_event_attributes
            if asked.activity_type.name.startswith("backoffice."):
                names[str(event.event_id)] = asked.activity_type.name
                yield WireKind.ACTIVITY, asked.activity_type.name, Part.ARGUMENT, contents(asked.input)[0]
        case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            done = event.activity_task_completed_event_attributes
            if activity := names.get(str(done.scheduled_event_id)):
                yield WireKind.ACTIVITY, activity, Part.RESULT, contents(done.result)[0]


def contents(given: Payloads) -> list[Any]:
    return [read(payload) for payload in given.payloads]


def read(payload: Payload) -> Any:
    assert payload.metadata["encoding"] == b"json/plain"
    return json.loads(payload.data)


def why(failure: Failure) -> Any:
    return read(failure.application_failure_info.details.payloads[0])


@pytest.fixture
async def paid(world: World, tmp_path: Path) -> AsyncIterator[World]:
    port = free_port()
    calls = ("--retry-after", "0.4", "--callbacks", f"http://127.0.0.1:{port}/callbacks")
    with Server("bank", tmp_path / "bank", *calls) as bank:
        merchants = json.loads(providers(bank))
        merchants["platform"]["minutes"] = BRIEF
        own = {"MOTCUA_BANK_URL": bank.url, "MOTCUA_PROVIDERS": json.dumps(merchants)}
        made = replace(world, env={**world.env, **own})
        gateway = made.process_env | {"MOTCUA_GATEWAY_PORT": str(port)}
        async with worker_process(gateway, tmp_path / "gateway", "gateway.server"):
            yield made


@asynccontextmanager
async def at_work(world: World) -> AsyncIterator[None]:
    """Runs a back office and a platform worker; the worker knows the merchants of its world, and examines files."""
    settings = world.settings.model_copy(update={"providers": MERCHANTS.validate_json(world.env["MOTCUA_PROVIDERS"])})
    async with (
        activities(settings) as functions,
        platform_worker(world.temporal, functions, settings),
        world.back_office(),
    ):
        yield


async def test_what_the_demo_sent_fits_and_nothing_is_left_out(paid: World) -> None:
    world, looker = paid, Looker()
    stranger = await Client.connect(world.env["TEMPORAL_ADDRESS"], namespace=world.namespace)
    scenarios = load(SCENARIOS)
    versions = await demo.publish(world.owner_dsn, world.publisher, scenarios)
    async with at_work(world):
        played = await demo.play(world.process_env, scenarios, versions, 20, lambda _: None, kit=kit_under(looker))
    assert [each.problems for each in played if each.problems] == []
    found = await demo.judge(world.process_env, [each for each in played if not each.scenario.in_whole_stack])
    assert {one.played.scenario.name: one.problems for one in found.verdicts if one.problems} == {}
    assert found.ledger.verified
    async with world.platform(), world.back_office():
        await pay_twice(world)
        await be_a_stranger(world, stranger, looker)
        play = await on_another_calendar(world)
        await answer_to(stranger, looker, ask="parcel", stream=parcel_workflow(play.filing, 1))
        await answer_to(stranger, looker, ask="result", stream=filing_workflow(play.filing))

    async for workflow in stranger.list_workflows():
        handle = stranger.get_workflow_handle(workflow.id, run_id=workflow.run_id)
        looker.history(workflow.workflow_type, [event async for event in handle.fetch_history_events()])
    await read_record(world, looker)
    calendar = parse(CALENDAR.read_bytes(), as_text=True).value
    looker.look(WireKind.FILE, "procedures/calendars/*.yaml", Part.CONTENT, calendar)
    for folder in ("procedures", "procedures/provinces"):
        for file in sorted((ROOT / folder).glob("*.yaml")):
            looker.look(WireKind.FILE, f"{folder}/*.yaml", Part.CONTENT, yaml.safe_load(file.read_text()))

    assert {message.name for message in PUBLIC_MESSAGES} - set(looker.seen) == {*chain(*NOT_SEEN.values())}


async def be_a_stranger(world: World, stranger: Client, looker: Looker) -> None:
    """Sends messages that the demo lacks: every question, a refusal, an unusable signal; and lets a limit end."""
    version = await publish_short(world, EXTRACT, intake=1)
    submission = extract(version=version, signature=None, result_channel="counter")
    filing = await stranger.start_workflow(
        "Filing", {"submission": plain(submission)}, id=filing_workflow(of(submission)), task_queue=TASK_QUEUE
    )
    looker.look(WireKind.UPDATE, "Filing.submit", Part.RESULT, await filing.execute_update("submit"))
    await filing.signal("fee_settled", {"what": "ever"})
    reception = officer(Role.RECEPTION).model_dump(mode="json")
    command = {"command_id": "c-1", "actor": reception, "via": VIA.model_dump(mode="json")}
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await filing.execute_update("pay_at_counter", command | {"amount": 1})
    assert isinstance(refused.value.cause, ApplicationError)
    looker.look(WireKind.UPDATE, "Filing.pay_at_counter", Part.FAILURE, refused.value.cause.details[0])
    await eventually(
        lambda: answer_to(stranger, looker, ask="filing", stream=filing.id), lambda view: view["overdue"] == ["intake"]
    )
    await filing.execute_update("withdraw", command | {"reason": "filed twice", "request": FILE})
    about = {"stream": filing.id}
    of_questions: dict[str, dict[str, Any]] = {
        **dict.fromkeys(("clocks", "delivery", "papers"), about),
        "actions": about | {"actor": reception},
        "receipt": about | {"command_id": "c-1"},
        "timeline": about | {"audience": "officer"},
        "changes": about | {"after": 1, "wait": 1},
        "filings": {"client_id": submission.client_id, "limit": 1, "after": None},
        "persons_filings": {"id_number": submission.applicant.id_number, "limit": 2},
        "tasks": {"agency": AGENCY, "role": "reception", "limit": 3},
        "counts": {"agency": AGENCY},
        "agency": {"agency": AGENCY},
    }
    for ask, fields in of_questions.items():
        await answer_to(stranger, looker, ask=ask, **fields)
    for question in ({"ask": "result"}, {"ask": "linked_result", "link": "x" * 32}):
        with pytest.raises(WorkflowFailureError):
            await answer_to(stranger, looker, stream=filing.id, **question)


async def answer_to(stranger: Client, looker: Looker, **question: Any) -> Any:
    """Returns the answer to a question.

    Reads the run's history at once, since a run that has just ended may not be listed.
    """
    view = await stranger.start_workflow("View", question, id=f"view:{uuid4()}", task_queue=TASK_QUEUE)
    try:
        return await view.result()
    finally:
        looker.history("View", [event async for event in view.fetch_history_events()])


async def pay_twice(world: World) -> None:
    play = await Play.accepted(world, extract(payer_account=PAYS_TWICE, result_channel="online"))
    await play.approve_refund(1002)
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_refunded" in kinds)
    assert (await world.client.payment(play.filing, 1)).refunded > 0


async def read_record(world: World, looker: Looker) -> None:
    async with world.connection() as connection:
        for kind, body, actor, bound in await connection.fetch("select kind, body, actor, bound from event"):
            looker.look(WireKind.COLUMN, f"event.body of {kind}", Part.CONTENT, json.loads(body))
            looker.look(WireKind.COLUMN, "event.actor", Part.CONTENT, json.loads(actor))
            if bound is not None:
                looker.look(WireKind.COLUMN, "event.bound", Part.CONTENT, json.loads(bound))
        for (receipt,) in await connection.fetch("select body from receipt"):
            looker.look(WireKind.COLUMN, "receipt.body", Part.CONTENT, json.loads(receipt))
