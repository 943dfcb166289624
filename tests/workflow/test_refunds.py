"""Refunds on a real server and a real bank: of parts, by decision, and told to a payment that nobody watches."""

from __future__ import annotations

import pytest

from motcua import NotFound
from schemas.errors import RefusalError
from schemas.filing.state import Stage
from schemas.ids import payment_workflow
from schemas.people import Role
from schemas.refund.commands import ApproveRefund, DecideRefund, DeclineRefund, RequestRefund
from tests.acting import PAYS_TWICE, Play, eventually, extract
from tests.conftest import World
from tests.restarting import lose
from tests.sound import sound
from tests.workflow.refunds import AMOUNT, CASHIER, FIRST, SECOND, WHY, given, paid, refunded, rules_broken, tasks


async def test_officers_ask_for_parts_and_never_for_more_than_came(running: World) -> None:
    play = await paid(running)
    with pytest.raises((NotFound, RefusalError)):
        await play.refund(RequestRefund, CASHIER, 1002, **WHY)
    await play.refund(RequestRefund, CASHIER, lines=({"code": "extract", "amount": 8_000},), **WHY)
    assert await rules_broken(play.refund(RequestRefund, CASHIER, amount=8_001, **WHY)) == ["more_than_captured"]
    await play.refund(RequestRefund, FIRST, **WHY)
    assert await rules_broken(play.refund(ApproveRefund, FIRST, case=2)) == ["needs_another"]
    await play.refund(ApproveRefund, SECOND, case=2)
    await refunded(play, 8_000)
    await play.refund(DeclineRefund, FIRST, case=1, reason="đã nhận kết quả")
    await play.refund(RequestRefund, CASHIER, amount=1, **WHY)
    await play.refund(ApproveRefund, FIRST, case=3)
    view = await refunded(play, 8_001)
    await play.review()
    await play.at(Stage.CLOSED)
    assert (view.refunded, view.state) == (8_001, "paid")
    assert await given(play) == [8_000, 1]


async def test_where_the_procedure_says_nothing_a_leader_decides_and_another_approves(running: World) -> None:
    play = await paid(running)
    await play.withdraw()
    undecided = [("decide_refund", ("decide_refund",))]
    await eventually(lambda: tasks(running, Role.LEADER), lambda found: found == undecided)
    await play.refund(DecideRefund, FIRST, amount=4_000, **WHY)
    assert await tasks(running, Role.LEADER) == [("approve_refund:1", ("approve_refund", "decline_refund"))]
    assert await rules_broken(play.refund(ApproveRefund, FIRST, case=1)) == ["needs_another"]
    await play.refund(ApproveRefund, SECOND, case=1)
    await refunded(play, 4_000)
    assert await tasks(running, Role.LEADER) == []


async def test_a_payment_that_nobody_watches_is_started_again_by_what_goes_back(running: World) -> None:
    play = await Play.begin(running, extract(payer_account=PAYS_TWICE))
    await play.accept()
    await eventually(lambda: play.kinds("refund", 1002), lambda kinds: "refund_opened" in kinds)
    stream = payment_workflow(play.filing, 1)
    await lose(running, stream)
    await play.approve_refund(1002)
    view = await refunded(play, AMOUNT)
    assert (view.captured, view.state) == (2 * AMOUNT, "paid")
    assert await play.kinds("refund", 1002) == [
        *("refund_begun", "refund_opened", "refund_approved", "refund_asked", "refund_given")
    ]
    assert await given(play) == [AMOUNT]
    await sound(running)
