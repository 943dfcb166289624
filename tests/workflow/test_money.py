"""Payments on the sandbox bank of which nobody is told, or only once they have ended; all else is `make matrix`'s."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from activities.partners.money.provider import Notice
from schemas.filing.state import Closing, Stage
from schemas.ids import payment_workflow
from tests.acting import eventually
from tests.workflow.money import AMOUNT, PAID, Till, asked, at_work, events, settled
from tests.workflow.money import till as till


@pytest.mark.parametrize("wire", ["vnpay", "platform"])
async def test_a_callback_that_is_lost_is_found_by_asking_and_changes_nothing_when_it_comes(till: Till) -> None:
    async with at_work(till):
        play, _, page = await asked(till)
        till.deaf = True
        await till.pay(page)
        await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
        assert till.kept
        (reference, late), *_ = till.kept
        for notice in (late, late, late.model_copy(update={"transaction": "another"})):
            await till.tell(reference, notice)
        captured = await eventually(lambda: play.kinds("payment", 1), lambda kinds: len(kinds) > len(PAID))
        assert captured[:4] == [*PAID, "payment_captured"]


@pytest.mark.parametrize("wire", ["vnpay"])
async def test_who_never_pays_is_stopped_after_the_provider_was_asked(till: Till) -> None:
    async with at_work(till):
        play, _, _ = await asked(till, payment=2)
        assert (await play.at(Stage.CLOSED)).closing is Closing.FEE_EXPIRED
        assert await play.kinds("payment", 1) == ["payment_requested", "payment_ordered", "payment_expired"]


@pytest.mark.parametrize("wire", ["vietqr"])
async def test_money_that_comes_while_a_refund_is_begun_is_not_left_until_the_watch_is_over(till: Till) -> None:
    async with at_work(till):
        play, reference, _ = await asked(till)
        await play.withdraw()
        await events(play, "payment_cancelled")
        said: dict[str, Any] = {"provider": till.wire, "reference": reference, "amount": AMOUNT, "outcome": "paid"}
        notices = [Notice(transaction=f"C{n}", said=(), at=datetime.now(UTC), **said) for n in range(6)]
        await asyncio.gather(*(till.tell(reference, notice) for notice in notices))
        for ordinal in range(1, 7):
            await eventually(partial(play.kinds, "refund", 1000 + ordinal), lambda kinds: "refund_opened" in kinds)


@pytest.mark.parametrize("wire", ["vnpay", "vietqr"])
async def test_money_for_a_payment_that_has_ended_starts_it_again_and_goes_back(till: Till) -> None:
    """Nobody watches any more: its workflow was ended, as it ends by itself after three days."""
    async with at_work(till):
        play, reference, page = await asked(till, payment=2)
        await play.at(Stage.CLOSED)
        await play.world.temporal.get_workflow_handle(payment_workflow(play.filing, 1)).terminate("it has ended")
        await till.pay(page)
        told = await settled(till, play, reference, 1)
        expired = ["payment_requested", "payment_ordered", "payment_expired"]
        assert told == [*expired, "payment_captured", "payment_refunded"]
