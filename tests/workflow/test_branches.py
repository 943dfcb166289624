"""Ways of a filing that no story of the demo tells, on a real server, worker, database and bank."""

from __future__ import annotations

import pytest

from motcua import NotAllowed, NotAuthorised
from schemas.filing import commands as cm
from schemas.filing.state import Closing, Stage, Status
from schemas.people import Role
from tests.acting import (
    EXTRACT,
    FILE,
    NEVER_PAYS,
    Doubtful,
    Play,
    birth,
    eventually,
    extract,
    marriage,
    publish_changed,
)
from tests.conftest import World

MONEY_BACK = 8000 * 2


async def test_an_agency_without_an_accountable_leader_decides_by_its_officers(running: World) -> None:
    async with running.connection(running.owner_dsn) as connection:
        await connection.execute("update officer set active = false where subject = 'h56.30-leader-1'")
    play = await Play.begin(running, birth())
    handle = running.temporal.get_workflow_handle(f"filing:{play.filing}")

    async def done() -> set[str]:
        events = (await handle.fetch_history()).events
        return {str(event.WhichOneof("attributes")).removesuffix("_event_attributes") for event in events}

    # It waits for an officer, and has asked no back office whether the order approves.
    assert "activity_task_scheduled" not in await eventually(done, lambda found: "timer_started" in found)
    await play.accept()
    assert await play.kinds() == ["submitted", "accepted", "step_started"]


async def test_a_supplement_at_review_comes_back_to_who_asked(world: World) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        play = await Play.begin(world, birth())
        await play.accept()
        asking, other = (play.officer(Role.SPECIALIST, n) for n in (1, 2))
        await play.act(cm.Claim, asking)
        items = [{"target": "paper", "code": "birth_notice", "note": "illegible"}]
        await play.act(cm.RequestSupplement, asking, items=items, legal_basis="Đ15")
        assert (await play.view()).status is Status.SUPPLEMENT
        await play.act(cm.Supplement, play.submission.actor, papers=[{"code": "birth_notice", "file": FILE}])
        assert (await play.view()).tasks[0].officer == asking.subject
        with pytest.raises(NotAllowed) as error:
            await play.act(cm.Propose, other, outcome="approved")
        assert error.value.refusal.problems[0].rule == "claimed_by_other"
        await play.act(cm.Propose, asking, outcome="approved")


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


async def test_who_pays_at_the_counter_what_ends_the_filing_owes_nothing_online(running: World) -> None:
    version = await publish_changed(running, EXTRACT, lambda fields: fields["fee"].update(due="result"))
    play = await Play.begin(running, extract(version=version, payer_account=NEVER_PAYS))
    await play.accept()
    await play.review()
    await eventually(play.order, bool)
    await play.pay_at_counter(16000)
    assert (await play.at(Stage.CLOSED)).closing is Closing.DELIVERED
    await eventually(play.order, lambda order: order["status"] == "cancelled")
    assert await play.kinds("payment", 1) == ["payment_requested", "payment_ordered", "payment_cancelled"]


async def test_what_is_waived_of_a_fee_is_not_owed_and_the_rest_is_asked_for_anew(running: World) -> None:
    name = {"vi": "Giảm một nửa", "en": "Half off"}
    half = {"code": "half", "name": name, "percent": 50, "approver": "cashier", "source": "unconfirmed"}
    version = await publish_changed(running, EXTRACT, lambda fields: fields["fee"]["waivers"].append(half))
    play = await Play.begin(running, extract(version=version, payer_account=NEVER_PAYS))
    await play.accept()
    await eventually(play.order, bool)
    await play.act(cm.WaiveFee, play.officer(Role.CASHIER), waiver="half", reason="one of two copies is for the court")
    view = await play.at(Stage.FEE)
    assert view.fee is not None
    assert (view.fee.n, view.fee.amount, view.fee.waived) == (2, 8000, 8000)
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: kinds[-1] == "payment_cancelled")
    await play.pay_by_hand()  # the first order all the same: it is not owed any more
    await play.approve_refund()
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: kinds[-1] == "payment_refunded")
    await eventually(lambda: play.kinds("payment", 2), bool)
    await play.pay_by_hand(2)
    await play.at(Stage.REVIEW)
    assert (await play.view()).waiver is not None
    assert await play.kinds("payment", 2) == ["payment_requested", "payment_ordered", "payment_captured"]


async def test_a_task_is_given_only_to_an_officer_of_the_agency_in_its_role(running: World) -> None:
    play = await Play.begin(running, marriage())
    await play.accept()
    for stranger in ("h56.30-leader-1", "h01.12-specialist-1", "nobody"):
        with pytest.raises(NotAuthorised, match="not_in_directory"):
            await play.act(cm.Reassign, play.officer(Role.TEAM_LEAD), officer=stranger)
    await play.act(cm.Reassign, play.officer(Role.TEAM_LEAD), officer="h56.30-specialist-2")
    await play.act(cm.Forward, play.officer(Role.SPECIALIST, 2))
