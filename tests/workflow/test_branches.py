"""Ways of a filing that no story of the demo tells, on a real server, worker, database and bank."""

from __future__ import annotations

from typing import Any, Final

import pytest

from motcua import NotAllowed
from recovery.restart import Restarter
from schemas.filing import commands as cm
from schemas.filing.state import Stage, Status
from schemas.ids import filing_workflow, payment_workflow
from schemas.people import Role
from schemas.reading import Audience
from tests.acting import BIRTH, NEVER_PAYS, Play, birth, eventually, extract, publish_short
from tests.conftest import World
from tests.sound import sound
from tests.workflow.delivery import fetched
from tests.workflow.obligations import LAND, PAID, N, demanded, takes_money
from workers.wiring import open_pool

MONEY_BACK = 8000 * 2


async def test_after_a_withdrawal_nothing_is_owed_and_late_money_goes_back(running: World) -> None:
    play = await Play.begin(running, extract(payer_account=NEVER_PAYS))
    await play.accept()
    await eventually(play.order, lambda order: order != {})
    await play.withdraw()
    assert (await play.view()).status is Status.WITHDRAWN
    await eventually(play.order, lambda order: order["status"] == "cancelled")
    await play.pay_by_hand()
    await play.approve_refund()
    order = await eventually(play.order, lambda order: bool(order["refunds"]))
    assert [refund["amount"] for refund in order["refunds"]] == [MONEY_BACK]
    kinds = await eventually(lambda: play.kinds("payment", 1), lambda kinds: kinds[-1] == "payment_refunded")
    assert kinds == [
        "payment_requested",
        "payment_ordered",
        "payment_cancelled",
        "payment_captured",
        "payment_refunded",
    ]


async def test_whoever_pays_twice_what_is_not_owed_gets_both_back(running: World) -> None:
    play = await Play.begin(running, extract(payer_account=NEVER_PAYS))
    await play.accept()
    await eventually(play.order, bool)
    await play.withdraw()
    await eventually(play.order, lambda order: order.get("status") == "cancelled")
    for _ in range(2):
        await play.pay_by_hand()
    for capture in (1001, 1002):
        await play.approve_refund(capture)
    order = await eventually(play.order, lambda order: len(order["refunds"]) == 2)
    assert {refund["capture_id"] for refund in order["refunds"]} == {c["capture_id"] for c in order["captures"]}


async def events(play: Play, wanted: str, n: int = N) -> list[str]:
    return await eventually(lambda: play.kinds("payment", n), lambda kinds: wanted in kinds)


async def test_nothing_is_demanded_for_an_agency_that_is_no_tax_office(running: World) -> None:
    await takes_money(running)
    for agency in (LAND, "H01.12", "H99.99"):
        with pytest.raises(NotAllowed) as refused:
            await demanded(running, agency=agency)
        assert [(one.field, one.rule) for one in refused.value.refusal.problems] == [("agency", "no_tax_office")]


async def test_a_filing_that_was_lost_hears_of_the_money_when_it_goes_on_from_its_log(running: World) -> None:
    await takes_money(running)
    play = await demanded(running, NEVER_PAYS)
    await events(play, "payment_ordered")
    await running.temporal.get_workflow_handle(filing_workflow(play.filing)).terminate("it is lost")
    await play.pay_by_hand(N)
    await events(play, "payment_captured")
    await running.temporal.get_workflow_handle(payment_workflow(play.filing, N)).terminate("it is lost")
    async with open_pool(running.settings) as pool:
        restarter = Restarter(pool, running.temporal)
        assert await restarter.unfinished("payment", play.filing) == [payment_workflow(play.filing, N)]
        await restarter.restart(filing_workflow(play.filing))
    await play.at(Stage.REVIEW)
    assert await play.kinds("payment", N) == PAID
    await sound(running)


SIGNED: Final[dict[str, Any]] = {"recipient": "Nguyễn Văn An", "signed_on_paper": True}


async def read(world: World, **seconds: int) -> Play:
    """A result that waits to be read, for an hour unless something else is said."""
    version = await publish_short(world, BIRTH, **{"reading": 3600} | seconds)
    play = await Play.begin(world, birth(version=version, result_channel="online"))
    await play.at(Stage.READING)
    return play


async def stored(world: World, kind: str) -> list[str]:
    """What the log holds of events of this kind that is not sealed."""
    async with world.connection() as connection:
        rows = await connection.fetch("select body from event where kind = $1", kind)
    return [row["body"].decode() for row in rows]


async def test_the_pick_up_code_is_sealed_and_told_to_the_applicant_alone(running: World) -> None:
    play = await fetched(running)
    told = await running.client.delivery(play.filing)
    assert told.pickup_code is not None
    assert (told.desk, told.link) == ("H56.30", None)
    assert await stored(running, "pickup_offered") == ["{}"]
    assert told.pickup_code not in (await play.view()).model_dump_json()
    for audience in Audience:
        entries = await running.client.timeline(play.filing, audience)
        [offered] = [entry for entry in entries if entry.kind == "pickup_offered"]
        seen = (offered.personal or {}).get("code")
        assert seen == (told.pickup_code if audience is Audience.APPLICANT else None), audience


async def test_a_wrong_code_is_refused_and_counted_once_for_each_command(running: World) -> None:
    play = await fetched(running)
    code = (await running.client.delivery(play.filing)).pickup_code
    assert code is not None
    wrong = SIGNED | {"code": f"{(int(code) + 1) % 10**6:06d}", "command_id": "fetched-1"}
    for _ in range(2):
        with pytest.raises(NotAllowed) as refused:
            await play.act(cm.HandOver, play.officer(Role.HANDOVER), **wrong)
        assert [problem.rule for problem in refused.value.refusal.problems] == ["wrong_code"]
    assert (await play.kinds())[-2:] == ["pickup_offered", "wrong_code_given"]
    await play.hand_over()
    assert (await play.view()).status is Status.RETURNED
    assert (await play.kinds())[-2:] == ["wrong_code_given", "handed_over"]
