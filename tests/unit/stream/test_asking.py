"""A request to an activity is repeated after a failure, unreadable bytes, or an answer without evidence."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError, RetryState

from activities.parcel import POST, Handed, Parcels
from activities.reprojection import PAGES
from motcua.payloads.converter import NOT_OPENED, data_converter
from rules.streams import PARCEL
from schemas.errors import Refusal, RefusalCode, problem
from schemas.parcel.state import ParcelState
from schemas.stream.reprojection import Page, Turned
from schemas.stream.restart import HEAL, TAKE_OVER, UNRECORDED, Look
from tests.unit.stream.shell import FILING, NOW, Engine, InTurn
from workflows import reprojection
from workflows.parcel import ParcelLife
from workflows.stream.asking import UnreadableError, answered, instruction, question, readable
from workflows.stream.recording import KeyMissingError
from workflows.stream.starting import Resume

START: Final = {
    "filing_id": str(FILING),
    "n": 1,
    "agency": "H01.30",
    "address": {"recipient": "Nguyễn Văn An", "phone": "0900000000", "address": "1 Hàng Bài", "postcode": "10000"},
    "contents": "H01.30-1",
    "limit": "5 working days",
    "since": NOW.isoformat(),
    "calendar": "vn@2026.1",
    "due": (NOW + timedelta(days=7)).isoformat(),
}
UNFOUND: Final = Refusal(code=RefusalCode.NOT_AUTHORISED, problems=(problem("", "not_recorded"),))


def failed(retry: RetryState, delay: timedelta | None = None) -> ActivityError:
    about: dict[str, Any] = {"scheduled_event_id": 1, "started_event_id": 2, "identity": "a stranger"}
    error = ActivityError("failed", activity_type="parcel.send", activity_id="1", retry_state=retry, **about)
    error.__cause__ = ApplicationError("no", type="not_taken", next_retry_delay=delay)
    return error


async def sending(engine: Engine, *answers: Any) -> ParcelLife:
    engine.run.workflow_id = f"parcel:{FILING}:1"
    life = ParcelLife(PARCEL, START)
    await life._begin()
    engine.refuses = lambda batch: UNFOUND if "evil" in str(batch.events) else None
    engine.answers = InTurn({"send": [*answers, Handed(waybill="VN1")]})
    await life._send()
    return life


FORGED: Final[dict[str, Any]] = {
    "an invention": Handed(waybill="evil"),
    "a refusal of nobody's": Handed(refused="evil"),
    "nothing": None,
    "a text": "ok",
    "another shape": {"waybill": 5},
    "a final failure": failed(RetryState.NON_RETRYABLE_FAILURE),
    "no answer in time": failed(RetryState.TIMEOUT),
    "a retry in ten years": failed(RetryState.TIMEOUT, timedelta(days=3650)),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
async def test_nothing_is_recorded_but_what_was_found_out(engine: Engine, forged: Any) -> None:
    life = await sending(engine, forged, forged)
    assert engine.kinds == ["consignment_requested", "consignment_sent"]
    assert (life.stream.state.state, life.stream.state.waybill) == (ParcelState.SENT, "VN1")
    assert [name for name, _ in engine.asked] == ["send"] * 3


async def test_an_answer_of_no_use_is_counted_by_activity_and_reason(engine: Engine) -> None:
    await sending(engine, None, "ok", failed(RetryState.NON_RETRYABLE_FAILURE))
    assert engine.meter.told["motcua_answers_unfounded_total"] == [
        (1, {"activity": "parcel.send", "reason": why}) for why in ("UnreadableError", "UnreadableError", "failed")
    ]


async def test_each_pause_is_twice_the_one_before_but_for_what_was_not_answered_in_time(engine: Engine) -> None:
    late = failed(RetryState.TIMEOUT, timedelta(days=3650))
    await sending(engine, *[failed(RetryState.TIMEOUT)] * 2, *[Handed(waybill="evil"), late] * 4)
    pauses = [wait["timeout"].total_seconds() for wait in engine.waits if wait.get("timeout")]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_the_server_may_repeat_a_question_for_so_long_and_then_twice_as_long(engine: Engine) -> None:
    given: list[timedelta] = []
    start = engine.start_activity

    def noting(name: str, request: Any, **options: Any) -> Any:
        given.append(options["schedule_to_close_timeout"])
        return start(name, request, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("temporalio.workflow.start_activity", noting)
        await sending(engine, *[failed(RetryState.TIMEOUT)] * 9)
    assert [one / timedelta(minutes=1) for one in given] == [10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]


def test_an_answer_that_was_read_before_waits_for_its_key(engine: Engine) -> None:
    sealed = RawValue(Payload(metadata={"encoding": NOT_OPENED}, data=b"there is no key"))
    with pytest.raises(UnreadableError):
        readable(sealed, Handed)
    engine.marked = False
    with pytest.raises(KeyMissingError):
        readable(sealed, Handed)
    with pytest.raises(UnreadableError):
        readable(None, Handed)


async def test_what_is_out_of_date_is_over_although_its_retry_lies_beyond_it(engine: Engine) -> None:
    """The activity would be retried only after a hundred years; the request still ends once it is out of date."""
    engine.run.workflow_id = f"parcel:{FILING}:1"
    life = ParcelLife(PARCEL, START)
    await life._begin()
    engine.answers = {"send": failed(RetryState.TIMEOUT, timedelta(days=36500))}
    order, second = instruction(life.stream), timedelta(seconds=1)
    assert await life.ask(question(Parcels.send, order, life._handed, POST, second))
    assert not await life.ask(question(Parcels.send, order, life._handed, POST, 60 * second)), "anybody can say so"
    engine.answers = {"send": failed(RetryState.TIMEOUT)}
    life._asking._in_vain = 0
    assert await life.ask(question(Parcels.send, order, life._handed, POST, 60 * second))


class ContinuedError(Exception):
    """Raised when a run continues as a new one; contains the new run's input."""


@pytest.fixture
def continues(monkeypatch: pytest.MonkeyPatch) -> None:
    def next_run(given: Any, **_: Any) -> None:
        raise ContinuedError(given)

    monkeypatch.setattr(workflow, "continue_as_new", next_run)


async def lied_to(engine: Engine, then: Callable[[ParcelLife], None] = lambda _: None) -> None:
    """Begins a parcel's run, calls `then`, and empties the log, which an activity's next answer then reveals."""
    engine.run.workflow_id = f"parcel:{FILING}:1"
    life = ParcelLife(PARCEL, START)
    await life._begin()
    then(life)
    engine.log.clear()

    def conflict(_: object) -> None:
        raise ApplicationError("holds less", type=RefusalCode.LEDGER_CONFLICT)

    engine.before_answer = conflict
    engine.answers = InTurn({TAKE_OVER: ApplicationError("no such stream", type=UNRECORDED), "send": ["nonsense"]})
    await life.live()


@pytest.mark.usefixtures("continues")
async def test_a_run_whose_stream_was_never_recorded_begins_anew_with_its_own_input(engine: Engine) -> None:
    with pytest.raises(ContinuedError) as next_run:
        await lied_to(engine)
    assert next_run.value.args == (START,)


async def test_a_run_that_begins_anew_asks_for_what_it_may_have_been_told_before(engine: Engine) -> None:
    engine.run.workflow_id = f"parcel:{FILING}:1"
    for before, recalled in ((None, False), ("the run before", True)):
        engine.run.continued_run_id = before
        life = ParcelLife(PARCEL, START)
        await life._begin()
        assert life.memory.recall is recalled


@pytest.mark.usefixtures("continues")
async def test_a_run_that_others_began_can_not_begin_anew_and_ends(engine: Engine) -> None:
    def resumed(life: ParcelLife) -> None:
        life._resume = Resume(1, None)

    with pytest.raises(ApplicationError) as error:
        await lied_to(engine, resumed)
    assert error.value.type == RefusalCode.LEDGER_CONFLICT


@pytest.mark.parametrize("nonsense", [None, "ok", {"healed": 5}])
@pytest.mark.usefixtures("engine")
async def test_nonsense_fails_the_run_and_not_its_task_for_ever(nonsense: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(*_: Any, **__: Any) -> RawValue:
        return RawValue(data_converter.payload_converter.to_payload(nonsense))

    monkeypatch.setattr(workflow, "execute_activity", answer)
    with pytest.raises(ApplicationError) as error:
        await answered(HEAL, Look, PAGES)
    assert error.value.type == "unreadable"


async def test_a_page_of_another_calendar_is_asked_for_until_it_is_ours(engine: Engine) -> None:
    engine.answers = InTurn({"page": ["nonsense", failed(RetryState.NON_RETRYABLE_FAILURE), Turned(turned=3)]})
    assert (await reprojection._turned(Page(calendar="vn@2026.1", kind="filing", after=""))).turned == 3
    assert len(engine.slept) == 2
