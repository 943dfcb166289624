"""The time to pay is over, and nobody knows whether the fee was paid: that is awaited, and the filing with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import pytest

from schemas.filing.state import Closing, Stage
from tests.acting import Play, eventually
from tests.sound import sound
from tests.waits import named
from tests.workflow.money import AMOUNT, Till, asked, at_work, events, every_wire
from tests.workflow.money import till as till

SECONDS: Final = 4
AWAITED: Final = ["payment_requested", "payment_ordered", "payment_outcome_awaited"]


def nothing_known(till: Till, *, yet: bool) -> None:
    """What was paid is pending at the bank, and it tells nobody; or it knows, and does."""
    till.deaf = yet
    if till.wire != "vietqr":
        path, fault = f"/faults/{till.wire}", {"fault": "pending", "times": 1_000_000}
        (till.bank.client.put(path, json=fault) if yet else till.bank.client.delete(path)).raise_for_status()


async def due_at(play: Play) -> datetime:
    async with play.world.connection() as connection:
        due: datetime = await connection.fetchval("select due_at from payment where filing_id = $1", play.filing)
    return due


async def named_by_the_doctor(till: Till) -> list[tuple[Any, ...]]:
    return [(agency, wait.until) for agency, wait in await named(till.world, "doctor.outcomes.awaited")]


@every_wire
async def test_what_was_paid_in_time_and_is_said_too_late_is_the_fee(till: Till) -> None:
    async with at_work(till, pending_minutes=30):
        play, _, page = await asked(till, payment=SECONDS)
        nothing_known(till, yet=True)
        await till.pay(page)
        assert await events(play, "payment_outcome_awaited") == AWAITED
        view = await till.world.client.payment(play.filing)
        due = await due_at(play)
        assert (view.state, view.pay_url, view.code) == ("pending", None, None)
        assert view.awaited_until is not None
        assert (view.awaited_until - due).total_seconds() == 1800
        assert (await play.view()).stage is Stage.FEE
        assert await named_by_the_doctor(till) == [("H56.30", view.awaited_until)]
        nothing_known(till, yet=False)
        for reference, notice in till.kept if till.wire == "vietqr" else ():
            await till.tell(reference, notice)
        await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
        assert await play.kinds("payment", 1) == [*AWAITED, "payment_captured"]
        paid = await till.world.client.payment(play.filing)
        assert (paid.state, paid.captured, paid.refunded, paid.awaited_until) == ("paid", AMOUNT, 0, None)
        assert await named_by_the_doctor(till) == []
        await sound(till.world)


@every_wire
async def test_who_never_says_that_it_was_paid_holds_the_filing_up_as_long_as_is_set(till: Till) -> None:
    async with at_work(till, pending_minutes=0.05):
        play, _, _ = await asked(till, payment=2)
        assert (await play.at(Stage.CLOSED)).closing is Closing.FEE_EXPIRED
        assert await play.kinds("payment", 1) == [*AWAITED, "payment_expired"]
        await sound(till.world)


@pytest.mark.parametrize("wire", ["platform"])
async def test_what_is_found_out_after_all_that_time_goes_back(till: Till) -> None:
    async with at_work(till, pending_minutes=0.05):
        play, _, page = await asked(till, payment=SECONDS)
        nothing_known(till, yet=True)
        await till.pay(page)
        await play.at(Stage.CLOSED)
        nothing_known(till, yet=False)
        await events(play, "payment_captured")
        await eventually(lambda: play.kinds("refund", 1001), lambda kinds: kinds == ["refund_begun", "refund_opened"])


@pytest.mark.parametrize("wire", ["vnpay"])
async def test_who_withdraws_meanwhile_owes_nothing_and_gets_back_what_is_found_out(till: Till) -> None:
    async with at_work(till, pending_minutes=30):
        play, _, page = await asked(till, payment=SECONDS)
        nothing_known(till, yet=True)
        await till.pay(page)
        await events(play, "payment_outcome_awaited")
        await play.withdraw()
        assert await events(play, "payment_cancelled") == [*AWAITED, "payment_cancelled"]
        assert (await till.world.client.payment(play.filing)).awaited_until is None
        nothing_known(till, yet=False)
        await events(play, "payment_captured")
