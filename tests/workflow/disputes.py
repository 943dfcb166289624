"""Fees of which less came than was asked for."""

from __future__ import annotations

from typing import Any, Final

from schemas.filing.state import Stage
from schemas.people import Role
from schemas.reading import AskTasks
from schemas.refund.commands import AcceptShortPayment, ApproveShortPayment
from tests.acting import AGENCY, PAYS_TOO_LITTLE, Play, eventually, extract, officer
from tests.conftest import World

FIRST: Final = officer(Role.LEADER)
CASHIER: Final = officer(Role.CASHIER)
WHY: Final[dict[str, Any]] = {"reason": "thiếu phí chuyển khoản", "legal_basis": "TT 45/2006"}
AMOUNT: Final = 16_000
SHORT: Final = AMOUNT - 1_000
DISPUTED: Final = ["refund_begun", "refund_disputed"]


async def disputed(world: World) -> Play:
    play = await Play.begin(world, extract(payer_account=PAYS_TOO_LITTLE))
    await play.accept()
    await eventually(lambda: play.kinds("refund", 1001), lambda kinds: kinds == DISPUTED)
    return play


async def tasks(world: World, role: Role) -> list[tuple[str, tuple[str, ...]]]:
    page = await world.client.tasks(AskTasks(agency=AGENCY, role=role))
    return [(task.name, task.actions) for task in page.rows if task.stream.startswith("refund:")]


async def paid(play: Play) -> dict[str, Any]:
    """What the filing has recorded of its fee."""
    await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    timeline = await play.world.client.timeline(play.filing)
    return next(entry.body or {} for entry in timeline if entry.kind == "fee_paid")


async def less_is_taken_for_the_whole_fee(world: World) -> Play:
    """A filing with its result, of whose fee less came, which two took for the whole."""
    play = await disputed(world)
    view = await world.client.payment(play.filing)
    assert (view.state, view.captured, view.refunded) == ("pending", SHORT, 0)
    actions = ("accept_short_payment", "request_refund")
    assert await tasks(world, Role.CASHIER) == [("short_payment", actions)]
    await play.refund(AcceptShortPayment, CASHIER, **WHY)
    approve = ("approve_short_payment", "request_refund")
    assert await tasks(world, Role.LEADER) == [("short_payment", approve)]
    await play.refund(ApproveShortPayment, FIRST)
    body = await paid(play)
    assert (body["amount"], body["forgone"]) == (SHORT, 1_000)
    assert (await play.kinds("payment", 1))[-1] == "payment_accepted"
    assert await tasks(world, Role.LEADER) == []
    await play.review()
    await play.at(Stage.CLOSED)
    return play
