"""Less came than was asked, on a real server and a real bank: two take it for the whole fee, and one alone does not."""

from __future__ import annotations

from typing import Any, Final

from schemas.filing.state import Stage
from schemas.ids import payment_workflow
from schemas.people import Role
from schemas.refund.commands import AcceptShortPayment, ApproveShortPayment
from tests.acting import PAYS_TOO_LITTLE, Play, eventually, extract
from tests.conftest import World
from tests.restarting import lose
from tests.sound import sound
from tests.workflow.refunds import AMOUNT, CASHIER, FIRST, SECOND, given, rules_broken, tasks

WHY: Final[dict[str, Any]] = {"reason": "thiếu phí chuyển khoản", "legal_basis": "TT 45/2006"}
SHORT: Final = AMOUNT - 1_000


async def disputed(world: World) -> Play:
    play = await Play.begin(world, extract(payer_account=PAYS_TOO_LITTLE))
    await play.accept()
    await eventually(lambda: play.kinds("refund", 1001), lambda kinds: kinds == ["refund_begun", "refund_disputed"])
    return play


async def paid(play: Play) -> dict[str, Any]:
    """What the filing has recorded of its fee."""
    await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    timeline = await play.world.client.timeline(play.filing)
    return next(entry.body or {} for entry in timeline if entry.kind == "fee_paid")


async def test_two_take_less_for_the_whole_fee_and_the_filing_goes_on(running: World) -> None:
    play = await disputed(running)
    view = await running.client.payment(play.filing)
    assert (view.state, view.captured, view.refunded) == ("pending", SHORT, 0)
    actions = ("accept_short_payment", "request_refund")
    assert await tasks(running, Role.CASHIER) == [("short_payment", actions)]
    await play.refund(AcceptShortPayment, FIRST, **WHY)
    approve = ("approve_short_payment", "request_refund")
    assert await tasks(running, Role.LEADER) == [("short_payment", approve)]
    assert await rules_broken(play.refund(ApproveShortPayment, FIRST)) == ["needs_another"]
    assert "payment_accepted" not in await play.kinds("payment", 1)
    await play.refund(ApproveShortPayment, SECOND)
    body = await paid(play)
    assert (body["amount"], body["forgone"]) == (SHORT, 1_000)
    assert (await play.kinds("payment", 1))[-1] == "payment_accepted"
    assert await tasks(running, Role.LEADER) == []
    await play.review()
    await play.at(Stage.CLOSED)
    assert await given(play) == []
    await sound(running)


async def test_a_payment_that_was_lost_is_started_again_by_what_two_took_for_the_whole_fee(running: World) -> None:
    play = await disputed(running)
    stream = payment_workflow(play.filing, 1)
    await lose(running, stream)
    await play.refund(AcceptShortPayment, CASHIER, **WHY)
    await play.refund(ApproveShortPayment, FIRST)
    await paid(play)
    assert (await play.kinds("payment", 1)).count("payment_accepted") == 1
    await sound(running)
