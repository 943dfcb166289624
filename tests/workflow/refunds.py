"""Refunds: what was paid, by whom it is asked back and approved; and stories of that."""

from __future__ import annotations

from typing import Any, Final

import pytest
import yaml

from motcua import NotAllowed, NotAuthorised
from operations.publishing import catalogue
from operations.publishing.catalogue import publish
from schemas.filing.state import Stage
from schemas.payment.state import PaymentView
from schemas.people import Role
from schemas.reading import AskTasks
from schemas.refund.commands import ApproveRefund, DecideRefund, DeclineRefund, RequestRefund
from tests.acting import AGENCY, EXTRACT, PAYS_TWICE, Play, eventually, extract, officer
from tests.conftest import ROOT, World

FIRST: Final = officer(Role.LEADER)
SECOND: Final = officer(Role.LEADER, n=2)
CASHIER: Final = officer(Role.CASHIER)
WHY: Final[dict[str, Any]] = {"reason": "nộp nhầm", "legal_basis": "TT 45/2006"}
AMOUNT: Final = 16_000


async def paid(world: World, **said: Any) -> Play:
    play = await Play.begin(world, extract(**said))
    await play.accept()
    await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    return play


async def given(play: Play) -> list[int]:
    return [refund["amount"] for refund in (await play.order())["refunds"]]


async def refunded(play: Play, amount: int) -> PaymentView:
    return await eventually(lambda: play.world.client.payment(play.filing), lambda view: view.refunded == amount)


async def tasks(world: World, role: Role) -> list[tuple[str, tuple[str, ...]]]:
    page = await world.client.tasks(AskTasks(agency=AGENCY, role=role))
    return [(task.name, task.actions) for task in page.rows if task.stream.startswith("refund:")]


async def rules_broken(call: Any) -> list[str]:
    with pytest.raises((NotAllowed, NotAuthorised)) as refused:
        await call
    return [problem.rule for problem in refused.value.refusal.problems]


async def half_back(world: World) -> str:
    """A version of the extract that gives back a share of what was paid for a filing that is withdrawn."""
    source = (ROOT / "procedures" / f"{EXTRACT}@2026-12.yaml").read_bytes()
    fields = yaml.safe_load(catalogue.demo_variant(source, {"payment": 60}, suffix="back"))
    fields["fee"]["refunds"].append({"case": "withdrawn_afterwards", "percent": 33, "source": "unconfirmed"})
    return (await publish(world.owner_dsn, yaml.safe_dump(fields, allow_unicode=True).encode(), demo=True)).version


async def what_nobody_owes_goes_back(world: World) -> Play:
    """A filing whose fee was paid twice, once what nobody owes is back; nobody approves that again."""
    play = await Play.begin(world, extract(payer_account=PAYS_TWICE))
    await play.accept()
    await eventually(lambda: play.kinds("refund", 1002), lambda kinds: kinds == ["refund_begun", "refund_opened"])
    assert await given(play) == []
    assert await play.kinds("payment", 1) == [
        *("payment_requested", "payment_ordered", "payment_captured", "payment_captured")
    ]
    await play.approve_refund(1002)
    await refunded(play, AMOUNT)
    assert await rules_broken(play.refund(ApproveRefund, SECOND, 1002, case=1)) == ["no_open_refund"]
    return play


async def parts_go_back(world: World) -> Play:
    """A filing with its result, of whose fee officers asked for parts: two are back, one was declined."""
    play = await paid(world)
    await play.refund(RequestRefund, CASHIER, lines=({"code": "extract", "amount": 8_000},), **WHY)
    assert await rules_broken(play.refund(RequestRefund, CASHIER, amount=8_001, **WHY)) == ["more_than_captured"]
    await play.refund(RequestRefund, FIRST, **WHY)
    assert await rules_broken(play.refund(ApproveRefund, FIRST, case=2)) == ["needs_another"]
    await play.refund(ApproveRefund, SECOND, case=2)
    await refunded(play, 8_000)
    await play.refund(DeclineRefund, FIRST, case=1, reason="đã nhận kết quả")
    await play.refund(RequestRefund, CASHIER, amount=1, **WHY)
    await play.refund(ApproveRefund, FIRST, case=3)
    await refunded(play, 8_001)
    await play.review()
    await play.at(Stage.CLOSED)
    return play


async def a_leader_decides_and_another_approves(world: World) -> Play:
    """A withdrawn filing of whose fee the procedure says nothing, once a part is back."""
    play = await paid(world)
    await play.withdraw()
    undecided = [("decide_refund", ("decide_refund",))]
    await eventually(lambda: tasks(world, Role.LEADER), lambda found: found == undecided)
    await play.refund(DecideRefund, FIRST, amount=4_000, **WHY)
    actions = ("approve_refund", "decline_refund")
    assert await tasks(world, Role.LEADER) == [("approve_refund:1", actions)]
    assert await rules_broken(play.refund(ApproveRefund, FIRST, case=1)) == ["needs_another"]
    await play.refund(ApproveRefund, SECOND, case=1)
    await refunded(play, 4_000)
    return play
