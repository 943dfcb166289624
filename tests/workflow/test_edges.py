"""At every edge: too long, garbage, hundreds of questions. Refused in words, and the filing takes the next command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Final
from unicodedata import normalize

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from motcua import SameIdOtherContent
from recovery.behind import Known, seen
from rules.filing.changes import KEPT
from schemas.errors import RefusalCode
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.filing.submission import content_digest
from schemas.ids import filing_workflow
from schemas.people import Role
from schemas.stream.edge import MAX_COMMAND_BYTES
from tests.acting import Doubtful, Play, birth, eventually, extract, officer, plain, record, refusal, stock
from tests.conftest import World
from tests.restarting import lost_and_restarted
from tests.workflow.plain import command, failed_tasks, length

DECOMPOSED: Final = normalize("NFD", "Nguyễn Văn Ẩn")
COMPOSED: Final = normalize("NFC", DECOMPOSED)


def handle_of(client: Client, play: Play) -> WorkflowHandle[Any, Any]:
    return client.get_workflow_handle(f"filing:{play.filing}")


async def test_an_update_too_long_is_refused_in_words_and_the_next_command_goes_through(world: World) -> None:
    """Temporal takes no more than 4 MB, and that does not reach the filing."""
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
    """A back office whose answers mean something only to those who guess."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    @activity.defn(name="backoffice.check")
    async def check(self, _: dict[str, Any]) -> Any:
        self.asked.set()
        return {"complete": "yes"}


@asynccontextmanager
async def garbled(world: World) -> AsyncIterator[Garbled]:
    """It works on the default queue."""
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
        play = await Play.begin(world, extract(fee_channel="counter"))
        await play.accept()
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
    history = await running.temporal.get_workflow_handle(stream).fetch_history()
    assert max(sizes(history)) < LARGEST
