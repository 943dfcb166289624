"""At every edge: too long, invisible, garbage. Refused in words and at once, and the filing takes the next command."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Final
from unicodedata import normalize

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer, Worker

from motcua import SameIdOtherContent
from motcua.payloads.converter import data_converter
from schemas import text
from schemas.errors import Refusal, RefusalCode
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.filing.submission import content_digest
from schemas.people import Role
from schemas.stream.edge import MAX_COMMAND_BYTES
from tests.acting import (
    VIA,
    Doubtful,
    Play,
    birth,
    eventually,
    extract,
    officer,
    plain,
    record,
    refusal,
    stock,
)
from tests.conftest import World
from tests.workflow.plain import command, failed_tasks, length, refused_submission
from workers.wiring import WORKFLOWS

INVISIBLE: Final = "\u200b"
"""One of them; all others are `tests/unit/test_edge.py`'s."""
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


async def refused_at_last(handle: WorkflowHandle[Any, Any], said: dict[str, Any]) -> Refusal:
    """Why it is refused, once Temporal takes it: of what is in flight for a workflow, it takes 4 MB at a time."""
    while True:
        try:
            return await refusal(handle.execute_update("ask", said))
        except RPCError as error:
            if error.status is not RPCStatusCode.RESOURCE_EXHAUSTED:
                raise


async def test_commands_go_through_beside_updates_too_long_for_temporal(world: World) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
        handle = handle_of(await stock(world), play)
        # A refusal repeats what it refuses. Some of these are more together than one answer of a worker can be.
        sizes = (2_200_000, 3_900_000, 2_200_000, 1_500_000)
        huge = [refused_at_last(handle, command(question="x" * size)) for size in sizes]
        asked = [play.act(cm.Ask, play.officer(Role.RECEPTION), question=f"{n}?") for n in range(3)]
        reasons, _ = await asyncio.gather(asyncio.gather(*huge), asyncio.gather(*asked))
        assert [why.problems[0].rule for why in reasons] == ["too_long"] * len(sizes)
        assert len((await play.view()).questions) == len(asked)
        assert await failed_tasks(handle) == 0


async def test_what_nobody_sees_and_ids_that_look_personal_are_refused_in_a_command(world: World) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
        handle, before = handle_of(await stock(world), play), await record(world)
        why = await refusal(handle.execute_update("ask", command(question=f"Nơi{INVISIBLE}sinh?")))
        assert why.code is RefusalCode.BAD_COMMAND
        assert [(problem.field, problem.rule) for problem in why.problems] == [("question", "invisible_text")]
        given = command(command_id="0912345678", via={"principal": "001099012345"})
        why = await refusal(handle.execute_update("accept", given))
        found = {(problem.field, problem.rule) for problem in why.problems}
        assert found == {("command_id", "looks_personal"), ("via.principal", "looks_personal")}
        assert await record(world) == before


async def test_so_they_are_in_a_submission_which_can_be_corrected(running: World) -> None:
    given = plain(birth())
    applicant = given["applicant"] | {"name": f"Nguyễn{INVISIBLE}An"}
    form = given["form"] | {"child_name": f"An{INVISIBLE}"}
    why = await refused_submission(running, given | {"applicant": applicant, "form": form})
    assert why.code is RefusalCode.BAD_START
    found = {(problem.field, problem.rule) for problem in why.problems}
    assert found == {("applicant.name", "invisible_text"), ("form.child_name", "invisible_text")}
    for field in ("client_id", "submission_id"):
        why = await refused_submission(running, given | {field: "001099012345"})
        assert [(problem.field, problem.rule) for problem in why.problems] == [(field, "looks_personal")]
    await running.client.submit(birth(submission_id=given["submission_id"]))


async def test_texts_are_recorded_in_nfc_under_the_digest_of_what_was_sent(world: World) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        sent = birth(form=dict(birth().form) | {"child_name": DECOMPOSED})
        play = await Play.begin(world, sent)
        assert (await world.client.submit(sent)).digest == content_digest(plain(sent))
        with pytest.raises(SameIdOtherContent):
            await world.client.submit(sent.model_copy(update={"form": dict(sent.form) | {"child_name": COMPOSED}}))
        asking = {"question": DECOMPOSED, "command_id": "ask-1"}
        first = await play.act(cm.Ask, play.officer(Role.RECEPTION), **asking)
        assert await play.act(cm.Ask, play.officer(Role.RECEPTION), **asking) == first
        said = {"actor": play.officer(Role.RECEPTION), "via": VIA} | asking
        assert first.digest == cm.content_of(cm.Ask.model_validate(said))
        with pytest.raises(SameIdOtherContent):
            await play.act(cm.Ask, play.officer(Role.RECEPTION), **asking | {"question": COMPOSED})
        assert [question.question for question in (await play.view()).questions] == [COMPOSED]
        [filed] = [entry for entry in await world.client.timeline(play.filing) if entry.kind == "submitted"]
    assert filed.personal is not None
    assert filed.personal["form"]["child_name"] == COMPOSED


async def test_what_was_recorded_before_replays_and_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"An\u200b{DECOMPOSED}"
    async with world.back_office(Doubtful()):
        with monkeypatch.context() as before:
            before.setattr(text, "_seen", lambda value, *_: value)
            before.setattr(text, "_PERSONAL", re.compile("(?!)"))
            async with world.platform():
                play = await Play.begin(
                    world, birth(submission_id="c-0912345678", form=dict(birth().form) | {"child_name": name})
                )
                await play.act(
                    cm.Ask, play.officer(Role.RECEPTION), question="Nơi\u202esinh?", command_id="001099012345"
                )
        handle = handle_of(world.temporal, play)
        history = await handle.fetch_history()
        await Replayer(workflows=WORKFLOWS, data_converter=data_converter).replay_workflow(history)
        async with world.platform():
            assert (await world.client.submit(play.submission)).code == play.code
            await play.accept()
            [question] = (await play.view()).questions
    assert question.question == "Nơi\u202esinh?"


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
