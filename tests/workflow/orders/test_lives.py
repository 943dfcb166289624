"""A failure that is marked as final makes filings and results read the log again, and has no other effect."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any, Final, get_type_hints
from uuid import uuid4

import pikepdf
import pytest
from temporalio import activity
from temporalio.activity import _Definition
from temporalio.api.history.v1 import HistoryEvent
from temporalio.exceptions import ApplicationError

from activities.ledger.findings import Findings
from activities.results.printing import PRINT
from motcua import BackOffice, Document, IssueRequest
from motcua.files.store import Store, open_store
from publishing.authoring.procedures import publish
from rules.result.evidence import stored
from schemas.backoffice import IssueAnswer
from schemas.files import FileRef, ScanState
from schemas.filing.state import Stage
from schemas.ids import filing_workflow, result_workflow
from schemas.result.commands import DeclineSignature, SignAgain
from tests.acting import FILE, Play, birth, eventually, stock
from tests.any_files import FoundLate, Orders, Receives, any_file_activities, received_by
from tests.conftest import World
from tests.rogue import Rogue, ordered, rogues
from tests.sound import sound
from tests.workflow.results import LEADER, PROCEDURE, RELEASED, VERSION, act, decided, set_up, signers, waits_for
from workers.wiring import open_pool, platform_worker
from workflows import agency

PAUSE: Final = timedelta(seconds=1)
"""The pause before each activity is requested again, in place of ten seconds."""
BOTH: Final = ("not_ordered", "somebody's word")
"""The types of the errors that are marked as final: each for a filing of its own, so that both wait together."""


def failing(function: Callable[..., Any], times: int, types: Sequence[str]) -> Callable[..., Any]:
    """Returns the activity, made to fail at first with errors that are marked as final, but not for an intruder's run.

    It fails `times` times for each filing: for the first filing with the first of the types, and so on.
    """
    name = _Definition.must_from_callable(function).name
    left: dict[str, list[str]] = {}

    async def fails(said: Any) -> Any:
        info = activity.info()
        if info.workflow_type != Rogue.__name__:
            mine = left.setdefault(str(info.workflow_id).split(":")[1], [types[len(left) % len(types)]] * times)
            if mine:
                raise ApplicationError("no", type=mine.pop(), non_retryable=True)
        return await function(said)

    hints = get_type_hints(function)
    fails.__annotations__ = {"said": next(hint for place, hint in hints.items() if place != "return")}
    return activity.defn(name=name)(fails)


@pytest.fixture(autouse=True)
def _asked_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agency, "_ASKED_AGAIN", PAUSE)


@asynccontextmanager
async def platform(
    world: World,
    fails: dict[str, int],
    types: Sequence[str],
    reception: Receives | None = None,
    office: BackOffice | None = None,
) -> AsyncIterator[None]:
    """Runs a platform on which the activities in `fails` fail this many times for each filing."""
    settings = world.settings.model_copy(update={"sandbox": False})
    async with any_file_activities(settings) as given:
        received = received_by(reception, given) if reception else given
        named = {_Definition.must_from_callable(one).name: one for one in received.working}
        named |= {name: failing(named[name], times, types) for name, times in fails.items()}
        functions = replace(given, working=tuple(named.values()))
        async with platform_worker(world.temporal, functions, settings), world.back_office(office):
            yield


async def test_a_result_is_made_and_signed_all_the_same_and_nobody_is_told(world: World) -> None:
    await publish(world.owner_dsn, PROCEDURE.encode())
    await set_up(world, signers())
    async with platform(world, {PRINT: 1, "papers.confirm": 1, "result.prepare": 1, "result.sign": 1}, BOTH):
        plays = [await decided(world, version=VERSION) for _ in BOTH]
        for play in plays:
            await play.at(Stage.CLOSED)
    for play in plays:
        assert await play.kinds("result", 1) == RELEASED
    await sound(world)


async def test_a_scan_is_asked_for_again_after_a_while(world: World) -> None:
    async with platform(world, {"reception.scan": 1}, BOTH, FoundLate(Orders(world.settings))):
        plays = [await Play.begin(world, birth(papers=[{"code": "birth_notice", "file": FILE}])) for _ in BOTH]
        for play in plays:
            await eventually(play.view, lambda view: view.scan is ScanState.INFECTED)
            handle = world.temporal.get_workflow_handle(filing_workflow(play.filing))
            scheduled = [e async for e in handle.fetch_history_events() if _scheduled(e) == "reception.scan"]
            first, again = (one.event_time.ToDatetime() for one in scheduled)
            assert again - first >= PAUSE


def _scheduled(event: HistoryEvent) -> str:
    return event.activity_task_scheduled_event_attributes.activity_type.name


async def test_a_filing_issues_its_result_all_the_same(world: World) -> None:
    async with platform(world, {"papers.confirm": 2}, BOTH):
        plays = [await decided(world) for _ in BOTH]
        for play in plays:
            await play.at(Stage.CLOSED)
            assert "machine_work_failing" not in await play.kinds()
    await sound(world)


AGAIN: Final = 1000
"""A number of failures that lasts until the test is over."""


async def test_a_file_is_prepared_only_for_the_number_that_waits_for_it(world: World) -> None:
    async with platform(world, {}, ()):
        play = await waits_for(world, "signature")
    async with platform(world, {"result.prepare": AGAIN}, BOTH[1:]):
        await act(play, DeclineSignature, LEADER, reason="sai họ tên")
        await act(play, SignAgain, LEADER)
        stream, last = result_workflow(play.filing, 1), len(await play.kinds("result", 1))
        file = await Store(open_store(world.objects)).put(play.filing, b"Kh\xc3\xb4ng", "text/plain")
        theirs = file.model_copy(update={"key": f"files/{uuid4()}/{file.sha256}"})
        orders = [
            (
                "result.prepare",
                {"order": {"stream": stream, "seq": seq}, "answer": {"result": one.model_dump(mode="json")}},
            )
            for seq, one in [(1, file), (last, theirs), (last + 1, file), (last, file)]
        ]
        async with rogues(client := await stock(world)), open_pool(world.settings) as pool:
            unknown = await ordered(client, orders[-1:])
            await Findings(pool).keep(stream, *(stored(IssueAnswer(result=one)) for one in (file, theirs)))
            outcomes = await ordered(client, orders)
    assert [one.refused for one in (*unknown, *outcomes)] == ["not_ordered"] * 4 + [None]


class MakesNothing(BackOffice):
    """An agency that makes its results by itself, but fails each time."""

    async def issue(self, request: IssueRequest) -> bytes | Document:
        raise LookupError(request.request_id)


async def test_what_is_printed_is_the_same_whoever_asks_and_when(world: World) -> None:
    await publish(world.owner_dsn, PROCEDURE.encode())
    async with platform(world, {PRINT: AGAIN}, BOTH[1:], office=MakesNothing()):
        play, elsewhere = await decided(world, version=VERSION), await decided(world)
        await play.at(Stage.ISSUE)
        await elsewhere.at(Stage.ISSUE)
        stream, last = filing_workflow(play.filing), len(await play.kinds())
        orders = [(PRINT, {"stream": stream, "seq": seq}) for seq in (1, last - 1, last)]
        orders.insert(0, (PRINT, {"stream": filing_workflow(elsewhere.filing), "seq": len(await elsewhere.kinds())}))
        async with rogues(client := await stock(world)):
            first = await ordered(client, orders)
            again = await ordered(client, orders[-1:])
    assert [one.refused for one in first] == ["not_ordered"] * 3 + [None]
    assert first[-1].answer == again[-1].answer
    printed = await Store(open_store(world.objects)).get(FileRef.model_validate(first[-1].answer["result"]))
    at = await world.fetchval("select occurred_at from event where stream = $1 and seq = $2", stream, last)
    with pikepdf.open(BytesIO(printed)) as pdf:
        assert f"{at:%Y%m%d%H%M%S}" in str(pdf.docinfo["/CreationDate"]), "as of when it was to be made"
