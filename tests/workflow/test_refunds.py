"""Refunds on a real server and a real bank: by two, of the whole or a part, by rule or by decision, never twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import pytest
import yaml

from motcua import NotAllowed, NotAuthorised, NotFound
from operations.ledger_verifier import verify
from operations.publishing import catalogue
from operations.publishing.absences import Absence, record_absence
from operations.publishing.catalogue import publish
from operations.rebuild import rebuild
from recovery.restart import Restarter
from rules.time.working_time import VIETNAM
from schemas import refund as rf
from schemas.errors import RefusalError
from schemas.filing.state import Closing, Stage
from schemas.ids import payment_workflow
from schemas.payment import PaymentView
from schemas.people import Actor, Role
from schemas.reading import AskTasks
from tests.acting import AGENCY, EXTRACT, PAYS_TWICE, Play, eventually, extract, officer
from tests.conftest import ROOT, World
from workers.wiring import open_pool

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


async def test_what_nobody_owes_waits_for_a_leader_and_goes_back_once(running: World) -> None:
    play = await Play.begin(running, extract(payer_account=PAYS_TWICE))
    await play.accept()
    await eventually(lambda: play.kinds("refund", 1002), lambda kinds: kinds == ["refund_begun", "refund_opened"])
    assert await given(play) == []
    assert await play.kinds("payment", 1) == [
        *("payment_requested", "payment_ordered", "payment_captured", "payment_captured")
    ]
    await play.approve_refund(1002)
    view = await refunded(play, AMOUNT)
    assert (view.captured, view.state) == (2 * AMOUNT, "paid")
    assert await given(play) == [AMOUNT]
    assert await play.kinds("refund", 1002) == [
        *("refund_begun", "refund_opened", "refund_approved", "refund_asked", "refund_given")
    ]
    assert await rules_broken(play.refund(rf.ApproveRefund, SECOND, 1002, case=1)) == ["no_open_refund"]


async def test_officers_ask_for_parts_and_never_for_more_than_came(running: World) -> None:
    play = await paid(running)
    await play.refund(rf.RequestRefund, CASHIER, lines=({"code": "extract", "amount": 8_000},), **WHY)
    assert await rules_broken(play.refund(rf.RequestRefund, CASHIER, amount=8_001, **WHY)) == ["more_than_captured"]
    await play.refund(rf.RequestRefund, FIRST, **WHY)
    assert await rules_broken(play.refund(rf.ApproveRefund, FIRST, case=2)) == ["needs_another"]
    await play.refund(rf.ApproveRefund, SECOND, case=2)
    await refunded(play, 8_000)
    await play.refund(rf.DeclineRefund, FIRST, case=1, reason="đã nhận kết quả")
    await play.refund(rf.RequestRefund, CASHIER, amount=1, **WHY)
    await play.refund(rf.ApproveRefund, FIRST, case=3)
    view = await refunded(play, 8_001)
    assert view.state == "paid"
    assert await given(play) == [8_000, 1]
    await play.review()
    await play.at(Stage.CLOSED)


async def test_nobody_does_it_alone_by_another_role_or_a_substitute(running: World) -> None:
    play = await paid(running)
    third = officer(Role.LEADER, n=7)
    both = CASHIER.model_copy(update={"subject": FIRST.subject})
    async with running.connection(running.owner_dsn) as connection:
        add = "insert into officer (agency, subject, role, name) values ($1, $2, $3, 'Phạm Minh Đức')"
        for one in (both, third):
            await connection.execute(add, AGENCY, one.subject, one.role)
    today = datetime.now(VIETNAM).date()
    absence = Absence(AGENCY, FIRST.subject, Role.LEADER, today, today + timedelta(days=1), SECOND.subject)
    await record_absence(running.owner_dsn, absence)
    await play.refund(rf.RequestRefund, both, **WHY)
    assert await rules_broken(play.refund(rf.ApproveRefund, FIRST, case=1)) == ["needs_another"]
    assert await rules_broken(play.refund(rf.ApproveRefund, SECOND, case=1)) == ["needs_another"]
    acting: dict[str, Any] = {"case": 1, "acting_for": FIRST.subject}
    assert await rules_broken(play.refund(rf.ApproveRefund, SECOND, **acting)) == ["needs_another"]
    stranger = Actor(subject="h01.12-nobody", role=Role.LEADER, agency=AGENCY)
    assert await rules_broken(play.refund(rf.ApproveRefund, stranger, case=1)) == ["not_in_directory"]
    not_theirs: dict[str, Any] = {"case": 1, "acting_for": "h01.12-leader-9"}
    assert await rules_broken(play.refund(rf.ApproveRefund, third, **not_theirs)) == ["not_the_substitute"]
    assert await given(play) == []
    await play.refund(rf.ApproveRefund, third, case=1)
    await refunded(play, AMOUNT)


async def half_back(world: World) -> str:
    """A version of the extract that gives back a share of what was paid for a filing that is withdrawn."""
    source = (ROOT / "procedures" / f"{EXTRACT}@2026-12.yaml").read_bytes()
    fields = yaml.safe_load(catalogue.demo_variant(source, {"payment": 60}, suffix="back"))
    fields["fee"]["refunds"].append({"case": "withdrawn_afterwards", "percent": 33, "source": "unconfirmed"})
    return (await publish(world.owner_dsn, yaml.safe_dump(fields, allow_unicode=True).encode(), demo=True)).version


async def test_the_procedure_gives_back_its_share_of_what_was_withdrawn(running: World) -> None:
    play = await paid(running, version=await half_back(running))
    await play.withdraw()
    assert (await play.at(Stage.CLOSED)).closing is Closing.WITHDRAWN
    await play.approve_refund()
    await refunded(play, 5_280)
    assert await given(play) == [5_280]


async def test_where_the_procedure_says_nothing_a_leader_decides_and_another_approves(running: World) -> None:
    play = await paid(running)
    await play.withdraw()
    undecided = [("decide_refund", ("decide_refund",))]
    await eventually(lambda: tasks(running, Role.LEADER), lambda found: found == undecided)
    await play.refund(rf.DecideRefund, FIRST, amount=4_000, **WHY)
    actions = ("approve_refund", "decline_refund")
    assert await tasks(running, Role.LEADER) == [("approve_refund:1", actions)]
    assert await rules_broken(play.refund(rf.ApproveRefund, FIRST, case=1)) == ["needs_another"]
    await play.refund(rf.ApproveRefund, SECOND, case=1)
    await refunded(play, 4_000)
    assert await tasks(running, Role.LEADER) == []


async def test_a_filing_that_had_its_result_keeps_its_fee_and_begins_no_refund(running: World) -> None:
    play = await paid(running)
    await play.review()
    await play.at(Stage.CLOSED)
    assert await play.kinds("refund", 1001) == []


async def test_a_payment_that_has_ended_hears_of_what_goes_back_later(running: World) -> None:
    play = await paid(running)
    handle = running.temporal.get_workflow_handle(payment_workflow(play.filing, 1))
    await handle.terminate("as it ends by itself after three days")
    await play.refund(rf.RequestRefund, CASHIER, **WHY)
    await play.refund(rf.ApproveRefund, FIRST, case=1)
    await refunded(play, AMOUNT)
    assert await given(play) == [AMOUNT]


async def test_a_payment_that_is_started_again_reads_what_went_back_while_it_was_lost(running: World) -> None:
    """Its refund told a run that is lost: what counts is the log."""
    play = await Play.begin(running, extract(payer_account=PAYS_TWICE))
    await play.accept()
    await eventually(lambda: play.kinds("refund", 1002), lambda kinds: "refund_opened" in kinds)
    stream = payment_workflow(play.filing, 1)
    await running.temporal.get_workflow_handle(stream).terminate("lost")
    await play.approve_refund(1002)
    await refunded(play, AMOUNT)
    async with open_pool(running.settings) as pool:
        await Restarter(pool, running.temporal).restart(stream)
    await eventually(lambda: seen(play), lambda many: many > 1)
    assert (await verify(running.superuser_dsn)).problems == []
    changed = (await rebuild(running.owner_dsn, running.settings.master, lambda *_: None)).changed
    assert set(changed.values()) == {0}


async def seen(play: Play) -> int:
    """How often the payment's workflow has been started."""
    asked = f"WorkflowId = '{payment_workflow(play.filing, 1)}'"
    return (await play.world.temporal.count_workflows(asked)).count


async def test_there_is_nothing_to_give_back_of_money_that_never_came(running: World) -> None:
    play = await paid(running)
    with pytest.raises((NotFound, RefusalError)):
        await play.refund(rf.RequestRefund, CASHIER, 1002, **WHY)
