"""Refunds in tests: the payments, the requests and the approvals."""

from typing import Any, Final

from schemas.payment.state import PaymentView
from schemas.people import Role
from schemas.reading import AskTasks
from tests.acting import AGENCY, Play, eventually, officer
from tests.conftest import World

FIRST: Final = officer(Role.LEADER)
SECOND: Final = officer(Role.LEADER, n=2)
CASHIER: Final = officer(Role.CASHIER)
WHY: Final[dict[str, Any]] = {"reason": "nộp nhầm", "legal_basis": "TT 45/2006"}
AMOUNT: Final = 16_000


async def given(play: Play) -> list[int]:
    return [refund["amount"] for refund in (await play.order())["refunds"]]


async def refunded(play: Play, amount: int) -> PaymentView:
    return await eventually(lambda: play.world.client.payment(play.filing), lambda view: view.refunded == amount)


async def tasks(world: World, role: Role) -> list[tuple[str, tuple[str, ...]]]:
    page = await world.client.tasks(AskTasks(agency=AGENCY, role=role))
    return [(task.name, task.actions) for task in page.rows if task.stream.startswith("refund:")]
