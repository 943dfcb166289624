"""What was paid at the counter goes back by two, by hand, and in cash through a till."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from motcua import NotAllowed, NotAuthorised, NotFound
from operations.doctor.record.long_waits import long_waits
from operations.tills import open_
from schemas.refund.commands import ApproveRefund, GiveBackByHand, RequestRefund
from tests.acting import AGENCY, FILE, Play, eventually, extract
from tests.conftest import World
from tests.integration.operations.tills import opening, with_tills
from tests.sound import sound
from tests.waits import around
from tests.workflow.refunds import AMOUNT, CASHIER, FIRST, SECOND, WHY, half_back, rules_broken
from views.registers.tills import till_of

COUNTER: Final = 1000
IN_CASH: Final[dict[str, Any]] = {"case": 1, "means": "cash", "evidence": FILE}


async def paid(world: World, **filed: Any) -> Play:
    """A filing whose fee was asked for at the counter and paid there."""
    play = await Play.begin(world, extract(signature=None, payer_account=None, result_channel="counter", **filed))
    await play.accept()
    await play.pay_at_counter(AMOUNT)
    return play


async def left_to_hand(play: Play) -> None:
    await eventually(lambda: play.kinds("refund", COUNTER), lambda kinds: "refund_left_to_hand" in kinds)


async def test_two_give_it_back_in_cash_through_the_till_of_who_hands_it_out(running: World) -> None:
    play = await paid(running)
    assert await rules_broken(play.refund(RequestRefund, CASHIER, COUNTER, amount=AMOUNT + 1, **WHY))
    await play.refund(RequestRefund, FIRST, COUNTER, amount=6_000, **WHY)
    for alone in (FIRST, CASHIER):
        assert await rules_broken(play.refund(ApproveRefund, alone, COUNTER, case=1))
    await play.refund(ApproveRefund, SECOND, COUNTER, case=1)
    await left_to_hand(play)
    [finding] = await long_waits(around(running), "refunds")
    assert finding.what.en.endswith(
        "1 approved refunds wait for people: the money was paid at the counter or to the post"
    )
    await with_tills(running, AGENCY)
    assert await rules_broken(play.refund(GiveBackByHand, CASHIER, COUNTER, **IN_CASH)) == ["no_open_till"]
    async with running.connection() as connection:
        till = await open_(connection, opening(change=100_000))
        await play.refund(GiveBackByHand, CASHIER, COUNTER, **IN_CASH)
        shown = await till_of(connection, till.number)
    assert shown is not None
    assert (shown.taken, shown.given, shown.expected) == (0, 6_000, 94_000)
    assert [one.amount for one in shown.cash] == [-6_000]
    assert await rules_broken(play.refund(RequestRefund, FIRST, COUNTER, amount=AMOUNT - 6_000 + 1, **WHY))
    assert await play.kinds("refund", COUNTER) == [
        *("refund_begun", "refund_opened", "refund_approved", "refund_left_to_hand", "refund_given_by_hand")
    ]
    await sound(running)


async def test_the_procedure_gives_back_its_share_of_it_too(running: World) -> None:
    play = await paid(running, version=await half_back(running))
    await play.withdraw()
    await play.approve_refund(COUNTER)
    await left_to_hand(play)
    transfer = IN_CASH | {"means": "transfer", "bank_reference": "FT26330123456"}
    await play.refund(GiveBackByHand, CASHIER, COUNTER, **transfer)
    async with running.connection() as connection:
        said = await connection.fetchval("select body from event where kind = 'refund_given_by_hand'")
    assert json.loads(said)["amount"] == AMOUNT * 33 // 100
    await sound(running)


async def test_there_is_nothing_to_give_back_of_what_nobody_paid_at_the_counter(running: World) -> None:
    play = await Play.begin(running, extract())
    with pytest.raises((NotFound, NotAllowed, NotAuthorised)):
        await play.refund(RequestRefund, CASHIER, COUNTER, **WHY)
    assert await play.kinds("refund", COUNTER) == []
