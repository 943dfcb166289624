"""Refunds over VNPay: each is in the bank's ledger once, even if its call fails or an intruder makes it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from temporalio import workflow
from temporalio.client import Client

from activities.money import giving_back
from activities.partners import http as outside
from schemas.ids import filing_workflow, refund_workflow
from schemas.people import Role
from schemas.refund.commands import ApproveRefund, RequestRefund
from tests.acting import Play, eventually, stock
from tests.conftest import World
from tests.locked import signing
from tests.restarting import lost_and_restarted, reset
from tests.rogue import ordered, rogues
from tests.workflow.money import Till, at_work, heard_of, paid_for
from tests.workflow.money import till as till

HALF: Final = 8_000
HANGS: Final = 2
WHY: Final[dict[str, Any]] = {"reason": "nộp nhầm", "legal_basis": "TT 45/2006"}


def goes_wrong(till: Till, fault: str, times: int = 1) -> None:
    """Switches a fault on for `times` calls: for refunds at VNPay only, or for every call."""
    wire = "vnpay" if fault in {"refuse_refund", "next_day"} else "refunds"
    said = {"fault": fault, "times": times, "value": HANGS if "hang" in fault else 0}
    till.bank.client.put(f"/faults/{wire}", json=said).raise_for_status()


async def given(till: Till, reference: str) -> list[int]:
    return [one["amount"] for one in till.ledger(reference)["refunds"]]


async def is_given(play: Play) -> None:
    await eventually(lambda: play.kinds("refund", 1001), lambda kinds: "refund_given" in kinds)


PART: Final = 5_000
ANSWERED: Final = 1.0
"""Seconds within which an answer must come."""


@pytest.fixture
def wire() -> str:
    return "vnpay"


async def approve(play: Play, case: int = 1, amount: int = PART) -> None:
    await play.refund(RequestRefund, play.officer(Role.CASHIER), amount=amount, **WHY)
    await play.refund(ApproveRefund, play.officer(Role.LEADER), case=case)


async def nothing(*_: Any) -> None:
    """Does nothing, so that the refund's run continues."""


async def restarted(till: Till, play: Play) -> None:
    """Restarts the refund's run from the log, as if Temporal had forgotten it."""
    await lost_and_restarted(till.world, refund_workflow(play.filing, 1001))


async def set_back(till: Till, play: Play) -> None:
    """Resets the refund's run to its first task, as an operator would."""
    await reset(till.world, refund_workflow(play.filing, 1001))


async def handed_on(till: Till, play: Play) -> None:
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
    """VNPay knows a request's number only on the same day; the run still knows it after the interruption."""
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
        await is_given(play)
        assert (await given(till, reference)).count(HALF) == 1
        assert (await play.kinds("refund", 1001))[:5] == [
            *("refund_begun", "refund_opened", "refund_approved", "refund_asked"),
            "refund_opened" if happens is handed_on else "refund_given",
        ]


MADE: Final = "2026-11-28T00:00:00Z"
DEMAND: Final = {"key": "fee:1", "amount": 1, "description": "fee", "made": MADE, "expires": MADE}
GIVE: Final = {
    "asking": {"provider": "sandbox", "demand": DEMAND},
    "agency": "H56.30",
    "capture_id": "1",
    "of": 1,
    "amount": 1,
    "case": 1,
}
"""A request in the form that older builds took."""


async def answered(client: Client, *given: Any, tries: int = 1) -> list[str | None]:
    """Returns the platform's refusals of an intruder's requests for a refund; None for a request that is answered."""
    orders = [("payment.refund", one) for one in given]
    async with rogues(client):
        return [one.refused for one in await ordered(client, orders, tries=tries, at_once=True)]


async def test_a_run_that_others_pin_to_a_deployment_of_their_own_has_nothing_given_back(
    world: World, tmp_path: Path
) -> None:
    """No refund is paid for invented input, or for an order that comes too early, too late or many times."""
    async with heard_of(await signing(world), tmp_path, "vnpay") as till, at_work(till):
        play, reference, page = await paid_for(till)
        rogue, stream = await stock(world), refund_workflow(play.filing, 1001)
        order = {"stream": stream, "seq": 2, "case": 1}
        await play.refund(RequestRefund, play.officer(Role.CASHIER), amount=HALF, **WHY)
        others = ({**order, "seq": 99}, {**order, "stream": filing_workflow(play.filing)}, {**order, "case": None})
        assert set(await answered(rogue, order, *others, {**GIVE, **order}, {**GIVE, "stream": "x", "seq": 1})) == {
            "not_ordered"
        }
        assert await answered(rogue, GIVE) not in ([None], ["not_ordered"])
        assert await given(till, reference) == []
        hold = page.path.removesuffix("/pay") + "/hold"
        till.bank.client.put(hold, json={"queries": True, "callbacks": False}).raise_for_status()
        for fault in ("next_day", "hang_then_apply"):
            goes_wrong(till, fault, 100)
        await play.refund(ApproveRefund, play.officer(Role.LEADER), case=1)
        await eventually(lambda: play.kinds("refund", 1001), lambda kinds: kinds[-1] == "refund_asked")
        racing = asyncio.create_task(answered(rogue, *([order] * 8), tries=0))
        till.bank.client.put(hold, json={"queries": False, "callbacks": False}).raise_for_status()
        await is_given(play)
        assert set(await racing) <= {None, "not_ordered"}
        assert set(await answered(rogue, order)) == {"not_ordered"}
        assert await given(till, reference) == [HALF]
