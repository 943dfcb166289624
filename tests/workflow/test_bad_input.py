"""Whatever is sent, by whomever: refused in words or parked, nothing half recorded, no filing jammed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowQueryFailedError
from temporalio.common import RawValue, RetryPolicy

from motcua import NotAllowed, NotAuthorised, SameIdOtherContent
from rules.streams import FILING
from schemas.errors import RefusalCode
from schemas.filing import commands as cm
from schemas.filing.state import Closing, Stage
from schemas.filing.submission import MAX_SUBMISSION_BYTES
from schemas.people import Actor, Role
from schemas.stream.ledger import Receipt
from schemas.stream.snapshots import Snapshot
from tests.acting import (
    BIRTH,
    NEVER_PAYS,
    Doubtful,
    Play,
    birth,
    contract,
    eventually,
    extract,
    of,
    officer,
    plain,
    publish_short,
    record,
    refusal,
    stock,
)
from tests.conftest import World
from tests.workflow.plain import Plain, command, ended_cleanly, failed_tasks, length, refused_submission, submit
from workflows.stream.starting import load_state

REFUSED: Final[Sequence[tuple[Plain, RefusalCode, str, str]]] = (
    (plain(birth(procedure="9.999999", version=None)), RefusalCode.BAD_SUBMISSION, "procedure", "unknown_procedure"),
    (plain(birth(version="1999")), RefusalCode.BAD_SUBMISSION, "version", "unknown_version"),
    (plain(birth(version=None)), RefusalCode.BAD_SUBMISSION, "procedure", "unknown_procedure"),
    (plain(birth(agency="H99.99")), RefusalCode.BAD_SUBMISSION, "agency", "unknown_agency"),
    (plain(birth(papers=[])), RefusalCode.BAD_SUBMISSION, "papers.birth_notice", "paper_required"),
    (
        plain(contract(actor=officer(Role.RECEPTION, "H01.12"))),
        RefusalCode.BAD_SUBMISSION,
        "actor",
        "reception_records_paper",
    ),
    (plain(birth()) | {"channel": "pigeon"}, RefusalCode.BAD_START, "channel", "enum"),
    (plain(birth()) | {"form": {"child_name": ["a"]}}, RefusalCode.BAD_START, "form.child_name", "form_value"),
    (plain(birth()) | {"form": {"child_name": 2**53}}, RefusalCode.BAD_START, "submission", "not_canonical_json"),
    (plain(birth()) | {"form": {"child_name": "x" * 4001}}, RefusalCode.BAD_START, "form.child_name", "text_too_long"),
    (
        plain(birth()) | {"form": {f"f{n}": "x" * 4000 for n in range(MAX_SUBMISSION_BYTES // 4000 + 1)}},
        RefusalCode.BAD_START,
        "submission",
        "too_long",
    ),
    (
        plain(contract()) | {"actor": {"subject": "a\0b", "role": "reception", "agency": "H56.30"}},
        RefusalCode.BAD_START,
        "actor.subject",
        "string_pattern_mismatch",
    ),
)
"""What is no submission, or not a possible one: all other rules of that are `tests/unit/filing/test_admission.py`'s."""


async def test_a_submission_that_is_refused_leaves_no_trace_and_can_be_corrected(running: World) -> None:
    for submission, code, field, rule in REFUSED:
        why = await refused_submission(running, submission)
        assert why.code is code
        assert (field, rule) in {(problem.field, problem.rule) for problem in why.problems}
    for submission, *_ in REFUSED:
        corrected = birth(submission_id=submission["submission_id"])
        assert (await running.client.submit(corrected)).code is not None


async def test_a_reception_officer_who_is_not_in_the_directory_records_nothing(running: World) -> None:
    stranger = {"subject": "nobody", "role": "reception", "agency": "H56.30"}
    submission = contract(actor=stranger)
    why = await refused_submission(running, plain(submission))
    assert (why.code, why.problems[0].rule) == (RefusalCode.NOT_AUTHORISED, "not_in_directory")
    await running.client.submit(contract(submission_id=submission.submission_id))


async def test_more_than_a_message_can_hold_reaches_nobody(running: World) -> None:
    submission = birth()
    huge = plain(submission) | {"form": {"child_name": "x" * 5_000_000}}
    client, before = await stock(running), await record(running)
    with pytest.raises(Exception, match=r"(?i)limit|larger|exceeds"):
        await submit(client, {"submission": huge}, workflow_id=f"filing:{of(submission)}")
    assert await record(running) == before
    await running.client.submit(submission)


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else "x"


SEALED_OR_SO: Final[dict[str, Sequence[Any]]] = {
    f"{encoding}, and {kind}": [RawValue(Payload(metadata={"encoding": encoding.encode()}, data=data))]
    for encoding in ("binary/encrypted", "motcua/not-opened")
    for kind, data in (("text", b"why"), ("no text", b"\xff"))
}
"""What a codec would have to open, where there is none."""

STORED_ELSEWHERE: Final[dict[str, Sequence[Any]]] = {
    f"stored elsewhere: {kind}": [RawValue(Payload(metadata=metadata, data=b"{}"))]
    for kind, metadata in {
        "a reference": {"encoding": b"json/external-storage-reference"},
        "a reference as a message": {
            "encoding": b"json/protobuf",
            "messageType": b"temporal.api.sdk.v1.ExternalStorageReference",
        },
        "a sealed reference": {"encoding": b"json/plain", "__temporal_external_storage_reference": b"true"},
    }.items()
}
"""What the SDK would look for in a store of large payloads, of which there is none."""

GARBAGE: Final[dict[str, Sequence[Any]]] = {
    "wrong shape": [{"submission": {"papers": 7}}],
    "another shape": [{"form": {}}],
    "string": ["submission"],
    "number": [7],
    "list": [["submission"]],
    "null": [None],
    "nothing": [],
    "two arguments": [{"submission": {}}, {"submission": {}}],
    "half a character": ["\ud800"],
    "bytes": [b"\xff\xfe"],
    "too deep": [nested(300)],
    **SEALED_OR_SO,
    **STORED_ELSEWHERE,
}


async def test_a_start_that_is_garbage_is_refused_and_ends_at_once(running: World) -> None:
    client, before = await stock(running), await record(running)
    for case, garbage in GARBAGE.items():
        asked, silent = f"filing:{uuid4()}", f"filing:{uuid4()}"
        why = await refusal(submit(client, *garbage, workflow_id=asked))
        assert why.code is RefusalCode.BAD_START, case
        handle = await client.start_workflow("Filing", args=garbage, id=silent, task_queue="motcua")
        assert await refusal(handle.result()) == why
        for workflow_id in (asked, silent):
            await ended_cleanly(client, workflow_id)
    assert await record(running) == before


async def test_an_id_that_is_not_that_of_the_submission_is_refused(running: World) -> None:
    client, before = await stock(running), await record(running)
    workflow_id = f"filing:{uuid4()}"
    why = await refusal(submit(client, {"submission": plain(birth())}, workflow_id=workflow_id))
    assert (why.code, why.problems[0].rule) == (RefusalCode.BAD_START, "id_does_not_match")
    await ended_cleanly(client, workflow_id)
    assert await record(running) == before


async def handed_on(world: World, play: Play) -> Plain:
    """A start as one run gives it to the next, made up: the filing was approved and delivered."""
    async with world.connection() as connection:
        rules = json.loads(await connection.fetchval("select rules from procedure where code = $1", BIRTH))
        calendar = json.loads(await connection.fetchval("select body from calendar"))
    at = "2026-11-25T01:00:00Z"
    state = {
        "filing_id": str(play.filing),
        "agency": play.submission.agency,
        "procedure": rules,
        "calendar": calendar,
        "level": 4,
        "seq": 9,
        "code": "made up",
        "submitted_at": at,
        "accepted_at": at,
        "changed_at": at,
        "decision": {"outcome": "approved", "officer": "h56.30-leader-1"},
        "closed_at": at,
        "closing": "delivered",
    }
    made_up = {"command_id": "submit", "digest": "0" * 64, "seq": 9, "at": at, "code": "made up"}
    snapshot = {"state": state, "receipts": [made_up], "memory": {"queue": "backoffice", "checked": True}}
    assert snapshot.keys() <= Snapshot.model_fields.keys()  # or nobody could believe it
    return {"restart": {"epoch": 1}, "snapshot": Snapshot.model_validate(snapshot).model_dump(mode="json")}


LIVES: Final = timedelta(seconds=5)
AGAIN: Final[dict[str, Plain]] = {
    "begun": {},
    "retried": {
        "run_timeout": timedelta(seconds=5),
        "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1)),
    },
    "on a schedule": {"cron_schedule": "@every 1s"},
}


@pytest.mark.parametrize("again", AGAIN)
async def test_a_made_up_past_is_not_believed(world: World, again: str) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        play = await Play.begin(world, birth())
        client, workflow_id = await stock(world), f"filing:{play.filing}"
        handle = client.get_workflow_handle(workflow_id)
        given = await handed_on(world, play)
        assert load_state(FILING, Snapshot.model_validate(given["snapshot"])).closing is not None
        if again == "on a schedule":
            await play.withdraw()  # so that each run ends, and the next begins
            await handle.result()
        else:
            await handle.terminate()
        first = await client.start_workflow("Filing", given, id=workflow_id, task_queue="motcua", **AGAIN[again])

        async def run() -> str | None:
            return (await handle.describe()).run_id

        later = first.first_execution_run_id
        if again != "begun":
            later = await eventually(run, lambda found: found != first.first_execution_run_id)
        made_up = client.get_workflow_handle(workflow_id, run_id=later)
        if again == "on a schedule":
            await eventually(run, lambda found: found != later)
            *_, end = (await made_up.fetch_history()).events
            [said] = end.workflow_execution_completed_event_attributes.result.payloads
            assert json.loads(said.data) == {"closing": "withdrawn", "code": play.code}
        else:
            receipt = await made_up.execute_update("submit")
            assert (receipt["seq"], receipt["code"]) == (1, play.code)
        await handle.terminate()


SIGNALS: Final[dict[str, Sequence[Any]]] = {
    "string": ["paid"],
    "list": [[1]],
    "null": [None],
    "nothing": [],
    "two arguments": [{"n": 1, "settlement": "paid"}, {"n": 1}],
    "half a character": ["\ud800"],
    "no such settlement": [{"n": 1, "settlement": "maybe", "outcome": "eaten"}],
    "n of another kind": [{"n": "one", "settlement": "paid", "outcome": "delivered"}],
    "unknown n": [{"n": 7, "settlement": "paid", "amount": 16000, "outcome": "delivered"}],
    "huge n": [{"n": 2**80, "settlement": "paid", "amount": 16000, "outcome": "delivered"}],
    "wrong amount": [{"n": 1, "settlement": "paid", "amount": 1, "outcome": "returned"}],
    "a lie": [{"n": 1, "settlement": "paid", "amount": 16000, "outcome": "lost"}],
    "another lie": [{"n": 1, "settlement": "expired", "outcome": "returned"}],
    "an amount that is a text": [{"n": 1, "settlement": "paid", "amount": "16000", "outcome": 1}],
    "an amount that is a fraction": [{"n": 1, "settlement": "paid", "amount": 16000.0, "outcome": 1.0}],
    "an amount that is a truth": [{"n": 1, "settlement": "paid", "amount": True, "outcome": True}],
    **SEALED_OR_SO,
    **STORED_ELSEWHERE,
}


async def test_a_signal_that_is_garbage_or_a_lie_is_parked_and_the_filing_goes_on(running: World) -> None:
    play = await Play.begin(running, extract(payer_account=NEVER_PAYS))
    await play.accept()
    await play.at(Stage.FEE)
    handle = (await stock(running)).get_workflow_handle(f"filing:{play.filing}")
    for arguments in SIGNALS.values():
        await handle.signal("fee_settled", args=arguments)
        await handle.signal("parcel_settled", args=arguments)
    view = await play.until(lambda view: view.parked >= 2 * len(SIGNALS))
    assert view.stage is Stage.FEE
    assert {parked.signal for parked in await running.client.parked(play.filing)} == {"fee_settled", "parcel_settled"}
    await play.pay_by_hand()
    await play.review()
    assert (await play.at(Stage.CLOSED)).closing is Closing.DELIVERED
    assert await failed_tasks(handle) == 0


NO_COMMAND: Final[dict[str, Sequence[Any]]] = {
    "string": ["accept"],
    "list": [[1]],
    "null": [None],
    "nothing": [],
    "two arguments": [command(), command()],
    "half a character": ["\ud800"],
    "empty": [{}],
    "no actor": [{name: value for name, value in command().items() if name != "actor"}],
    "extra field": [command(colour="red")],
    "id of another kind": [command(command_id=7)],
    "id of a command of the system's own": [command(command_id="fee:1:paid")],
    "id with blanks": [command(command_id="Nguyễn Văn An")],
    "another kind": [command(kind="submit")],
    "a name that no directory can be asked about": [command(actor={"subject": "a\0b", "role": "reception"})],
    "more than JSON can hold": [command(amount=2**60, reason="x", recipient="x", outcome="approved")],
    **SEALED_OR_SO,
    **STORED_ELSEWHERE,
}


async def test_an_update_that_is_garbage_is_refused_without_a_trace(world: World) -> None:
    in_no_hurry = await publish_short(world, BIRTH, intake=3600)
    async with world.platform():
        play = await Play.begin(world, birth(version=in_no_hurry))
        handle = (await stock(world)).get_workflow_handle(f"filing:{play.filing}")
        before, events = await record(world), await length(handle)
        for kind in (model.model_fields["kind"].default for model in cm.PUBLIC_COMMANDS):
            for arguments in NO_COMMAND.values():
                why = await refusal(handle.execute_update(kind, args=arguments))
                assert why.code is RefusalCode.BAD_COMMAND
        assert await length(handle) == events
        assert await record(world) == before


async def test_what_does_not_fit_a_running_filing_is_refused_in_words(world: World) -> None:
    """A check of its submission, a question, a query, and a command in the name of the system."""
    async with world.platform():
        play = await Play.begin(world, birth())
        client = await stock(world)
        handle = client.get_workflow_handle(f"filing:{play.filing}")
        events = await length(handle)
        given = command(actor={"subject": "motcua", "role": "system"})
        why = await refusal(handle.execute_update("accept", given))
        assert (why.code, why.problems[0].rule) == (RefusalCode.NOT_AUTHORISED, "system_is_not_a_person")
        assert await length(handle) == events
        for check in ("digest", ["digest"], {"content": 7}, {"content": "0" * 64}):
            why = await refusal(handle.execute_update("submit", check))
            assert why.code in {RefusalCode.BAD_COMMAND, RefusalCode.SAME_ID_OTHER_CONTENT}, check
        for question in NO_QUESTION:
            why = await refusal(client.execute_workflow("View", question, id="view:garbage", task_queue="motcua"))
            assert why.code is RefusalCode.BAD_COMMAND, question
        for name in ("view", "receipt", "actions"):
            with pytest.raises(WorkflowQueryFailedError, match="not found"):
                await handle.query(name)
        assert (await play.view()).stage is Stage.INTAKE


NO_QUESTION: Final[Sequence[Any]] = (
    "x",
    None,
    {"ask": "everything"},
    {"ask": "filing"},
    {"ask": "filing", "stream": 7},
    {"ask": "filing", "stream": "filing:1", "more": 1},
    {"ask": "actions", "stream": "filing:1", "actor": "x"},
    {"ask": "receipt", "stream": "filing:1", "command_id": [1]},
    {"ask": "changes", "stream": "filing:1", "wait": 3600},
    {"ask": "tasks", "limit": 100_000},
)


async def test_a_command_that_is_not_allowed_names_those_that_are(world: World) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
        before = await record(world)
        with pytest.raises(NotAllowed) as error:
            await play.act(cm.Decide, play.officer(Role.LEADER), outcome="approved")
        assert error.value.refusal.allowed == ()  # a leader has nothing to do at intake
        with pytest.raises(NotAllowed) as error:
            await play.act(cm.Decide, play.officer(Role.RECEPTION), outcome="approved")
        reception = {"accept", "refuse_intake", "request_supplement", "ask", "claim", "withdraw", "change_delivery"}
        assert set(error.value.refusal.allowed) == reception
        with pytest.raises(NotAllowed) as error:
            await play.act(cm.Accept, play.submission.actor)
        assert set(error.value.refusal.allowed) == {"withdraw", "change_delivery"}
        assert await record(world) == before


UNKNOWN: Final = (
    Actor(subject="nobody", role=Role.RECEPTION, agency="H56.30"),
    Actor(subject="h56.30-specialist-1", role=Role.RECEPTION, agency="H56.30"),
    Actor(subject="h01.12-reception-1", role=Role.RECEPTION, agency="H56.30"),
)
"""In no directory, in another role, in another agency's directory."""


async def test_who_the_directory_does_not_know_in_this_role_is_refused(world: World) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
        before = await record(world)
        for actor in UNKNOWN:
            with pytest.raises(NotAuthorised):
                await play.act(cm.Accept, actor)
        assert await record(world) == before
        await play.accept()


async def test_the_same_ids_for_other_content_are_refused_before_and_after_the_end(world: World) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
        await play.act(cm.Claim, play.officer(Role.RECEPTION), command_id="c-1")
        for _ in range(2):
            before = await record(world)
            with pytest.raises(SameIdOtherContent):
                await world.client.submit(birth(submission_id=play.submission.submission_id, result_channel="counter"))
            with pytest.raises(SameIdOtherContent):
                await play.act(cm.Release, play.officer(Role.RECEPTION), command_id="c-1")
            assert await record(world) == before
            if not (await play.view()).closed:
                await play.withdraw()


async def test_twenty_equal_submissions_at_once_are_one_filing(running: World) -> None:
    submission = birth()
    receipts = await asyncio.gather(*(running.client.submit(submission) for _ in range(20)))
    assert all(receipt == receipts[0] for receipt in receipts)
    rows = await record(running)
    assert (len(rows["filing"]), len(rows["counter"])) == (1, 2), "one dossier code, and one number of a result"


def told(answers: list[Receipt | BaseException]) -> tuple[int, list[str]]:
    """How many were recorded, and the rules by which the others were refused."""
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(answer, NotAllowed) for answer in refused), refused
    rules = [answer.refusal.problems[0].rule for answer in refused if isinstance(answer, NotAllowed)]
    return len(answers) - len(refused), rules


async def test_of_two_claims_and_of_a_decision_and_a_withdrawal_at_once_exactly_one_counts(world: World) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        play = await Play.begin(world, birth())
        leader = play.officer(Role.LEADER)
        await play.accept()
        specialists = [play.officer(Role.SPECIALIST, n) for n in (1, 2)]
        both = await asyncio.gather(*(play.act(cm.Claim, one) for one in specialists), return_exceptions=True)
        assert told(both) == (1, ["claimed_by_other"])
        specialist = specialists[[isinstance(answer, Receipt) for answer in both].index(True)]
        await play.act(cm.Propose, specialist, outcome="approved")
        await play.act(cm.Claim, leader)
        decide = play.act(cm.Decide, leader, outcome="approved")
        answers = await asyncio.gather(decide, play.withdraw(), return_exceptions=True)
        await play.at(Stage.CLOSED)
        kinds = await play.kinds()
    assert sum(isinstance(answer, Receipt) for answer in answers) == 1
    assert ("decided" in kinds) != ("withdrawn" in kinds)
