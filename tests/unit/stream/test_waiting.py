"""The start of a run, the end of a wait, and the next run's input after a continue-as-new or a takeover."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final

import pytest
from pydantic_core import to_json
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.intake import OpenRequest, OpenResult
from rules.stream_kind import StreamKind
from rules.streams import FILING as FILING_KIND
from rules.streams import PAYMENT
from schemas.backoffice import CheckAnswer
from schemas.errors import NOT_READY, RefusalCode, RefusalError
from schemas.filing.commands import AdoptCalendar
from schemas.filing.state import FeeFact
from schemas.stream.edge import UNOPENED
from schemas.stream.restart import PROVE, Restart
from schemas.stream.snapshots import Snapshot
from tests.appeals import APPEAL, Appeal, AppealWorkflow
from tests.unit.filing import lives
from tests.unit.stream.shell import FILING, NAME, Engine, answer, lodge, stream
from workflows import agency
from workflows.filing import FilingLife
from workflows.payment.workflow import PaymentLife
from workflows.stream import waiting
from workflows.stream.recording import KeyMissingError, single_argument
from workflows.stream.reporting import report
from workflows.stream.shell import Life
from workflows.stream.starting import continue_as_new_input

START: Final = {"filing_id": str(FILING), "n": 1, "agency": "H01.30", "about": "chậm trễ"}
FACT: Final = FeeFact.model_validate({"n": 1, "settlement": "paid", "amount": 1})


class ContinuedError(Exception):
    """Raised when a run ends; contains the input of the next run."""


@pytest.fixture
def continued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, dict[str, Any]]]:
    given: list[tuple[Any, dict[str, Any]]] = []

    def continue_as_new(what: Any, **how: Any) -> None:
        given.append((what, how))
        raise ContinuedError

    monkeypatch.setattr(workflow, "continue_as_new", continue_as_new)
    return given


async def test_a_wait_ends_when_it_is_done_and_says_how_long_it_may_take(engine: Engine) -> None:
    await waiting.wait_for(stream(), lambda: True, within=timedelta(hours=1), summary="for an officer")
    assert engine.waits == [{"timeout": timedelta(hours=1), "timeout_summary": "for an officer"}]
    with pytest.raises(TimeoutError):
        await waiting.wait_for(stream(), lambda: False)
    assert engine.waits[-1] == {"timeout": None, "timeout_summary": None}


@pytest.mark.usefixtures("engine")
async def test_a_run_that_makes_way_waits_no_longer_but_what_is_done_is_done() -> None:
    waits = stream()
    waits.makes_way = True
    await waiting.wait_for(waits, lambda: True)
    for wait in (waiting.wait_for(waits, lambda: False), waiting.pause(waits, timedelta(1), "")):
        with pytest.raises(waiting.ContinueAsNewDueError):
            await wait


@pytest.mark.usefixtures("engine")
async def test_whatever_is_done_a_run_that_took_its_stream_over_or_was_taken_over_ends() -> None:
    waits = stream()
    waits.makes_way = waits.anew = True
    with pytest.raises(waiting.ContinueAsNewDueError):
        await waiting.wait_for(waits, lambda: True)
    waits.superseded = True
    with pytest.raises(ApplicationError) as error:
        await waiting.wait_for(waits, lambda: True)
    assert (error.value.type, error.value.non_retryable) == (RefusalCode.LEDGER_CONFLICT, True)


async def test_a_fact_is_told_again_and_again_more_and_more_slowly_until_there_is_somebody(engine: Engine) -> None:
    engine.answers |= {"tell": False, "closed": False}
    slept: list[timedelta] = []

    def note_waits(_: Any) -> None:
        slept.extend(wait["timeout"] for wait in engine.waits if wait.get("timeout"))
        engine.waits.clear()
        engine.answers["tell"] = len(slept) >= 8

    engine.before_answer = note_waits
    assert await report(stream(), "fee_settled", FACT)
    assert [pause.total_seconds() for pause in slept] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert {asked[0] for asked in engine.asked} == {"tell", "closed"}
    assert (dict(engine.asked)["tell"].id, dict(engine.asked)["closed"]) == (f"filing:{FILING}", f"filing:{FILING}")
    assert {batch.command_id for batch in engine.batches} == {"catch-up"}


async def test_nobody_is_told_once_the_record_says_that_the_filing_has_ended(engine: Engine) -> None:
    engine.answers |= {"tell": False, "closed": True}
    assert not await report(stream(), "fee_settled", FACT)
    assert engine.batches == []


# How a life goes on.


def open_result(agency: str | None = "H01.30") -> OpenResult:
    return OpenResult(procedure=None, calendar=lives.CALENDAR, agency=agency, queue=None, digests=None)


async def test_a_run_that_is_to_go_on_from_the_log_reads_it_first(engine: Engine) -> None:
    engine.somebody_else({"kind": "appealed", "about": "x"}, "lodge")
    engine.answers["open"] = open_result()
    seen: list[Any] = []

    class Taking(Life[Any]):
        def taken_over(self, found: OpenResult) -> None:
            seen.append(found)

        async def caught_up(self) -> None:
            seen.append(self.stream.state.seq)

    life = Taking(APPEAL, {"restart": {"epoch": 3}})
    with pytest.raises(RefusalError) as early:
        _ = life.stream
    assert early.value.refusal == NOT_READY
    await life._begin()
    assert engine.asked == [("open", OpenRequest(stream=NAME))]
    assert [(batch.command_id, batch.epoch, batch.next_seq) for batch in engine.batches] == [("catch-up", 3, 1)]
    assert seen == [open_result(), 1]
    assert (life.stream.state.agency, str(life.stream.id), life.stream.epoch) == ("H01.30", NAME, 4)


async def test_nothing_is_judged_by_half_of_a_log(engine: Engine) -> None:
    """Commands wait until the whole log has been read."""
    for about in ("x", "y"):
        engine.somebody_else({"kind": "appealed", "about": about}, about)
    engine.answers["open"] = open_result()
    life: Life[Any] = Life(APPEAL, {"restart": {"epoch": 3}})
    begun: list[bool] = []

    def first_page(_: object) -> None:
        begun.append(life.has_begun)
        seq = len(begun)
        engine.told = {"stored": (engine.log[seq - 1],), "receipts": (engine.receipts[seq - 1],), "more": seq == 1}

    engine.before_answer = first_page
    await life._begin()
    assert begun == [False, False]
    assert (life.has_begun, life.stream.state.seq) == (True, 2)


async def test_nothing_is_taken_over_that_the_log_does_not_hold(engine: Engine) -> None:
    engine.answers["open"] = open_result(agency=None)
    with pytest.raises(ApplicationError) as error:
        await Life(APPEAL, {"restart": {}})._begin()
    assert error.value.details[0]["problems"][0]["rule"] == "nothing_recorded"


async def test_what_was_begun_before_with_other_words_goes_on_as_the_log_says(engine: Engine) -> None:
    first: Life[Any] = Life(APPEAL, START)
    await first._begin()
    again: Life[Any] = Life(APPEAL, START | {"about": "khác"})
    await again._begin()
    assert (again.refusal, again.stream.state.seq, len(engine.log)) == (None, 1, 1)


@pytest.mark.parametrize("stays", [True, False])
async def test_a_run_that_makes_way_gives_the_next_all_it_knows_once_nobody_waits_for_it(
    engine: Engine, continued: list[tuple[Any, dict[str, Any]]], *, stays: bool
) -> None:
    life: Life[Any] = Life(APPEAL, START)
    await life._begin()
    life.stream.makes_way, life.stream.stays = True, stays
    with pytest.raises(ContinuedError):
        await life.live()
    [(given, how)] = continued
    assert (given["restart"].epoch, given["snapshot"]) == (4, life._snapshot())
    upgrades = workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE
    assert how == ({} if stays else {"initial_versioning_behavior": upgrades})
    assert engine.handlers_finished


async def test_a_run_that_has_taken_its_stream_over_gives_the_next_the_log_to_read(
    engine: Engine, continued: list[tuple[Any, dict[str, Any]]]
) -> None:
    """The next run stays on this build, which has read the log; other builds might not be able to read it."""
    life: Life[Any] = Life(APPEAL, START)
    await life._begin()
    life.stream.makes_way = life.stream.anew = True
    with pytest.raises(ContinuedError):
        await life.live()
    assert continued == [({"restart": Restart(epoch=4)}, {})]
    assert engine.handlers_finished


async def test_a_life_without_anything_to_do_by_itself_lasts_as_long_as_its_stream_is_open(engine: Engine) -> None:
    life: Life[Any] = Life(APPEAL, START)
    await life._begin()
    with pytest.raises(TimeoutError):
        await life.proceed()
    await life.take_command(answer())
    await life.live()
    assert len(engine.log) == 2


async def test_a_nudge_asks_the_log_and_a_life_that_was_refused_asks_nobody(engine: Engine) -> None:
    nudge: Any = AppealWorkflow.__dict__["nudge"]
    life: Life[Any] = Life(APPEAL, START)
    await life._begin()
    await nudge(SimpleNamespace(life=life))
    assert engine.batches[-1].command_id == "catch-up"
    asked = len(engine.batches)
    refused: Life[Any] = Life(APPEAL, "x")
    await nudge(SimpleNamespace(life=refused))
    assert len(engine.batches) == asked
    with pytest.raises(RefusalError) as error:
        refused.check_command(lodge())
    assert error.value.refusal.code is RefusalCode.BAD_START


def test_a_workflow_of_a_kind_has_its_life_and_an_update_for_each_command(engine: Engine) -> None:
    assert engine.run.workflow_id == NAME
    assert AppealWorkflow(START).life.start.about == "chậm trễ"
    definition: Any = workflow._Definition.must_from_class(AppealWorkflow)
    assert set(definition.updates) == {"answer_appeal", "adopt_calendar"}
    assert set(definition.signals) == {"nudge"}
    assert definition.updates["adopt_calendar"].description == AdoptCalendar.__doc__


def input_of(life: Life[Any]) -> dict[str, Any]:
    """Returns the input of the next run in the form in which it arrives there."""
    given = continue_as_new_input(life.stream, life._snapshot())
    return {name: json.loads(to_json(value)) for name, value in given.items()}


async def ended(engine: Engine) -> tuple[Life[Appeal], dict[str, Any]]:
    """Returns a workflow that has recorded two commands, and the input of its next run."""
    life: Life[Appeal] = Life(APPEAL, START)
    await life._begin()
    await life.take_command(answer())
    engine.run.continued_run_id = "the run before"
    return life, input_of(life)


async def test_a_run_goes_on_where_the_one_before_left_off(engine: Engine) -> None:
    before, given = await ended(engine)
    life: Life[Appeal] = Life(APPEAL, given)
    assert (life.refusal, life.has_begun, life.stream.epoch) == (None, True, 4)
    assert (life.stream.state, life.stream.receipts.kept) == (before.stream.state, before.stream.receipts.kept)
    asked = len(engine.batches)
    assert await life.take_command(answer()) == before.stream.receipts["answer-1"]
    assert [batch.events for batch in engine.batches[asked:]] == [()]


async def test_a_run_goes_on_only_from_what_it_can_prove_to_be_of_the_one_before(engine: Engine) -> None:
    engine.extern[PROVE] = lambda stream, run: f"{stream} {run}"
    before, given = await ended(engine)
    assert given["proof"] == f"{NAME} this run"
    no_proof: tuple[Any, ...] = ("made up", None, [], {}, f"{NAME} this run")
    for proof in no_proof:
        assert not Life[Appeal](APPEAL, given | {"proof": proof}).has_begun
    life: Life[Appeal] = Life(APPEAL, given | {"proof": f"{NAME} the run before"})
    assert life.stream.state == before.stream.state


async def test_more_receipts_than_are_kept_are_handed_on_as_marks(engine: Engine) -> None:
    before, _ = await ended(engine)
    for n in range(200):
        await before.stream.record(lodge().model_copy(update={"command_id": f"c{n}"}))
    life: Life[Appeal] = Life(APPEAL, input_of(before))
    assert all(life.stream.receipts.may_hold(f"c{n}") for n in range(200))
    assert not life.stream.receipts.may_hold("never")


@pytest.mark.parametrize(
    ("kind", "life", "known"),
    [
        (FILING_KIND, FilingLife, {"queue": "agency.H01", "checked": True}),
        (PAYMENT, PaymentLife, {"cancel": "withdrawn", "told": True, "begun": ("m1",)}),
    ],
    ids=["filing", "payment"],
)
def test_what_a_run_knows_beside_its_log_is_handed_on(
    engine: Engine, kind: StreamKind[Any], life: type[Life[Any]], known: dict[str, Any]
) -> None:
    engine.run.workflow_id = f"{kind.name}:{FILING}" + (":1" if kind is PAYMENT else "")
    engine.run.continued_run_id = "the run before"
    state = PAYMENT.state(filing_id=FILING, n=1, agency="H01", seq=3) if kind is PAYMENT else lives.Life().filing
    snapshot = Snapshot(state=state.model_dump(mode="json"), receipts=(), memory=known)
    one = life(kind, {"restart": {"epoch": 2}, "snapshot": snapshot.model_dump(mode="json")})
    assert (one.refusal, one.memory.model_dump()) == (None, known)
    two = life(kind, input_of(one))
    assert (two.memory, two.stream.state, two.stream.epoch) == (one.memory, state, 2)


async def test_what_the_run_before_has_handed_on_and_nobody_can_open_is_waited_for(engine: Engine) -> None:
    assert Life(APPEAL, UNOPENED).refusal is not None  # anybody's
    engine.run.continued_run_id = "the run before"
    with pytest.raises(KeyMissingError):
        Life(APPEAL, UNOPENED)


@pytest.mark.parametrize("answered", [True, False])
async def test_what_the_back_office_has_said_is_asked_for_no_second_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, *, answered: bool
) -> None:
    filing = lives.Life(lives.procedure(standing_order="01/QĐ-UBND", standing_officer="leader-1")).filing
    engine.run.workflow_id = f"filing:{FILING}"
    engine.run.continued_run_id = "the run before"
    snapshot = Snapshot(state=filing.model_dump(mode="json"), receipts=())
    life = FilingLife(FILING_KIND, {"restart": {}, "snapshot": snapshot.model_dump(mode="json")})
    checking = asyncio.get_running_loop().create_future()
    if answered:
        checking.set_result(CheckAnswer(complete=False))
    monkeypatch.setattr(agency, "check", lambda *_: checking)

    async def until(done: Callable[[], bool]) -> None:
        if not done():
            raise TimeoutError

    monkeypatch.setattr(life, "_until", until)
    assert life._to_check
    with pytest.raises(TimeoutError):
        await life._intake()
    assert (life.memory.checked, life._to_check) == (answered, not answered)


@pytest.mark.parametrize(
    "other",
    [{"continued_run_id": None}, {"attempt": 2}, {"cron_schedule": "@every 1h"}],
    ids=["begun by somebody", "retried", "on a schedule"],
)
async def test_only_a_run_that_continues_another_believes_what_it_is_handed(
    engine: Engine, other: dict[str, Any]
) -> None:
    _, given = await ended(engine)
    vars(engine.run).update(other)
    life: Life[Appeal] = Life(APPEAL, given)
    assert (life.refusal, life.has_begun) == (None, False)
    assert life._resume is not None
    assert (life._resume.epoch, life._resume.snapshot) == (4, None)


async def test_an_older_state_is_written_again_as_a_new_one_and_a_newer_one_is_no_state(engine: Engine) -> None:
    _, given = await ended(engine)
    given["snapshot"]["state"]["snapshot_version"] = APPEAL.reads.snapshot
    assert Life(APPEAL, given).has_begun
    given["snapshot"]["state"]["snapshot_version"] = APPEAL.reads.snapshot + 1
    with pytest.raises(RuntimeError, match="newer"):
        Life(APPEAL, given)
    given["snapshot"]["state"]["snapshot_version"] = 0
    assert Life(APPEAL, given).stream.state.snapshot_version == APPEAL.reads.snapshot


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        (START | {"n": 2}, "id_does_not_match"),
        ({"about": "x"}, "missing"),
        ({"restart": {"epoch": 0}}, "greater_than_equal"),
        ("restart", None),
    ],
)
def test_a_start_that_does_not_fit_is_refused(engine: Engine, start: Any, rule: str | None) -> None:
    assert engine.run.workflow_id == NAME
    refusal = Life(APPEAL, start).refusal
    assert refusal is not None
    assert refusal.code is RefusalCode.BAD_START
    assert rule in {None, refusal.problems[0].rule}


@pytest.mark.parametrize("name", [f"payment:{FILING}:1", "appeal", "appeal:x:1"])
async def test_a_run_under_the_name_of_nothing_of_its_kind_takes_nothing_over(engine: Engine, name: str) -> None:
    engine.run.workflow_id = name
    life: Life[Appeal] = Life(APPEAL, {"restart": {}})
    with pytest.raises(Exception, match=r"(?i)record"):
        await life._begin()
    assert engine.batches == []


def test_one_argument_is_taken_and_none_or_several_are_left_to_who_parses() -> None:
    assert [single_argument(given) for given in ((7,), (), (1, 2))] == [7, None, [1, 2]]


def test_a_run_that_makes_way_leaves_the_scan_to_the_next_one() -> None:
    """A run that makes way for the next one would otherwise start one scan after the other in the same task."""
    waits: Any = FilingLife.__dict__["_scan_waits"].fget
    filing = SimpleNamespace(to_scan=("a paper",), closed=False)
    for makes_way in (False, True):
        life = SimpleNamespace(_scanning=None, _filing=filing, stream=SimpleNamespace(makes_way=makes_way))
        assert waits(life) is not makes_way
