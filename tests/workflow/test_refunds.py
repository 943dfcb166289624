"""Refunds on a real server and a real bank: by two, of the whole or a part, by rule or by decision, never twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from motcua import NotFound
from operations.publishing.absences import Absence, record_absence
from operations.rebuild import rebuild
from recovery.restart import Restarter
from rules.time.working_time import VIETNAM
from schemas.errors import RefusalError
from schemas.filing.state import Closing, Stage
from schemas.ids import payment_workflow
from schemas.people import Actor, Role
from schemas.refund.commands import ApproveRefund, RequestRefund
from tests.acting import AGENCY, PAYS_TWICE, Play, eventually, extract, officer
from tests.conftest import World
from tests.workflow.refunds import (
    AMOUNT,
    CASHIER,
    FIRST,
    SECOND,
    WHY,
    a_leader_decides_and_another_approves,
    given,
    half_back,
    paid,
    parts_go_back,
    refunded,
    rules_broken,
    tasks,
    what_nobody_owes_goes_back,
)
from verifier.ledger import verify
from workers.wiring import open_pool


async def test_what_nobody_owes_waits_for_a_leader_and_goes_back_once(running: World) -> None:
    play = await what_nobody_owes_goes_back(running)
    view = await running.client.payment(play.filing)
    assert (view.captured, view.refunded, view.state) == (2 * AMOUNT, AMOUNT, "paid")
    assert await given(play) == [AMOUNT]
    assert await play.kinds("refund", 1002) == [
        *("refund_begun", "refund_opened", "refund_approved", "refund_asked", "refund_given")
    ]


async def test_officers_ask_for_parts_and_never_for_more_than_came(running: World) -> None:
    play = await parts_go_back(running)
    view = await running.client.payment(play.filing)
    assert (view.refunded, view.state) == (8_001, "paid")
    assert await given(play) == [8_000, 1]


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
    await play.refund(RequestRefund, both, **WHY)
    assert await rules_broken(play.refund(ApproveRefund, FIRST, case=1)) == ["needs_another"]
    assert await rules_broken(play.refund(ApproveRefund, SECOND, case=1)) == ["needs_another"]
    acting: dict[str, Any] = {"case": 1, "acting_for": FIRST.subject}
    assert await rules_broken(play.refund(ApproveRefund, SECOND, **acting)) == ["needs_another"]
    stranger = Actor(subject="h01.12-nobody", role=Role.LEADER, agency=AGENCY)
    assert await rules_broken(play.refund(ApproveRefund, stranger, case=1)) == ["not_in_directory"]
    not_theirs: dict[str, Any] = {"case": 1, "acting_for": "h01.12-leader-9"}
    assert await rules_broken(play.refund(ApproveRefund, third, **not_theirs)) == ["not_the_substitute"]
    assert await given(play) == []
    await play.refund(ApproveRefund, third, case=1)
    await refunded(play, AMOUNT)


async def test_the_procedure_gives_back_its_share_of_what_was_withdrawn(running: World) -> None:
    play = await paid(running, version=await half_back(running))
    await play.withdraw()
    assert (await play.at(Stage.CLOSED)).closing is Closing.WITHDRAWN
    await play.approve_refund()
    await refunded(play, 5_280)
    assert await given(play) == [5_280]


async def test_where_the_procedure_says_nothing_a_leader_decides_and_another_approves(running: World) -> None:
    await a_leader_decides_and_another_approves(running)
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
    await play.refund(RequestRefund, CASHIER, **WHY)
    await play.refund(ApproveRefund, FIRST, case=1)
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
        await play.refund(RequestRefund, CASHIER, 1002, **WHY)
