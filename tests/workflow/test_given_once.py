"""Refunds over VNPay whose calls go wrong: each once in the bank's ledger, or by hand if the bank does not have it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from temporalio import workflow
from temporalio.client import WorkflowExecutionDescription

from activities.money import giving_back
from activities.partners import http as outside
from activities.partners.money.provider import Notice, Outcome
from operations.doctor.record.long_waits import long_waits
from rules.stream_kind import Kinds
from rules.streams import REFUND
from schemas.ids import payment_workflow, refund_workflow
from schemas.people import Role
from schemas.refund.commands import ApproveRefund, RequestRefund
from tests.acting import Play, eventually
from tests.conftest import World
from tests.restarting import lost_and_restarted, reset
from tests.waits import around
from tests.workflow.money import AMOUNT, Till, at_work, paid_for
from tests.workflow.money import till as till
from tests.workflow.vnpay import HALF, WHY, ends, given, goes_wrong

PART: Final = 5_000
ANSWERED: Final = 1.0
"""Seconds in which an answer has to come."""


@pytest.fixture
def wire() -> str:
    return "vnpay"


def goes_well(till: Till) -> None:
    for wire in ("vnpay", "refunds"):
        till.bank.client.delete(f"/faults/{wire}").raise_for_status()


async def approve(play: Play, case: int = 1, amount: int = PART) -> None:
    """Two agree on a part."""
    await play.refund(RequestRefund, play.officer(Role.CASHIER), amount=amount, **WHY)
    await play.refund(ApproveRefund, play.officer(Role.LEADER), case=case)


async def gone_back(till: Till, play: Play, case: int, faults: Mapping[str, int]) -> str:
    """What became of a refund while this goes wrong, so many times."""
    for fault, times in faults.items():
        goes_wrong(till, fault, times)
    await approve(play, case)
    found = await ends(play, case)
    goes_well(till)
    return found


async def test_calls_that_go_wrong_give_back_once_or_leave_it_to_people(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "TIMEOUT_S", ANSWERED)
    monkeypatch.setattr(giving_back, "SETTLED", timedelta(seconds=5))
    async with at_work(till):
        play, reference, _ = await paid_for(till)
        # Nobody else is to ask the bank something: it would meet the faults.
        await till.world.temporal.get_workflow_handle(payment_workflow(play.filing, 1)).terminate("for the test")
        became = [
            await gone_back(till, play, case, faults)
            for case, faults in enumerate(
                (
                    {"apply_then_hang": 1, "refuse_refund": 100},
                    {"broken": 1, "refuse_refund": 100},
                    {"hang_then_apply": 1, "refuse_refund": 100},
                ),
                1,
            )
        ]
        assert became == ["refund_given", "refund_left_to_hand", "refund_given"]
        assert await given(till, reference) == [PART, PART]


async def test_what_passes_is_asked_for_until_it_is_given(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(giving_back, "SETTLED", timedelta(seconds=0.1))
    async with at_work(till):
        play, reference, _ = await paid_for(till)
        for case, fault in enumerate(("busy", "broken", "garbage"), 1):
            assert await gone_back(till, play, case, {fault: 2, "next_day": 100}) == "refund_given"
        assert await given(till, reference) == [PART] * 3
        assert (await play.kinds("refund", 1001)).count("refund_asked") > 3


async def nothing(*_: Any) -> None:
    """All goes on."""


async def restarted(till: Till, play: Play) -> None:
    """Started again from the log, as if Temporal had forgotten it."""
    await lost_and_restarted(till.world, refund_workflow(play.filing, 1001))


async def set_back(till: Till, play: Play) -> None:
    """Begun again from its first task, by an operator."""
    await reset(till.world, refund_workflow(play.filing, 1001))


async def handed_on(till: Till, play: Play) -> None:
    """Continued by another run."""
    handle = till.world.temporal.get_workflow_handle(refund_workflow(play.filing, 1001))
    before = (await handle.describe()).run_id
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workflow.Info, "is_continue_as_new_suggested", lambda _: True)
        await approve(play, 2, PART)
        await eventually(handle.describe, lambda now: now.run_id != before)


@pytest.mark.parametrize("happens", [nothing, restarted, set_back, handed_on])
async def test_half_of_a_fee_whose_answer_is_lost_at_midnight_is_given_once(
    till: Till, monkeypatch: pytest.MonkeyPatch, happens: Callable[[Till, Play], Awaitable[None]]
) -> None:
    """VNPay knows a request by its number on that day alone; what happens meanwhile forgets nothing."""
    monkeypatch.setattr(outside, "TIMEOUT_S", ANSWERED)
    monkeypatch.setattr(giving_back, "SETTLED", timedelta(seconds=0.1))
    async with at_work(till):
        play, reference, page = await paid_for(till)
        hold = page.path.removesuffix("/pay") + "/hold"
        goes_wrong(till, "apply_then_hang")
        await approve(play, amount=HALF)
        await eventually(lambda: given(till, reference), bool)
        till.bank.client.put(hold, json={"queries": True, "callbacks": False}).raise_for_status()
        goes_wrong(till, "next_day", 100)
        await happens(till, play)
        till.bank.client.put(hold, json={"queries": False, "callbacks": False}).raise_for_status()
        assert await ends(play) == "refund_given"
        assert (await given(till, reference)).count(HALF) == 1
        assert (await play.kinds("refund", 1001))[:5] == [
            *("refund_begun", "refund_opened", "refund_approved", "refund_asked"),
            "refund_opened" if happens is handed_on else "refund_given",
        ]


async def test_what_was_lost_on_the_way_there_goes_back_once_after_midnight_too(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "TIMEOUT_S", ANSWERED)
    monkeypatch.setattr(giving_back, "SETTLED", timedelta(seconds=4))
    async with at_work(till):
        play, reference, _ = await paid_for(till)
        goes_wrong(till, "hang_then_apply")
        goes_wrong(till, "next_day", 100)
        await approve(play, amount=HALF)
        assert await ends(play) == "refund_given"
        assert await given(till, reference) == [HALF]
        assert (await play.kinds("refund", 1001)).count("refund_asked") == 1


async def test_money_that_vnpay_does_not_know_is_a_doubt_and_no_task_to_pay_by_hand(till: Till) -> None:
    """It is told by a signed callback, for another transaction of the same order."""
    async with at_work(till):
        play, reference, _ = await paid_for(till)
        told = Notice(
            provider="vnpay",
            reference=reference,
            transaction="14999999",
            amount=AMOUNT,
            outcome=Outcome.PAID,
            said=("00", "00"),
            at=datetime.now(UTC),
        )
        await till.tell(reference, told)
        await eventually(lambda: play.kinds("refund", 1002), lambda kinds: "refund_opened" in kinds)
        await play.approve_refund(1002)
        await eventually(lambda: play.kinds("refund", 1002), lambda kinds: kinds[-1] == "refund_asked")
        await eventually(lambda: called(till.world, play), lambda many: many == 1)
        handle = till.world.temporal.get_workflow_handle(refund_workflow(play.filing, 1002))
        await eventually(handle.describe, is_tried_again)
        assert (await play.kinds("refund", 1002))[-1] == "refund_asked"
        assert await given(till, reference) == []


async def called(world: World, play: Play) -> int:
    """How many calls that give money back have been noted."""
    async with world.connection() as connection:
        counted = "select count(*) from refund_call where starts_with(stream, $1)"
        return int(await connection.fetchval(counted, f"refund:{play.filing}:"))


def is_tried_again(now: WorkflowExecutionDescription) -> bool:
    """Whether what it has asked for is looked at for the fourth time or later."""
    return any(one.attempt > 3 for one in now.raw_description.pending_activities)


async def test_what_is_not_answered_for_a_day_is_named(till: Till) -> None:
    at_once = replace(REFUND, waits=tuple(replace(one, usual=timedelta()) for one in REFUND.waits))
    now, tomorrow = around(till.world), around(till.world, Kinds((at_once,)))
    async with at_work(till):
        play, _, _ = await paid_for(till)
        await play.refund(RequestRefund, play.officer(Role.CASHIER), amount=PART, **WHY)
        goes_wrong(till, "broken", 1_000_000, always=True)
        await play.refund(ApproveRefund, play.officer(Role.LEADER), case=1)
        assert await long_waits(now, "refunds") == []
        [finding] = await long_waits(tomorrow, "refunds")
        assert "1 refunds were approved more than a day ago, and vnpay has not said" in finding.what.en
        goes_well(till)
        await eventually(lambda: play.kinds("refund", 1001), lambda kinds: "refund_given" in kinds)
        assert await long_waits(tomorrow, "refunds") == []
