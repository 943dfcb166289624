"""Bad input, no matter by whom, is refused with a reason or dropped: no part of it is recorded, no filing stalls."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Final
from unicodedata import normalize
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.common import RawValue
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from motcua import NotAuthorised, SameIdOtherContent
from recovery.behind import Known, seen
from rules.filing.changes import KEPT
from schemas.errors import RefusalCode
from schemas.filing import commands as cm
from schemas.filing.state import Closing, Stage
from schemas.filing.submission import MAX_SUBMISSION_BYTES, content_digest
from schemas.ids import filing_workflow
from schemas.people import Actor, Role
from schemas.stream.edge import MAX_COMMAND_BYTES
from tests.acting import (
    BIRTH,
    NEVER_PAYS,
    Doubtful,
    Play,
    birth,
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
from tests.restarting import lost_and_restarted
from tests.workflow.plain import Plain, command, ended_cleanly, failed_tasks, length, refused_submission, submit

REFUSED: Final[Sequence[tuple[Plain, RefusalCode, str, str]]] = (
    (plain(birth(procedure="9.999999", version=None)), RefusalCode.BAD_SUBMISSION, "procedure", "unknown_procedure"),
    (plain(birth(version="1999")), RefusalCode.BAD_SUBMISSION, "version", "unknown_version"),
    (plain(birth(version=None)), RefusalCode.BAD_SUBMISSION, "procedure", "unknown_procedure"),
    (plain(birth(agency="H99.99")), RefusalCode.BAD_SUBMISSION, "agency", "unknown_agency"),
    (plain(birth(papers=[])), RefusalCode.BAD_SUBMISSION, "papers.birth_notice", "paper_required"),
    (plain(birth()) | {"channel": "pigeon"}, RefusalCode.BAD_START, "channel", "enum"),
    (plain(birth()) | {"fee_chanel": "counter"}, RefusalCode.BAD_START, "fee_chanel", "extra_forbidden"),
    (plain(birth()) | {"level": 4.0}, RefusalCode.BAD_START, "level", "int_type"),
    (plain(birth()) | {"form": {"child_name": 2**53}}, RefusalCode.BAD_START, "submission", "not_canonical_json"),
    (
        plain(birth()) | {"form": {f"f{n}": "x" * 4000 for n in range(MAX_SUBMISSION_BYTES // 4000 + 1)}},
        RefusalCode.BAD_START,
        "submission",
        "too_long",
    ),
)
"""Unfit or impossible submissions; `tests/unit/filing/test_admission.py` has all other rules."""


async def test_a_submission_that_is_refused_leaves_no_trace_and_can_be_corrected(running: World) -> None:
    for submission, code, field, rule in REFUSED:
        why = await refused_submission(running, submission)
        assert why.code is code
        assert (field, rule) in {(problem.field, problem.rule) for problem in why.problems}
    for submission, *_ in REFUSED:
        assert (await running.client.submit(birth(submission_id=submission["submission_id"]))).code is not None


async def test_an_unknown_field_beside_a_submission_is_refused_and_so_is_one_of_its_check(running: World) -> None:
    client, given = await stock(running), birth()
    stream = filing_workflow(of(given))
    why = await refusal(submit(client, {"submission": plain(given), "priority": 1}, workflow_id=stream))
    assert [(one.field, one.rule) for one in why.problems] == [("priority", "extra_forbidden")]
    await running.client.submit(given)
    filed = client.get_workflow_handle(stream)
    why = await refusal(filed.execute_update("submit", {"contnet": "0" * 64}))
    assert [(one.field, one.rule) for one in why.problems] == [("contnet", "extra_forbidden")]


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else "x"


SEALED_OR_SO: Final[dict[str, Sequence[Any]]] = {
    f"{encoding}, and {kind}": [RawValue(Payload(metadata={"encoding": encoding.encode()}, data=data))]
    for encoding in ("binary/encrypted", "motcua/not-opened")
    for kind, data in (("text", b"why"), ("no text", b"\xff"))
}
"""Encrypted payloads, for a worker without a codec."""
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
"""Payloads that the SDK would look up in a store of large payloads, of which there is none."""
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


async def test_a_signal_that_is_garbage_or_a_lie_is_dropped_and_the_filing_goes_on(running: World) -> None:
    play = await Play.accepted(running, extract(payer_account=NEVER_PAYS))
    await play.at(Stage.FEE)
    handle = (await stock(running)).get_workflow_handle(f"filing:{play.filing}")
    for arguments in SIGNALS.values():
        await handle.signal("fee_settled", args=arguments)
        await handle.signal("parcel_settled", args=arguments)
    await play.pay_by_hand()  # after all signals, and refused if one of them had paid
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
                assert (await refusal(handle.execute_update(kind, args=arguments))).code is RefusalCode.BAD_COMMAND
        assert await length(handle) == events
        assert await record(world) == before


async def test_what_does_not_fit_a_running_filing_is_refused_in_words(world: World) -> None:
    """The messages: a check of the filing's submission, a question, a query, and a command in the system's name."""
    async with world.platform():
        play = await Play.begin(world, birth())
        client = await stock(world)
        handle = client.get_workflow_handle(f"filing:{play.filing}")
        events = await length(handle)
        why = await refusal(handle.execute_update("accept", command(actor={"subject": "motcua", "role": "system"})))
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
UNKNOWN: Final = (
    Actor(subject="nobody", role=Role.RECEPTION, agency="H56.30"),
    Actor(subject="h56.30-specialist-1", role=Role.RECEPTION, agency="H56.30"),
    Actor(subject="h01.12-reception-1", role=Role.RECEPTION, agency="H56.30"),
)
"""Actors in no directory, in another role, and in another agency's directory."""


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


# At every edge: too long, garbage, hundreds of questions. Refused in words, and the filing takes the next command.

DECOMPOSED: Final = normalize("NFD", "Nguyễn Văn Ẩn")
COMPOSED: Final = normalize("NFC", DECOMPOSED)


def handle_of(client: Client, play: Play) -> WorkflowHandle[Any, Any]:
    return client.get_workflow_handle(f"filing:{play.filing}")


async def test_an_update_too_long_is_refused_in_words_and_the_next_command_goes_through(world: World) -> None:
    """Temporal accepts at most 4 MB, so a longer message never reaches the filing."""
    async with world.platform():
        play = await Play.begin(world, birth())
        handle = handle_of(await stock(world), play)
        sizes = (MAX_COMMAND_BYTES, 1_500_000, 2_200_000, 3_900_000)
        for update, size in (*(("ask", size) for size in sizes), ("submit", sizes[-1]), ("adopt_calendar", sizes[-1])):
            before, events, began = await record(world), await length(handle), monotonic()
            why = await refusal(handle.execute_update(update, command(question="x" * size)))
            refused = monotonic()
            assert (why.code, [problem.rule for problem in why.problems]) == (RefusalCode.BAD_COMMAND, ["too_long"])
            assert (await record(world), await length(handle)) == (before, events)
            # 0.3 s where the cores are idle; 25 s and more where the rejection is tried again and again.
            assert refused - began < 5
        with pytest.raises(RPCError, match="larger than max") as error:
            await handle.execute_update("ask", command(question="x" * 4_300_000))
        assert error.value.status is RPCStatusCode.RESOURCE_EXHAUSTED
        assert await length(handle) == events
        await play.act(cm.Ask, play.officer(Role.RECEPTION), question="Nơi sinh?")
        assert await failed_tasks(handle) == 0


async def test_texts_are_recorded_in_nfc_under_the_digest_of_what_was_sent(world: World) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        sent = birth(form=dict(birth().form) | {"child_name": DECOMPOSED})
        play = await Play.begin(world, sent)
        assert (await world.client.submit(sent)).digest == content_digest(plain(sent))
        with pytest.raises(SameIdOtherContent):
            await world.client.submit(sent.model_copy(update={"form": dict(sent.form) | {"child_name": COMPOSED}}))
        [filed] = [entry for entry in await world.client.timeline(play.filing) if entry.kind == "submitted"]
    assert filed.personal is not None
    assert filed.personal["form"]["child_name"] == COMPOSED


class Garbled:
    """A back office whose answers do not have the form of the contract."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    @activity.defn(name="backoffice.check")
    async def check(self, _: dict[str, Any]) -> Any:
        self.asked.set()
        return {"complete": "yes"}


@asynccontextmanager
async def garbled(world: World) -> AsyncIterator[Garbled]:
    """Runs a back office with unfit answers on the default queue."""
    office = Garbled()
    async with Worker(await stock(world), task_queue="backoffice", activities=[office.check]):
        yield office


async def test_yes_is_no_approval(world: World) -> None:
    async with world.platform():
        async with garbled(world) as office:
            play = await Play.begin(world, birth())
            await asyncio.wait_for(office.asked.wait(), 10)
            handle = handle_of(world.temporal, play)

            async def kinds() -> list[str]:
                return [str(event.WhichOneof("attributes")) for event in (await handle.fetch_history()).events]

            rests = "timer_started_event_attributes"
            await eventually(
                kinds, lambda found: rests in found[found.index(_ANSWERED) :] if _ANSWERED in found else False
            )
            view = await play.view()
        assert (view.stage, view.accepted_at, view.decision) == (Stage.INTAKE, None, None)
        assert await play.kinds() == ["submitted"]


_ANSWERED: Final = "activity_task_completed_event_attributes"


async def test_a_text_pays_no_fee_at_the_counter(world: World) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        play = await Play.accepted(world, extract(fee_channel="counter"))
        await play.at(Stage.FEE)
        handle = handle_of(await stock(world), play)
        cashier = officer(Role.CASHIER).model_dump(mode="json", exclude_none=True)
        for amount in ("16000", 16000.0, True):
            why = await refusal(handle.execute_update("pay_at_counter", command(actor=cashier, amount=amount)))
            assert [(problem.field, problem.rule) for problem in why.problems] == [("amount", "int_type")]
        assert (await play.view()).stage is Stage.FEE
        await handle.execute_update("pay_at_counter", command(actor=cashier, amount=16000))


ROUNDS: Final = 150
LONG: Final = "ế" * 2000
LARGEST: Final = 262_144


async def ask(play: Play, n: int, question: str = LONG) -> Any:
    return await play.act(cm.Ask, play.officer(Role.RECEPTION), command_id=f"ask-{n}", question=question)


def sizes(history: Any) -> list[int]:
    return [event.ByteSize() for event in history.events]


async def test_hundreds_of_the_longest_questions_do_no_harm(running: World) -> None:
    play = await Play.begin(running, extract())
    stream = filing_workflow(play.filing)
    first = await ask(play, 1)
    for n in range(1, ROUNDS):
        await play.act(cm.Answer, play.submission.actor, command_id=f"answer-{n}", n=n, answer=LONG)
        await ask(play, n + 1)
    assert await ask(play, 1) == first  # recorded long before: the log knows it
    with pytest.raises(SameIdOtherContent):
        await ask(play, 1, "khác")
    view = await play.view()
    assert [question.n for question in view.questions] == list(range(ROUNDS - KEPT, ROUNDS + 1))
    await lost_and_restarted(running, stream)
    await eventually(lambda: seen(running.temporal, stream), Known(view.seq, 2).__eq__)
    assert await ask(play, 2) != first
    assert (await play.view()).seq == view.seq  # that one too was recorded long before
    await play.accept()
    assert (await play.view()).stage is not Stage.INTAKE
    assert max(sizes(await running.temporal.get_workflow_handle(stream).fetch_history())) < LARGEST
