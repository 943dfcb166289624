"""Less came than was asked, on a real server and a real bank: two take it for the whole fee, or it goes back."""

from __future__ import annotations

from typing import Final

import pytest

from motcua import NotAllowed
from operations.rebuild import rebuild
from recovery.restart import Restarter
from schemas.filing.state import Stage
from schemas.ids import payment_workflow
from schemas.people import Role
from schemas.refund.commands import AcceptShortPayment, ApproveRefund, ApproveShortPayment, RequestRefund
from tests.acting import eventually, officer
from tests.conftest import World
from tests.workflow.disputes import CASHIER, FIRST, SHORT, WHY, disputed, less_is_taken_for_the_whole_fee, paid
from verifier.ledger import verify
from workers.wiring import open_pool

SECOND: Final = officer(Role.LEADER, n=2)


async def in_order(world: World) -> None:
    assert (await verify(world.superuser_dsn)).problems == []
    changed = (await rebuild(world.owner_dsn, world.settings.master, lambda *_: None)).changed
    assert set(changed.values()) == {0}


async def test_two_take_less_for_the_whole_fee_and_the_filing_goes_on(running: World) -> None:
    play = await less_is_taken_for_the_whole_fee(running)
    assert (await play.order())["refunds"] == []
    await in_order(running)


async def test_one_alone_does_not_forgo_what_is_missing(running: World) -> None:
    play = await disputed(running)
    await play.refund(AcceptShortPayment, FIRST, **WHY)
    with pytest.raises(NotAllowed) as refused:
        await play.refund(ApproveShortPayment, FIRST)
    assert [one.rule for one in refused.value.refusal.problems] == ["needs_another"]
    assert "payment_accepted" not in await play.kinds("payment", 1)


async def test_what_is_too_little_goes_back_by_two_and_the_right_amount_is_awaited(running: World) -> None:
    play = await disputed(running)
    await play.refund(RequestRefund, CASHIER, **WHY)
    await play.refund(ApproveRefund, FIRST, case=1)
    view = await eventually(lambda: running.client.payment(play.filing), lambda view: view.refunded == SHORT)
    assert view.state == "pending"
    assert [one["amount"] for one in (await play.order())["refunds"]] == [SHORT]


async def test_what_is_too_little_goes_back_by_itself_once_the_fee_is_owed_no_more(running: World) -> None:
    play = await disputed(running)
    await play.withdraw()
    await play.at(Stage.CLOSED)
    await play.approve_refund(1001)
    view = await eventually(lambda: running.client.payment(play.filing), lambda view: view.refunded == SHORT)
    assert view.state == "cancelled"
    await in_order(running)


async def test_a_payment_that_was_lost_reads_that_two_took_it_for_the_whole_fee(running: World) -> None:
    """Its refund told a run that is lost: what counts is the log."""
    play = await disputed(running)
    stream = payment_workflow(play.filing, 1)
    await running.temporal.get_workflow_handle(stream).terminate("lost")
    await play.refund(AcceptShortPayment, CASHIER, **WHY)
    await play.refund(ApproveShortPayment, FIRST)
    await paid(play)
    async with open_pool(running.settings) as pool:
        await Restarter(pool, running.temporal).restart(stream)
    assert (await play.kinds("payment", 1)).count("payment_accepted") == 1
    await in_order(running)
