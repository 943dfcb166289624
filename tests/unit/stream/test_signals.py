"""Signals without evidence in the log are counted and dropped, by one query a second; no recorded fact is lost."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final

import pytest
from pydantic_core import to_json
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.intake import News
from rules.streams import FILING as FILING_KIND
from rules.streams import KINDS
from schemas.errors import Refusal, RefusalCode, problem
from schemas.ids import NUDGE, fee_key, reference_of
from schemas.payment.state import MoneyNotice, PaymentState
from schemas.stream.ledger import Batch
from schemas.stream.snapshots import Snapshot
from tests.unit.filing.lives import Life, fee, procedure
from tests.unit.stream.shell import FILING, NOW, Engine, begun, quiet
from workflows.filing import FilingLife
from workflows.payment.workflow import PaymentLife
from workflows.reprojection import Reprojection
from workflows.stream.recording import Stream
from workflows.stream.signals import DROPPED
from workflows.stream.starting import continue_as_new_input
from workflows.stream.waiting import wait_for

FALSE: Final = Refusal(code=RefusalCode.NOT_ALLOWED, problems=(problem("", "not_recorded"),))
FLOOD: Final = 3_000
RECORDED: Final = ["fee_paid", "step_started"]
PAID: Final = {"n": 1, "settlement": "paid", "amount": 16_000}
(SETTLED,) = (one for one in KINDS.tells if one.signal == "fee_settled")


class Seconds:
    """A stand-in for pauses of one second; each pause lasts until `passes` is called."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[None]] = []

    async def sleep(self, time: timedelta, **_: Any) -> None:
        assert time == timedelta(seconds=1)
        self.waiting.append(asyncio.get_running_loop().create_future())
        await self.waiting[-1]

    async def passes(self) -> None:
        self.waiting.pop().set_result(None)
        await quiet()


@pytest.fixture
def seconds(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Seconds:
    """The one-second pauses of a run whose log refuses every event."""
    engine.refuses = lambda _: FALSE
    one = Seconds()
    monkeypatch.setattr(workflow, "sleep", one.sleep)
    return one


def filing(engine: Engine, **memory: Any) -> FilingLife:
    """Returns the run of a filing with a requested fee; the run continues an earlier one."""
    engine.run.workflow_id, engine.run.continued_run_id = f"filing:{FILING}", "the run before"
    state = Life(procedure(fee=fee())).accepted().filing
    given = Snapshot(state=state.model_dump(mode="json"), receipts=(), **memory).model_dump(mode="json")
    return FilingLife(FILING_KIND, {"restart": {"epoch": 4}, "snapshot": given})


def signals(life: FilingLife, *facts: Any) -> Any:
    return asyncio.gather(*(life.hear_fact("fee_settled", partial(SETTLED.command, fact)) for fact in facts))


def dropped(engine: Engine) -> int:
    return len(engine.meter.told[DROPPED])


async def test_for_three_thousand_lies_in_a_second_the_log_is_asked_once_and_once_more_a_second_later(
    engine: Engine, seconds: Seconds
) -> None:
    life = filing(engine)
    engine.answers["news"] = []
    await signals(life, *(PAID | {"n": n % 9 + 1} for n in range(FLOOD)))
    assert (len(engine.batches), dropped(engine), len(seconds.waiting)) == (1, FLOOD, 1)
    await seconds.passes()
    assert ([name for name, _ in engine.asked], len(engine.batches)) == (["news"], 2)
    await seconds.passes()  # nothing came meanwhile: it listens again
    assert (seconds.waiting, len(engine.batches)) == ([], 2)
    await signals(life, PAID)
    assert len(engine.batches) == 3


async def test_a_command_waits_for_no_more_than_the_one_question(engine: Engine, seconds: Seconds) -> None:
    life, order = filing(engine), list[str]()
    engine.before_answer = lambda batch: order.append(batch.command_id)
    flood = signals(life, *[PAID] * FLOOD)
    await asyncio.sleep(0)
    officers = asyncio.create_task(life.stream.find("officer"))
    await asyncio.gather(flood, officers)
    assert order == ["fee:1:paid", "officer"]
    assert len(seconds.waiting) == 1


async def test_a_true_fact_among_three_thousand_lies_is_recorded(engine: Engine, seconds: Seconds) -> None:
    life = filing(engine)
    lies = [PAID | {"amount": 1}] * (FLOOD // 2)
    await signals(life, *lies, PAID, *lies)
    engine.answers["news"] = [News(n=1, kind="payment_captured", body={"owed": True, "amount": 16_000})]
    engine.refuses = lambda batch: None if batch.events[0].get("amount") == PAID["amount"] else FALSE
    await seconds.passes()
    assert engine.kinds == RECORDED


async def test_what_is_true_and_comes_alone_costs_no_second(engine: Engine, seconds: Seconds) -> None:
    engine.refuses = lambda _: None
    await signals(filing(engine), PAID)
    assert (engine.kinds, seconds.waiting, dropped(engine)) == (RECORDED, [], 0)


@pytest.mark.parametrize("raw", [None, [], {"n": "x"}, {"n": 1, "settlement": "\x00"}])
async def test_what_can_not_be_read_is_dropped_and_the_log_may_have_the_run_make_way(
    engine: Engine, seconds: Seconds, raw: object
) -> None:
    life = filing(engine)
    engine.told = {"continue_as_new_suggested": True}
    await signals(life, raw)
    assert (dropped(engine), engine.kinds, life.stream.makes_way) == (1, [], True)
    assert len(seconds.waiting) == 1


async def test_the_next_run_reads_what_its_predecessor_has_missed(engine: Engine, seconds: Seconds) -> None:
    life = filing(engine)
    await signals(life, *[PAID] * 2)
    given = continue_as_new_input(life.stream, life._snapshot())
    after = FilingLife(FILING_KIND, {name: json.loads(to_json(value)) for name, value in given.items()})
    seconds.waiting.clear()
    engine.answers["news"] = [News(n=1, kind="payment_captured", body={"owed": True, "amount": 16_000})]
    engine.refuses = lambda _: None

    async def proceed() -> None:
        await asyncio.sleep(0)
        await seconds.passes()

    after.proceed = proceed  # type: ignore[method-assign] # its steps are not the matter here
    await after.live()
    assert engine.kinds == RECORDED


class ContinuedError(Exception):
    """Raised when a run ends; contains the input of the next run."""


async def test_a_run_makes_way_after_the_reading_in_which_the_log_asks_it_to(
    engine: Engine, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = filing(engine, missed=True)
    engine.told = {"continue_as_new_suggested": True}
    engine.refuses = lambda _: None
    engine.answers["news"] = [News(n=1, kind="payment_captured", body={"owed": True, "amount": 16_000})]
    read = life.heard_again

    async def slowly() -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        await read()

    async def a_second_later() -> None:
        await asyncio.sleep(0)
        seconds.waiting.pop().set_result(None)
        await wait_for(life.stream, lambda: False)

    def continued(given: dict[str, Any], **_: Any) -> None:
        raise ContinuedError(given["snapshot"].missed)

    monkeypatch.setattr(workflow, "continue_as_new", continued)
    life.heard_again, life.proceed = slowly, a_second_later  # type: ignore[method-assign] # its steps are not the matter
    with pytest.raises(ContinuedError, match="None"):
        await life.live()
    assert engine.kinds == RECORDED


async def test_a_run_that_ends_reads_first_what_it_has_missed(engine: Engine, seconds: Seconds) -> None:
    life = filing(engine)
    engine.answers["news"] = []

    async def proceed() -> None:
        await signals(life, *[PAID] * 2)

    life.proceed = proceed  # type: ignore[method-assign] # its steps are not the matter here
    await life.live()
    assert ([name for name, _ in engine.asked], len(seconds.waiting)) == (["news"], 1)


async def test_what_is_missed_while_the_record_is_read_is_read_too(engine: Engine, seconds: Seconds) -> None:
    life = filing(engine)
    engine.answers["news"] = []
    await signals(life, *[PAID] * 2)
    late: list[asyncio.Task[Any]] = []

    def meanwhile(_: Batch) -> None:
        if not late:
            late.append(asyncio.create_task(life.hear_fact("fee_settled", partial(SETTLED.command, PAID))))
            assert life._snapshot().missed

    engine.before_answer = meanwhile
    await seconds.passes()
    assert life._signals.missed
    await seconds.passes()
    assert [name for name, _ in engine.asked] == ["news"] * 2
    assert not life._snapshot().missed


# All other signals of all kinds.


def notice(**changes: Any) -> dict[str, Any]:
    reference = reference_of(fee_key(FILING, 1))
    return {"reference": reference, "transaction": "c1", "amount": 16_000, "outcome": "paid"} | changes


SENT: Final[dict[str, Callable[[PaymentLife], Any]]] = {
    "noticed": lambda life: life.noticed(notice()),
    "charged back": lambda life: life.noticed(notice(outcome="reversed", at=NOW.isoformat())),
    "pending": lambda life: life.noticed(notice(outcome="pending")),
    "of nothing": lambda life: life.noticed(notice(reference="MCAAAAAAAAAAAAAAAA")),
    "unreadable": lambda life: life.noticed("x"),
    "refunded": lambda life: life.refunded({"capture_id": "c9", "case": 1, "amount": 1, "at": NOW.isoformat()}),
    "accepted": lambda life: life.accepted({"capture_id": "c9", "forgone": 1}),
    "cancel": lambda life: life.hear("cancel", life.cancel),
    NUDGE: lambda life: life.hear(NUDGE, Stream.catch_up),
}


@pytest.mark.parametrize("name", SENT)
async def test_of_no_signal_to_a_payment_does_a_flood_ask_more_than_once(
    engine: Engine, seconds: Seconds, name: str
) -> None:
    engine.refuses = lambda _: None
    life = await begun(engine)
    engine.refuses, before = lambda _: FALSE, len(engine.batches)
    await asyncio.gather(*(SENT[name](life) for _ in range(FLOOD)))
    assert (len(engine.batches) - before, dropped(engine), len(seconds.waiting)) == (1, FLOOD, 1)


async def test_nudges_let_a_batch_over_all_streams_begin_one_pass_a_second(engine: Engine, seconds: Seconds) -> None:
    batch = Reprojection()
    resting = asyncio.create_task(batch._rest(timedelta(minutes=1)))
    await quiet()
    for _ in range(FLOOD):
        batch.nudge()
    await quiet()
    assert (resting.done(), len(seconds.waiting), engine.waits) == (False, 1, [])
    await seconds.passes()
    assert await resting is False


async def test_true_money_among_lies_is_found_where_the_gateway_has_stored_it(engine: Engine, seconds: Seconds) -> None:
    engine.refuses = lambda _: None
    life = await begun(engine)
    engine.refuses = lambda _: FALSE
    await asyncio.gather(*(life.noticed(notice(transaction=f"lie{n}")) for n in range(20)))
    engine.refuses = lambda batch: FALSE if batch.command_id == "fee:cancel" else None
    engine.answers |= {"called": [MoneyNotice.model_validate(notice())], "given": [], "accepted": []}
    await seconds.passes()
    assert life.payment.state is PaymentState.PAID
    assert [one.capture_id for one in life.payment.captures] == ["c1"]


async def test_a_run_that_has_lost_its_stream_is_ended_by_its_waits_and_by_no_signal(
    engine: Engine, seconds: Seconds
) -> None:
    life = filing(engine)

    async def lost(_: object) -> None:
        raise ApplicationError("taken over", type=RefusalCode.LEDGER_CONFLICT)

    await life.hear(NUDGE, lost)
    await quiet()
    assert len(seconds.waiting) == 1
