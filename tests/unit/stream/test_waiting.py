"""What ends a wait, and what a run does that is to make way, is taken over, or finds no filing to report to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.intake import OpenRequest, OpenResult
from schemas.errors import NOT_READY, RefusalCode, RefusalError
from schemas.filing.commands import AdoptCalendar
from schemas.filing.state import FeeFact
from schemas.stream.restart import Restart
from tests.appeals import APPEAL, AppealWorkflow
from tests.unit.filing import lives
from tests.unit.stream.shell import FILING, NAME, Engine, answer, lodge, stream
from workflows.stream import waiting
from workflows.stream.reporting import report
from workflows.stream.shell import Life

START: Final = {"filing_id": str(FILING), "n": 1, "agency": "H01.30", "about": "chậm trễ"}
FACT: Final = FeeFact.model_validate({"n": 1, "settlement": "paid", "amount": 1})


class ContinuedError(Exception):
    """The run has ended, and gave this to the next."""


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


async def test_a_pause_is_over_when_its_time_is(engine: Engine) -> None:
    await waiting.pause(stream(), timedelta(seconds=3), "the filing has no workflow yet")
    assert engine.waits == [{"timeout": timedelta(seconds=3), "timeout_summary": "the filing has no workflow yet"}]


@pytest.mark.usefixtures("engine")
async def test_a_run_that_makes_way_waits_no_longer_but_what_is_done_is_done() -> None:
    waits = stream()
    waits.makes_way = True
    await waiting.wait_for(waits, lambda: True)
    for wait in (waiting.wait_for(waits, lambda: False), waiting.pause(waits, timedelta(1), "")):
        with pytest.raises(waiting.ContinueAsNewDueError):
            await wait


@pytest.mark.usefixtures("engine")
async def test_to_a_run_that_has_taken_its_stream_over_nothing_is_done() -> None:
    waits = stream()
    waits.makes_way = waits.anew = True
    with pytest.raises(waiting.ContinueAsNewDueError):
        await waiting.wait_for(waits, lambda: True)


@pytest.mark.usefixtures("engine")
async def test_a_run_that_was_taken_over_ends_and_says_so_whatever_is_done() -> None:
    waits = stream()
    waits.superseded = True
    with pytest.raises(ApplicationError) as error:
        await waiting.wait_for(waits, lambda: True)
    assert (error.value.type, error.value.non_retryable) == (RefusalCode.LEDGER_CONFLICT, True)


async def test_a_fact_is_told_again_and_again_more_and_more_slowly_until_there_is_somebody(engine: Engine) -> None:
    engine.answers |= {"tell": False, "closed": False}
    slept: list[timedelta] = []

    def heard(_: Any) -> None:
        slept.extend(wait["timeout"] for wait in engine.waits if wait.get("timeout"))
        engine.waits.clear()
        engine.answers["tell"] = len(slept) >= 8

    engine.before_answer = heard
    telling = stream()
    assert await report(telling, "fee_settled", FACT)
    assert [pause.total_seconds() for pause in slept] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert {asked[0] for asked in engine.asked} == {"tell", "closed"}
    assert (dict(engine.asked)["tell"].id, dict(engine.asked)["closed"]) == (f"filing:{FILING}", f"filing:{FILING}")
    assert {batch.command_id for batch in engine.batches} == {"catch-up"}


async def test_nobody_is_told_once_the_record_says_that_the_filing_has_ended(engine: Engine) -> None:
    engine.answers |= {"tell": False, "closed": True}
    assert not await report(stream(), "fee_settled", FACT)
    assert engine.batches == []


# How a life goes on.


def found(agency: str | None = "H01.30") -> OpenResult:
    return OpenResult(procedure=None, calendar=lives.CALENDAR, agency=agency, queue=None, digests=None)


async def test_a_run_that_is_to_go_on_from_the_log_reads_it_first(engine: Engine) -> None:
    engine.somebody_else({"kind": "appealed", "about": "x"}, "lodge")
    engine.answers["open"] = found()
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
    assert seen == [found(), 1]
    assert (life.stream.state.agency, str(life.stream.id), life.stream.epoch) == ("H01.30", NAME, 4)


async def test_nothing_is_judged_by_half_of_a_log(engine: Engine) -> None:
    """What is asked while it is still being read waits."""
    for about in ("x", "y"):
        engine.somebody_else({"kind": "appealed", "about": about}, about)
    engine.answers["open"] = found()
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
    engine.answers["open"] = found(agency=None)
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
    assert given["restart"].epoch == 4
    assert given["snapshot"] == life._snapshot()
    upgrades = workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE
    assert how == ({} if stays else {"initial_versioning_behavior": upgrades})
    assert engine.handlers_finished


async def test_a_run_that_has_taken_its_stream_over_gives_the_next_the_log_to_read(
    engine: Engine, continued: list[tuple[Any, dict[str, Any]]]
) -> None:
    """On the build that has read it: whether another can, the log was not asked."""
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
    life: Life[Any] = Life(APPEAL, START)
    await life._begin()
    await life.nudged()
    assert engine.batches[-1].command_id == "catch-up"
    asked = len(engine.batches)
    refused: Life[Any] = Life(APPEAL, "x")
    await refused.nudged()
    assert len(engine.batches) == asked
    with pytest.raises(RefusalError) as error:
        refused.check_command(lodge())
    assert error.value.refusal.code is RefusalCode.BAD_START


def test_a_workflow_of_a_kind_has_its_life_and_an_update_for_each_command(engine: Engine) -> None:
    assert engine.run.workflow_id == NAME
    made = AppealWorkflow(START)
    assert made.life.start.about == "chậm trễ"
    definition: Any = workflow._Definition.must_from_class(AppealWorkflow)
    assert set(definition.updates) == {"answer_appeal", "adopt_calendar"}
    assert set(definition.signals) == {"nudge"}
    assert definition.updates["adopt_calendar"].description == AdoptCalendar.__doc__
