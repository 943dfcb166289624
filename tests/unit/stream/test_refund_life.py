"""Signals to and from a refund while the request to its provider is still unanswered."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from temporalio.exceptions import ActivityError, ApplicationError

from activities.money.giving_back import Returned
from activities.money.refunds import Looked
from activities.partners.instructions import NOT_ORDERED, Instruction
from rules.streams import REFUND
from schemas.filing.commands import Command
from schemas.people import Actor, Role
from schemas.refund.commands import (
    AcceptShortPayment,
    ApproveRefund,
    ApproveShortPayment,
    DeclineRefund,
    GiveBackByHand,
    LeaveToHand,
    RequestRefund,
)
from schemas.refund.state import CaptureTaken, CaseState, Claim, RefundCause
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
    """A refund whose provider got a request to pay case 1, and has not answered it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.answer: asyncio.Future[Returned] = asyncio.get_running_loop().create_future()
        engine.answers |= {"refund": self.answer, "wake": None}
        self.says(Claim())
        engine.run.workflow_id = f"refund:{FILING}:1001"
        self.life = RefundLife(REFUND, {"filing_id": str(FILING), "n": 1001})

    def says(self, claim: Claim, *together: int) -> None:
        """Makes the logs contain this claim from now on."""
        looked = Looked(agency="H01.30", capture=CAPTURE, apart=(), claim=claim, together=together)
        self.engine.answers["look"] = looked

    async def send(self, model: type[Command], by: Actor, **said: Any) -> None:
        fields = {"command_id": f"c{len(self.engine.receipts)}", "actor": by, "via": VIA} | said
        await self.life.take_command(model.model_validate(fields))

    async def agreed(self, case: int, amount: int) -> None:
        await self.send(RequestRefund, CASHIER, amount=amount, **WHY)
        await self.send(ApproveRefund, LEADER, case=case)

    async def until(self, happened: Callable[[], bool]) -> None:
        for _turn in range(50):
            if happened():
                return
            await asyncio.sleep(0)
        msg = f"in vain: {self.kinds}"
        raise AssertionError(msg)

    async def until_asked(self, case: int) -> None:
        """Lets the refund continue until its provider has got a request to pay this case."""
        going = asyncio.create_task(self.life.proceed())
        await self.until(lambda: case in self.asked_for)
        going.cancel()

    @property
    def kinds(self) -> list[str]:
        return self.engine.kinds

    @property
    def states(self) -> list[CaseState]:
        return [entry.state for entry in self.life.stream.state.entries]

    @property
    def instructions(self) -> list[Instruction]:
        return [request for name, request in self.engine.asked if name == "refund"]

    @property
    def asked_for(self) -> list[int | None]:
        return [request.case for request in self.instructions]


async def asked_for(engine: Engine, *before: int) -> tuple[Refunding, asyncio.Task[None]]:
    """Returns a refund whose case 1 is being paid, and the task that pays it.

    The cases in `before` have the numbers after 1, and were left to payment by hand before.
    """
    so_far = Refunding(engine)
    await so_far.life._begin()
    for case, amount in enumerate((5_000, *before), 1):
        await so_far.agreed(case, amount)
    for case in range(2, len(before) + 2):
        await so_far.life.stream.record(LeaveToHand(command_id=f"refund:left:{case}", case=case, rule="95"))
    giving = asyncio.create_task(so_far.life._give_back())
    await so_far.until(lambda: so_far.asked_for == [1])
    return so_far, giving


async def test_what_is_charged_back_meanwhile_is_heard_and_nobody_gives_it_back_too(engine: Engine) -> None:
    so_far, giving = await asked_for(engine, 11_000)
    so_far.says(Claim(charged_back=11_000))
    await so_far.life.look(so_far.life.stream)
    await so_far.until(lambda: "refund_charged_back" in so_far.kinds)
    assert so_far.states == [CaseState.APPROVED, CaseState.VOID]
    assert so_far.life.stream.state.unanswered == 11_000
    so_far.answer.set_result(Returned(transaction="r1"))
    await giving
    assert so_far.kinds[-1] == "refund_given"
    assert set(so_far.asked_for) == {1}, "it went on being asked the same"


async def test_what_is_given_by_hand_meanwhile_is_told_to_the_payment(engine: Engine) -> None:
    so_far, giving = await asked_for(engine, 11_000)
    await so_far.life.stream.record(
        GiveBackByHand.model_validate(
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
    await so_far.send(RequestRefund, CASHIER, amount=10_000, **WHY)
    so_far.says(waived)
    going = asyncio.create_task(so_far.life.proceed())
    await so_far.until(lambda: so_far.kinds.count("refund_opened") == 2)
    await so_far.send(DeclineRefund, LEADER, case=1, reason="x")
    await so_far.until(lambda: so_far.kinds.count("refund_opened") == 3)
    assert so_far.life.stream.state.entries[-1].asked_by == (LEADER.subject,)
    going.cancel()


async def test_of_a_request_that_is_declined_the_refunds_of_the_other_parts_hear_once(engine: Engine) -> None:
    so_far = Refunding(engine)
    so_far.says(Claim(), 1001, 1003)
    await so_far.life._begin()
    await so_far.send(RequestRefund, CASHIER, amount=10_000, **WHY)
    going = asyncio.create_task(so_far.life.proceed())
    await so_far.until(lambda: "look" in dict(engine.asked))
    assert "wake" not in dict(engine.asked)
    await so_far.send(DeclineRefund, LEADER, case=1, reason="x")
    await so_far.until(going.done)
    assert [request.id for name, request in engine.asked if name == "wake"] == [f"refund:{FILING}:1003"]


async def test_that_it_is_asked_stands_in_the_log_before_it_is(engine: Engine) -> None:
    so_far, giving = await asked_for(engine)
    assert so_far.kinds[-2:] == ["refund_approved", "refund_asked"]
    assert so_far.instructions == [Instruction(stream=f"refund:{FILING}:1001", seq=len(engine.log), case=1)]
    giving.cancel()


async def test_a_run_that_takes_over_what_is_under_way_asks_about_it_and_records_no_second_time(engine: Engine) -> None:
    so_far, giving = await asked_for(engine)
    giving.cancel()
    state, later = so_far.life.stream.state, Refunding(engine)
    await later.life._begin()
    assert later.life.stream.state == state
    engine.answers["refund"] = Returned(transaction="r1")
    await later.life._give_back()
    assert (later.kinds[3:], later.asked_for) == (["refund_asked", "refund_given"], [1, 1])


async def test_what_is_to_be_asked_for_again_is_recorded_once_more(engine: Engine) -> None:
    so_far, giving = await asked_for(engine)
    engine.answers["refund"] = asyncio.get_running_loop().create_future()
    so_far.answer.set_result(Returned(again=True))
    await so_far.until(lambda: so_far.asked_for == [1, 1])
    assert [stored.event["n"] for stored in engine.log if stored.event["kind"] == "refund_asked"] == [1, 2]
    engine.answers["refund"].set_result(Returned(transaction="r1"))
    await giving
    assert so_far.states == [CaseState.GIVEN]


async def test_what_is_under_way_comes_to_its_end_before_another_is_asked_for(engine: Engine) -> None:
    """A query about a transaction reports only the transaction's last refund."""
    so_far = Refunding(engine)
    await so_far.life._begin()
    for _ in range(2):
        await so_far.send(RequestRefund, CASHIER, amount=1_000, **WHY)
    await so_far.send(ApproveRefund, LEADER, case=2)
    await so_far.until_asked(2)
    await so_far.send(ApproveRefund, LEADER, case=1)
    engine.answers["refund"] = Returned(transaction="r1")
    await so_far.life._give_back()
    assert so_far.asked_for == [2, 2, 1]


async def test_what_is_called_off_before_the_provider_is_asked_is_not_asked_for(engine: Engine) -> None:
    so_far = Refunding(engine)
    await so_far.life._begin()
    await so_far.agreed(1, 5_000)
    so_far.says(Claim(charged_back=16_000))
    await so_far.life._give_back()
    assert (so_far.asked_for, so_far.states) == ([], [CaseState.VOID])


async def test_what_the_log_does_not_order_is_read_there_again(engine: Engine) -> None:
    so_far, giving = await asked_for(engine)
    engine.somebody_else({"kind": "refund_given", "case": 1, "capture_id": "c1", "amount": 5_000})
    why = ApplicationError("not ordered", type=NOT_ORDERED, non_retryable=True)
    about: dict[str, Any] = {"scheduled_event_id": 1, "started_event_id": 2, "identity": "", "retry_state": None}
    error = ActivityError("failed", activity_type="payment.refund", activity_id="1", **about)
    error.__cause__ = why
    so_far.answer.set_exception(error)
    await giving
    assert (so_far.asked_for, so_far.states) == ([1], [CaseState.GIVEN])


async def test_what_is_accepted_is_all_that_has_come_by_the_log(engine: Engine) -> None:
    so_far = Refunding(engine)
    capture = CAPTURE.model_copy(update={"asked": 19_000})
    so_far.engine.answers["look"] = Looked(agency="H01.30", capture=capture, apart=(), claim=Claim(short=True))
    await so_far.life._begin()
    await so_far.life._look()
    so_far.says(Claim(short=True, beside=1_000))
    await so_far.send(AcceptShortPayment, CASHIER, **WHY)
    so_far.says(Claim(short=True, beside=2_500))
    await so_far.send(ApproveShortPayment, LEADER)
    assert so_far.kinds[1:] == ["refund_disputed", "shortfall_proposed", "shortfall_accepted"]
    assert [stored.event["forgone"] for stored in engine.log[-2:]] == [2_000, 500]
    await so_far.life._tell()
    assert [asked.told for name, asked in engine.asked if name == "wake"] == [{"capture_id": "c1", "forgone": 500}]
