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
    ADDRESS,
    BIRTH,
    COMPLAINT,
    CONTRACT,
    FILE,
    NEVER_PAYS,
    Doubtful,
    Play,
    birth,
    contract,
    eventually,
    extract,
    marriage,
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

EXTRACT_FORM: Final = {"kind": "birth", "person_name": "Nguyễn Văn An", "copies": 2}

NOT_POSSIBLE: Final[dict[str, tuple[Plain, str, str]]] = {
    "unknown procedure": (plain(birth(procedure="9.999999", version=None)), "procedure", "unknown_procedure"),
    "unknown version": (plain(birth(version="1999")), "version", "unknown_version"),
    "no version but for demonstration": (plain(birth(version=None)), "procedure", "unknown_procedure"),
    "unknown agency": (plain(birth(agency="H99.99")), "agency", "unknown_agency"),
    "level 1 online": (plain(birth(procedure=COMPLAINT)), "channel", "channel_not_allowed_at_level"),
    "level 2 online": (plain(birth(procedure=CONTRACT)), "channel", "channel_not_allowed_at_level"),
    "level above the procedure's": (plain(marriage(level=4)), "level", "level_above_procedure"),
    "missing paper": (plain(birth(papers=[])), "papers.birth_notice", "paper_required"),
    "paper without file": (plain(birth(papers=[{"code": "birth_notice"}])), "papers[0].file", "file_required_online"),
    "unknown paper": (plain(extract(papers=[{"code": "photo", "file": FILE}])), "papers[0].code", "unknown_paper"),
    "missing field": (plain(extract(form={"kind": "birth", "copies": 1})), "form.person_name", "field_required"),
    "unknown field": (plain(extract(form=EXTRACT_FORM | {"x": 1})), "form.x", "unknown_field"),
    "field of another kind": (plain(extract(form=EXTRACT_FORM | {"copies": "2"})), "form.copies", "not_an_integer"),
    "field out of bounds": (plain(extract(form=EXTRACT_FORM | {"copies": 51})), "form.copies", "above_maximum"),
    "no such choice": (plain(extract(form=EXTRACT_FORM | {"kind": "divorce"})), "form.kind", "not_a_choice"),
    "no such date": (
        plain(extract(form=EXTRACT_FORM | {"registered_on": "2026-02-30"})),
        "form.registered_on",
        "not_a_date",
    ),
    "result channel": (plain(marriage(result_channel="online")), "result_channel", "result_channel_not_allowed"),
    "no address": (plain(birth(result_channel="post")), "address", "address_required"),
    "fee channel": (plain(extract(fee_channel="post")), "fee_channel", "fee_channel_not_allowed"),
    "no signature": (plain(extract(level=4, signature=None)), "signature", "signature_required"),
    "somebody else's filing": (
        plain(birth(actor={"subject": "somebody", "role": "applicant"})),
        "actor.subject",
        "applicant_is_someone_else",
    ),
    "the system files": (
        plain(birth(actor={"subject": "motcua", "role": "system"})),
        "actor.role",
        "applicant_files_online",
    ),
    "officer of another agency": (
        plain(contract(actor=officer(Role.RECEPTION, "H01.12"))),
        "actor",
        "reception_records_paper",
    ),
    "officer in another role": (plain(contract(actor=officer(Role.CASHIER))), "actor", "reception_records_paper"),
}


@pytest.mark.parametrize("case", NOT_POSSIBLE)
async def test_a_submission_that_is_not_possible_is_refused_and_can_be_corrected(running: World, case: str) -> None:
    submission, field, rule = NOT_POSSIBLE[case]
    why = await refused_submission(running, submission)
    assert why.code is RefusalCode.BAD_SUBMISSION
    assert (field, rule) in {(problem.field, problem.rule) for problem in why.problems}
    corrected = birth(submission_id=submission["submission_id"])
    assert (await running.client.submit(corrected)).code is not None


def without(submission: Plain, *names: str) -> Plain:
    return {name: value for name, value in submission.items() if name not in names}


NOT_A_SUBMISSION: Final[dict[str, tuple[Plain, str, str]]] = {
    "result channel": (plain(birth()) | {"result_channel": "pigeon"}, "result_channel", "enum"),
    "channel": (plain(birth()) | {"channel": "pigeon"}, "channel", "enum"),
    "level": (plain(birth()) | {"level": 5}, "level", "enum"),
    "no applicant": (without(plain(birth()), "applicant"), "applicant", "missing"),
    "no such role": (plain(birth()) | {"actor": {"subject": "a", "role": "mayor"}}, "actor.role", "enum"),
    "field of an unknown kind": (
        plain(birth()) | {"form": {"child_name": ["a"]}},
        "form.child_name",
        "form_value",
    ),
    "a number that JSON can't hold": (
        plain(birth()) | {"form": {"child_name": 2**53}},
        "submission",
        "not_canonical_json",
    ),
    "oversized": (
        plain(birth()) | {"form": {f"f{n}": "x" * 4000 for n in range(MAX_SUBMISSION_BYTES // 4000 + 1)}},
        "submission",
        "too_long",
    ),
    "oversized field": (
        plain(birth()) | {"form": {"child_name": "x" * 4001}},
        "form.child_name",
        "text_too_long",
    ),
    "an address that the post would refuse": (
        plain(birth(result_channel="post")) | {"address": ADDRESS | {"postcode": "1000000"}},
        "address.postcode",
        "string_pattern_mismatch",
    ),
    "a name that no directory can be asked about": (
        plain(contract()) | {"actor": {"subject": "a\0b", "role": "reception", "agency": "H56.30"}},
        "actor.subject",
        "string_pattern_mismatch",
    ),
}


@pytest.mark.parametrize("case", NOT_A_SUBMISSION)
async def test_what_is_no_submission_is_refused_and_can_be_corrected(running: World, case: str) -> None:
    submission, field, rule = NOT_A_SUBMISSION[case]
    why = await refused_submission(running, submission)
    assert why.code is RefusalCode.BAD_START
    assert (field, rule) in {(problem.field, problem.rule) for problem in why.problems}
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


@pytest.mark.parametrize("case", GARBAGE)
async def test_a_start_that_is_garbage_is_refused_and_ends_at_once(running: World, case: str) -> None:
    client, before = await stock(running), await record(running)
    asked, silent = f"filing:{uuid4()}", f"filing:{uuid4()}"
    why = await refusal(submit(client, *GARBAGE[case], workflow_id=asked))
    assert why.code is RefusalCode.BAD_START
    handle = await client.start_workflow("Filing", args=GARBAGE[case], id=silent, task_queue="motcua")
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


async def test_a_lie_that_the_fee_has_expired_ends_nothing(running: World) -> None:
    play = await Play.begin(running, extract(payer_account=NEVER_PAYS))
    await play.accept()
    handle = (await stock(running)).get_workflow_handle(f"filing:{play.filing}")
    await handle.signal("fee_settled", {"n": 1, "settlement": "expired"})
    assert (await play.until(lambda view: view.closed or view.parked == 1)).stage is Stage.FEE


NO_COMMAND: Final[dict[str, Sequence[Any]]] = {
    "string": ["accept"],
    "list": [[1]],
    "null": [None],
    "nothing": [],
    "two arguments": [command(), command()],
    "half a character": ["\ud800"],
    "empty": [{}],
    "no actor": [without(command(), "actor")],
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


async def test_nobody_acts_as_the_system(world: World) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
        handle = (await stock(world)).get_workflow_handle(f"filing:{play.filing}")
        events = await length(handle)
        given = command(actor={"subject": "motcua", "role": "system"})
        why = await refusal(handle.execute_update("accept", given))
        assert (why.code, why.problems[0].rule) == (RefusalCode.NOT_AUTHORISED, "system_is_not_a_person")
        assert await length(handle) == events


@pytest.mark.parametrize("check", ["digest", ["digest"], {"content": 7}, {"content": "0" * 64}], ids=repr)
async def test_a_check_of_the_submission_that_does_not_fit_is_refused(world: World, check: Any) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
        handle = (await stock(world)).get_workflow_handle(f"filing:{play.filing}")
        why = await refusal(handle.execute_update("submit", check))
        assert why.code in {RefusalCode.BAD_COMMAND, RefusalCode.SAME_ID_OTHER_CONTENT}


@pytest.mark.parametrize(
    "question",
    [
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
    ],
    ids=repr,
)
async def test_a_question_that_is_garbage_is_refused_in_words(world: World, question: Any) -> None:
    async with world.platform():
        client = await stock(world)
        why = await refusal(client.execute_workflow("View", question, id="view:garbage", task_queue="motcua"))
    assert why.code is RefusalCode.BAD_COMMAND


async def test_no_workflow_answers_queries(world: World) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
        handle = (await stock(world)).get_workflow_handle(f"filing:{play.filing}")
        for name in ("view", "receipt", "actions"):
            with pytest.raises(WorkflowQueryFailedError, match="not found"):
                await handle.query(name)
        assert (await play.view()).stage is Stage.INTAKE


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


@pytest.mark.parametrize(
    "actor",
    [
        Actor(subject="nobody", role=Role.RECEPTION, agency="H56.30"),
        Actor(subject="h56.30-specialist-1", role=Role.RECEPTION, agency="H56.30"),
        Actor(subject="h01.12-reception-1", role=Role.RECEPTION, agency="H56.30"),
    ],
    ids=["in no directory", "in another role", "in another agency's directory"],
)
async def test_who_the_directory_does_not_know_in_this_role_is_refused(world: World, actor: Actor) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
        before = await record(world)
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


async def test_of_two_officers_who_claim_at_once_one_wins(world: World) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        play = await Play.begin(world, birth())
        await play.accept()
        both = [play.act(cm.Claim, play.officer(Role.SPECIALIST, n)) for n in (1, 2)]
        assert told(await asyncio.gather(*both, return_exceptions=True)) == (1, ["claimed_by_other"])
        assert (await play.kinds()).count("claimed") == 1


async def test_of_a_decision_and_a_withdrawal_at_once_exactly_one_counts(world: World) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        play = await Play.begin(world, birth())
        specialist, leader = play.officer(Role.SPECIALIST), play.officer(Role.LEADER)
        await play.accept()
        await play.act(cm.Claim, specialist)
        await play.act(cm.Propose, specialist, outcome="approved")
        await play.act(cm.Claim, leader)
        decide = play.act(cm.Decide, leader, outcome="approved")
        answers = await asyncio.gather(decide, play.withdraw(), return_exceptions=True)
        await play.at(Stage.CLOSED)
        kinds = await play.kinds()
    assert sum(isinstance(answer, Receipt) for answer in answers) == 1
    assert ("decided" in kinds) != ("withdrawn" in kinds)
