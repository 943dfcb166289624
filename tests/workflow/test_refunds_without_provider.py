"""What was paid at the counter goes back by two, by hand, and in cash through a till."""

from __future__ import annotations

import json

import pytest

from motcua import NotAllowed, NotAuthorised, NotFound
from schemas.refund.commands import GiveBackByHand, RequestRefund
from tests.acting import Play, eventually, extract
from tests.conftest import World
from tests.sound import sound
from tests.workflow.cash_back import AMOUNT, AT_THE_COUNTER, CASHIER, IN_CASH, goes_back_in_cash, left_to_hand, paid
from tests.workflow.refunds import WHY, half_back


async def test_two_give_it_back_in_cash_through_the_till_of_who_hands_it_out(running: World) -> None:
    play = await goes_back_in_cash(running)
    assert await play.kinds("refund", AT_THE_COUNTER) == [
        "refund_begun",
        "refund_opened",
        "refund_approved",
        "refund_left_to_hand",
        "refund_given_by_hand",
    ]
    await sound(running)


async def test_the_procedure_gives_back_its_share_of_it_too(running: World) -> None:
    play = await paid(running, version=await half_back(running))
    await play.withdraw()
    await eventually(lambda: play.kinds("refund", AT_THE_COUNTER), lambda kinds: "refund_opened" in kinds)
    await play.approve_refund(AT_THE_COUNTER)
    await left_to_hand(play)
    transfer = IN_CASH | {"means": "transfer", "bank_reference": "FT26330123456"}
    await play.refund(GiveBackByHand, CASHIER, AT_THE_COUNTER, **transfer)
    async with running.connection() as connection:
        said = await connection.fetchval("select body from event where kind = 'refund_given_by_hand'")
    assert json.loads(said)["amount"] == AMOUNT * 33 // 100
    await sound(running)


async def test_there_is_nothing_to_give_back_of_what_nobody_paid_at_the_counter(running: World) -> None:
    play = await Play.begin(running, extract())
    with pytest.raises((NotFound, NotAllowed, NotAuthorised)):
        await play.refund(RequestRefund, CASHIER, AT_THE_COUNTER, **WHY)
    assert await play.kinds("refund", AT_THE_COUNTER) == []
