"""What a refund hears and tells while a provider is asked, for as long as it gives no answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import pytest

from activities.payment import Returned
from activities.refunds import Looked
from rules.streams import REFUND
from schemas import refund as rf
from schemas.filing.commands import Command
from schemas.people import Actor, Role
from schemas.refund import CaptureTaken, CaseState, Claim, RefundCause
from tests.unit.filing.lives import FILE
from tests.unit.stream.shell import FILING, NOW, VIA, Engine
from workflows.refund import RefundLife

CAPTURE: Final = CaptureTaken(
    payment=1, capture_id="c1", amount=16_000, asked=16_000, description="H01.30-1", requested_at=NOW, due=NOW
)
WHY: Final = {"reason": "nộp nhầm", "legal_basis": "TT 45/2006"}
CASHIER: Final = Actor(subject="cashier-1", role=Role.CASHIER, agency="H01.30")
LEADER: Final = Actor(subject="leader-1", role=Role.LEADER, agency="H01.30")


class Refunding:
    """A refund whose provider has been asked for case 1, and has not answered yet."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.answer: asyncio.Future[Returned] = asyncio.get_running_loop().create_future()
        engine.answers |= {"refund": self.answer, "wake": None}
        self.says(Claim())
        engine.run.workflow_id = f"refund:{FILING}:1001"
        self.life = RefundLife(REFUND, {"filing_id": str(FILING), "n": 1001})

    def says(self, claim: Claim) -> None:
        """From now on the logs say so."""
        self.engine.answers["look"] = Looked(agency="H01.30", capture=CAPTURE, apart=(), claim=claim)

    async def said(self, model: type[Command], by: Actor, **said: Any) -> None:
        fields = {"command_id": f"c{len(self.engine.receipts)}", "actor": by, "via": VIA} | said
        await self.life.take_command(model.model_validate(fields))

    async def agreed(self, case: int, amount: int) -> None:
        await self.said(rf.RequestRefund, CASHIER, amount=amount, **WHY)
        await self.said(rf.ApproveRefund, LEADER, case=case)

    async def until(self, happened: Callable[[], bool]) -> None:
        for _turn in range(50):
            if happened():
                return
            await asyncio.sleep(0)
        msg = f"in vain: {self.kinds}"
        raise AssertionError(msg)

    async def until_asked(self, case: int) -> None:
        """Let it go on until the provider has been asked for this case."""
        going = asyncio.create_task(self.life.proceed())
        await self.until(lambda: case in self.asked_for)
        going.cancel()

    @property
    def kinds(self) -> list[str]:
        return [stored.event["kind"] for stored in self.engine.log]

    @property
    def states(self) -> list[CaseState]:
        return [entry.state for entry in self.life.stream.state.entries]

    @property
    def alike(self) -> list[bool]:
        return [request.alike for name, request in self.engine.asked if name == "refund"]

    @property
    def asked_for(self) -> list[int]:
        return [request.case for name, request in self.engine.asked if name == "refund"]


async def asked_for(engine: Engine, *before: int) -> tuple[Refunding, asyncio.Task[None]]:
    """Case 1 is under way; those `before` it in time have the numbers after it, and were left to hand."""
    so_far = Refunding(engine)
    await so_far.life._begin()
    so_far.life._remember(asked=())
    for case, amount in enumerate((5_000, *before), 1):
        await so_far.agreed(case, amount)
    for case in range(2, len(before) + 2):
        await so_far.life.stream.record(rf.LeaveToHand(command_id=f"refund:left:{case}", case=case, rule="95"))
    giving = asyncio.create_task(so_far.life._give_back())
    await so_far.until(lambda: so_far.asked_for == [1])
    return so_far, giving


async def test_what_is_charged_back_meanwhile_is_heard_and_nobody_gives_it_back_too(engine: Engine) -> None:
    so_far, giving = await asked_for(engine, 11_000)
    so_far.says(Claim(charged_back=11_000))
    so_far.life.look()
    await so_far.until(lambda: "refund_charged_back" in so_far.kinds)
    assert so_far.states == [CaseState.APPROVED, CaseState.VOID]
    assert so_far.life.stream.state.unanswered == 11_000
    so_far.answer.set_result(Returned(transaction="r1"))
    await giving
    assert so_far.kinds[-1] == "refund_given"
    assert so_far.asked_for == [1], "it went on being asked the same"


async def test_what_is_given_by_hand_meanwhile_is_told_to_the_payment(engine: Engine) -> None:
    so_far, giving = await asked_for(engine, 11_000)
    await so_far.life.stream.record(
        rf.GiveBackByHand.model_validate(
            {"command_id": "hand", "actor": CASHIER, "via": VIA, "case": 2, "means": "cash", "evidence": FILE}
        )
    )
    await so_far.until(lambda: so_far.life.memory.told == (2,))
    assert [asked.told for name, asked in engine.asked if name == "wake"] == [
        {"capture_id": "c1", "case": 2, "amount": 11_000}
    ]
    so_far.answer.set_result(Returned(refused="95"))
    await giving
    assert so_far.states == [CaseState.LEFT_TO_HAND, CaseState.GIVEN]


async def test_a_case_that_was_given_is_told_before_the_next_one_is_answered(engine: Engine) -> None:
    so_far, giving = await asked_for(engine)
    await so_far.agreed(2, 1_000)
    engine.answers["refund"] = asyncio.get_running_loop().create_future()
    so_far.answer.set_result(Returned(transaction="r1"))
    await so_far.until(lambda: so_far.asked_for == [1, 2])
    await so_far.until(lambda: so_far.life.memory.told == (1,))
    engine.answers["refund"].set_result(Returned(transaction="r2"))
    await giving
    assert so_far.states == [CaseState.GIVEN] * 2


async def test_what_nobody_owes_and_is_declined_is_asked_for_by_the_next_look(engine: Engine) -> None:
    waived = Claim(unowed=RefundCause.LATE, ended=(LEADER.subject,))
    so_far = Refunding(engine)
    await so_far.life._begin()
    await so_far.said(rf.RequestRefund, CASHIER, amount=10_000, **WHY)
    so_far.says(waived)
    going = asyncio.create_task(so_far.life.proceed())
    await so_far.until(lambda: so_far.kinds.count("refund_opened") == 2)
    await so_far.said(rf.DeclineRefund, LEADER, case=1, reason="x")
    await so_far.until(lambda: so_far.kinds.count("refund_opened") == 3)
    assert so_far.life.stream.state.entries[-1].asked_by == (LEADER.subject,)
    going.cancel()


@pytest.mark.parametrize("taken_over", [False, True])
@pytest.mark.parametrize(("amount", "alike"), [(5_000, True), (4_999, False)])
async def test_of_what_was_asked_for_before_and_not_given_a_query_may_tell_too(
    engine: Engine, amount: int, *, alike: bool, taken_over: bool
) -> None:
    so_far, giving = await asked_for(engine)
    so_far.answer.set_result(Returned(refused="09"))
    await giving
    await so_far.agreed(2, amount)
    if taken_over:
        so_far.life._remember(asked=None)
    engine.answers["refund"] = Returned(transaction="r2")
    await so_far.until_asked(2)
    assert so_far.alike == [False, alike]
