"""What was paid at the counter, and goes back by hand."""

from __future__ import annotations

from typing import Any, Final

import pytest

from motcua import NotAllowed, NotAuthorised
from operations.doctor.refunds import refunds
from operations.doctor.surroundings import Surroundings
from operations.home import Home
from operations.tills import open_
from schemas.people import Role
from schemas.refund.commands import ApproveRefund, GiveBackByHand, RequestRefund
from tests.acting import AGENCY, FILE, Play, eventually, extract, officer
from tests.conftest import World
from tests.integration.operations.tills import opening, with_tills
from tests.workflow.refunds import FIRST, SECOND, WHY
from views.tills import till_of

CASHIER: Final = officer(Role.CASHIER)
AMOUNT: Final = 16_000
AT_THE_COUNTER: Final = 1000
IN_CASH: Final[dict[str, Any]] = {"case": 1, "means": "cash", "evidence": FILE}


async def paid(world: World, **filed: Any) -> Play:
    """A filing whose fee was asked for at the counter and paid there."""
    play = await Play.begin(world, extract(signature=None, payer_account=None, result_channel="counter", **filed))
    await play.accept()
    await play.pay_at_counter(AMOUNT)
    return play


async def left_to_hand(play: Play) -> None:
    await eventually(lambda: play.kinds("refund", AT_THE_COUNTER), lambda kinds: "refund_left_to_hand" in kinds)


async def goes_back_in_cash(world: World) -> Play:
    """A filing of whose fee a part went back in cash through a till, once two had agreed."""
    play = await paid(world)
    with pytest.raises(NotAllowed):
        await play.refund(RequestRefund, CASHIER, AT_THE_COUNTER, amount=AMOUNT + 1, **WHY)
    await play.refund(RequestRefund, FIRST, AT_THE_COUNTER, amount=6_000, **WHY)
    for alone in (FIRST, CASHIER):
        with pytest.raises((NotAllowed, NotAuthorised)):
            await play.refund(ApproveRefund, alone, AT_THE_COUNTER, case=1)
    await play.refund(ApproveRefund, SECOND, AT_THE_COUNTER, case=1)
    await left_to_hand(play)
    [finding] = await refunds(Surroundings({"MOTCUA_DATABASE_URL": world.app_dsn}, {}, Home.__new__(Home)))
    assert finding.what.en.endswith(
        "1 approved refunds wait for people: the money was paid at the counter or to the post"
    )
    await with_tills(world, AGENCY)
    with pytest.raises(NotAuthorised) as refused:
        await play.refund(GiveBackByHand, CASHIER, AT_THE_COUNTER, **IN_CASH)
    assert [one.rule for one in refused.value.refusal.problems] == ["no_open_till"]
    async with world.connection() as connection:
        till = await open_(connection, opening(change=100_000))
    await play.refund(GiveBackByHand, CASHIER, AT_THE_COUNTER, **IN_CASH)
    async with world.connection() as connection:
        shown = await till_of(connection, till.number)
    assert shown is not None
    assert (shown.taken, shown.given, shown.expected) == (0, 6_000, 94_000)
    assert [one.amount for one in shown.cash] == [-6_000]
    with pytest.raises(NotAllowed):
        await play.refund(RequestRefund, FIRST, AT_THE_COUNTER, amount=AMOUNT - 6_000 + 1, **WHY)
    return play
