"""Every way a filing can go, on a real server, worker, database, bank and post."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from obstore.store import from_url

from motcua import NotAllowed, NotAuthorised
from motcua.store import Store
from operations.publishing import catalogue
from operations.publishing.catalogue import publish
from schemas.filing import commands as cm
from schemas.filing.events import Clock, Outcome
from schemas.filing.state import Closing, FeeState, Stage, Status
from schemas.level import Channel, Level
from schemas.parcel.state import ParcelState
from schemas.payment.state import PaymentState
from schemas.people import Role
from tests.acting import (
    ADDRESS,
    BIRTH,
    EXTRACT,
    FILE,
    NEVER_PAYS,
    PAYS_LATE,
    PAYS_TWICE,
    Doubtful,
    Play,
    birth,
    contract,
    eventually,
    extract,
    marriage,
    publish_short,
)
from tests.conftest import ROOT, World

APPRAISED = ["step_started", "claimed", "proposed"]
DECIDED = ["step_started", "claimed", "decided"]
MONEY_BACK = 8000 * 2


def supplement_request(code: str = "person_name", target: str = "field") -> dict[str, Any]:
    return {"items": [{"target": target, "code": code, "note": "illegible"}], "legal_basis": "Đ15"}


async def test_fully_online_the_fee_and_the_result_pass_online(running: World) -> None:
    play = await Play.begin(running, extract())
    await play.accept()
    await play.review()
    view = await play.at(Stage.CLOSED)
    assert (view.status, view.closing, view.level) == (Status.RETURNED, Closing.DELIVERED, Level.FULLY_ONLINE)
    assert view.fee is not None
    assert (view.fee.amount, view.fee.channel, view.fee.state) == (16000, Channel.ONLINE, FeeState.PAID)
    assert view.fee.receipt_no is not None
    paid = ["submitted", "accepted", "fee_requested", "fee_paid"]
    assert await play.kinds() == [*paid, *APPRAISED, *DECIDED, "result_issued", "finished_early", "handed_over"]
    assert await play.kinds("payment", 1) == ["payment_requested", "payment_ordered", "payment_captured"]
    order = await play.order()
    assert (order["status"], len(order["captures"]), order["refunds"]) == ("paid", 1, [])
    result = await running.client.result(play.filing)
    assert view.code.encode() in await Store(from_url(running.objects)).get(result.result)


async def test_an_instant_procedure_is_approved_under_its_standing_order(running: World) -> None:
    play = await Play.begin(running, birth())
    view = await play.at(Stage.CLOSED)
    assert await play.kinds() == ["submitted", "accepted", "decided", "result_issued", "finished_early", "handed_over"]
    assert view.status is Status.RETURNED
    assert view.decision is not None
    assert (view.decision.standing_order, view.decision.officer) == ("01/QĐ-UBND", "h56.30-leader-1")


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


async def test_what_the_back_office_finds_incomplete_goes_to_the_officers(world: World) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        play = await Play.begin(world, birth())
        await play.accept()
        await play.review()
        view = await play.at(Stage.CLOSED)
    assert await play.kinds() == [
        "submitted",
        "accepted",
        *APPRAISED,
        *DECIDED,
        "result_issued",
        "finished_early",
        "handed_over",
    ]
    assert view.decision is not None
    assert (view.decision.standing_order, view.decision.officer) == (None, "h56.30-leader-1")


async def test_the_post_delivers_the_result(running: World) -> None:
    play = await Play.begin(running, birth(result_channel="post", address=ADDRESS))
    view = await play.at(Stage.CLOSED)
    assert view.status is Status.RETURNED
    assert (await play.kinds())[-4:] == ["result_issued", "finished_early", "parcel_requested", "handed_over"]
    assert await play.kinds("parcel", 1) == ["consignment_requested", "consignment_sent", "consignment_ended"]


async def test_what_the_post_brings_back_waits_at_the_counter(running: World) -> None:
    play = await Play.begin(running, birth(result_channel="post", address=ADDRESS | {"postcode": "99902"}))
    assert (await play.at(Stage.PICKUP)).status is Status.PROCESSED
    assert (await running.client.parcel(play.filing)).state is ParcelState.RETURNED
    await play.hand_over()
    assert (await play.view()).status is Status.RETURNED
    assert (await play.kinds())[-4:] == ["parcel_requested", "parcel_failed", "pickup_offered", "handed_over"]


async def test_at_level_3_the_fee_is_paid_at_the_counter_and_the_result_fetched_there(running: World) -> None:
    play = await Play.begin(running, marriage())
    await play.accept()
    await play.review()
    await play.at(Stage.FEE)
    await play.pay_at_counter(8000)
    await play.hand_over()
    view = await play.view()
    assert (view.status, view.level) == (Status.RETURNED, Level.ONLINE_FILING)
    forwarded = ["step_started", "claimed", "forwarded"]
    fetched = ["result_issued", "finished_early", "fee_requested", "fee_paid", "pickup_offered", "handed_over"]
    assert await play.kinds() == ["submitted", "accepted", *forwarded, *APPRAISED, *DECIDED, *fetched]
    assert await play.order() == {}


async def test_without_a_signature_a_level_4_procedure_is_filed_at_level_3(running: World) -> None:
    play = await Play.begin(running, extract(signature=None, payer_account=None, result_channel="counter"))
    await play.accept()
    view = await play.view()
    assert (view.level, view.status) == (Level.ONLINE_FILING, Status.FINANCIAL_OBLIGATION)
    await play.pay_at_counter(16000)
    await play.review()
    await play.at(Stage.PICKUP)
    await play.hand_over()
    assert (await play.view()).status is Status.RETURNED


async def test_reception_records_what_is_handed_in_on_paper(running: World) -> None:
    play = await Play.begin(running, contract())
    view = await play.view()
    assert (view.level, view.channel, view.stage) == (Level.FORMS, Channel.COUNTER, Stage.REVIEW)
    await play.review()
    await play.at(Stage.FEE)
    await play.pay_at_counter(50_000)
    await play.hand_over()
    assert (await play.view()).status is Status.RETURNED
    assert (await play.kinds())[:2] == ["submitted", "accepted"]


async def test_a_supplement_at_intake_comes_back_to_who_asked(running: World) -> None:
    play = await Play.begin(running, extract())
    await play.act(cm.RequestSupplement, play.officer(Role.RECEPTION), **supplement_request())
    view = await play.view()
    assert (view.status, view.stage) == (Status.SUPPLEMENT, Stage.SUPPLEMENT)
    await play.act(cm.Supplement, play.submission.actor, form={"person_name": "Nguyễn Văn Ân"})
    view = await play.view()
    assert (view.status, view.stage) == (Status.REGISTERED, Stage.INTAKE)
    assert view.tasks[0].officer == "h56.30-reception-1"
    await play.accept()
    assert await play.kinds() == ["submitted", "supplement_requested", "supplemented", "accepted", "fee_requested"]


async def test_a_supplement_at_review_comes_back_to_who_asked(world: World) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        play = await Play.begin(world, birth())
        await play.accept()
        asking, other = (play.officer(Role.SPECIALIST, n) for n in (1, 2))
        await play.act(cm.Claim, asking)
        await play.act(cm.RequestSupplement, asking, **supplement_request("birth_notice", "paper"))
        assert (await play.view()).status is Status.SUPPLEMENT
        await play.act(cm.Supplement, play.submission.actor, papers=[{"code": "birth_notice", "file": FILE}])
        assert (await play.view()).tasks[0].officer == asking.subject
        with pytest.raises(NotAllowed) as error:
            await play.act(cm.Propose, other, outcome="approved")
        assert error.value.refusal.problems[0].rule == "claimed_by_other"
        await play.act(cm.Propose, asking, outcome="approved")


async def test_a_supplement_that_never_comes_ends_the_filing_not_accepted_at_intake(running: World) -> None:
    play = await Play.begin(running, extract(version=await publish_short(running, EXTRACT, supplement=1)))
    await play.act(cm.RequestSupplement, play.officer(Role.RECEPTION), **supplement_request())
    view = await play.at(Stage.CLOSED)
    assert (view.status, view.closing) == (Status.NOT_ACCEPTED, Closing.SUPPLEMENT_EXPIRED)
    assert await play.kinds() == ["submitted", "supplement_requested", "supplement_expired"]


async def test_a_supplement_that_never_comes_stops_the_filing_later(world: World) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        play = await Play.begin(world, birth(version=await publish_short(world, BIRTH, supplement=1)))
        await play.accept()
        asking = play.officer(Role.SPECIALIST)
        await play.act(cm.Claim, asking)
        await play.act(cm.RequestSupplement, asking, **supplement_request("birth_notice", "paper"))
        view = await play.at(Stage.CLOSED)
    assert (view.status, view.closing) == (Status.STOPPED, Closing.SUPPLEMENT_EXPIRED)
    assert (await play.kinds())[-2:] == ["supplement_requested", "supplement_expired"]


async def unpaid(world: World, account: str) -> Play:
    """A filing whose fee has two seconds."""
    version = await publish_short(world, EXTRACT, payment=2)
    play = await Play.begin(world, extract(payer_account=account, version=version))
    await play.accept()
    return play


async def test_who_never_pays_is_stopped_and_the_order_is_closed_at_the_bank(running: World) -> None:
    play = await unpaid(running, NEVER_PAYS)
    view = await play.at(Stage.CLOSED)
    assert (view.status, view.closing) == (Status.STOPPED, Closing.FEE_EXPIRED)
    assert await play.kinds("payment", 1) == ["payment_requested", "payment_ordered", "payment_expired"]
    order = await play.order()
    assert (order["status"], order["captures"]) == ("cancelled", [])


async def test_who_pays_too_late_is_stopped_and_gets_the_money_back(running: World) -> None:
    play = await unpaid(running, PAYS_LATE)
    assert (await play.at(Stage.CLOSED)).closing is Closing.FEE_EXPIRED
    await play.approve_refund()
    order = await eventually(play.order, lambda order: bool(order["refunds"]))
    assert [refund["amount"] for refund in order["refunds"]] == [capture["amount"] for capture in order["captures"]]
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: kinds[-1] == "payment_refunded")
    payment = await running.client.payment(play.filing)
    assert (payment.state, payment.captured, payment.refunded) == (PaymentState.EXPIRED, MONEY_BACK, MONEY_BACK)


async def test_of_two_payments_exactly_one_is_kept(running: World) -> None:
    play = await Play.begin(running, extract(payer_account=PAYS_TWICE))
    await play.accept()
    await play.review()
    assert (await play.at(Stage.CLOSED)).status is Status.RETURNED  # while the second one is still to be found
    await play.approve_refund(1002)
    order = await eventually(play.order, lambda order: bool(order["refunds"]))
    assert len(order["captures"]) == 2
    assert [refund["capture_id"] for refund in order["refunds"]] == [order["captures"][1]["capture_id"]]
    kinds = await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_refunded" in kinds)
    assert kinds == ["payment_requested", "payment_ordered", "payment_captured", "payment_captured", "payment_refunded"]
    assert (await running.client.payment(play.filing)).state is PaymentState.PAID


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
    source = (ROOT / "procedures" / f"{EXTRACT}@2026-12.yaml").read_bytes()
    later = source.replace(b"due: acceptance", b"due: result").replace(b"2026-12", b"2026-11-later", 1)
    version = (await publish(running.owner_dsn, later)).version
    play = await Play.begin(running, extract(version=version, payer_account=NEVER_PAYS))
    await play.accept()
    await play.review()
    await eventually(play.order, bool)
    await play.pay_at_counter(16000)
    assert (await play.at(Stage.CLOSED)).closing is Closing.DELIVERED
    await eventually(play.order, lambda order: order["status"] == "cancelled")
    assert await play.kinds("payment", 1) == ["payment_requested", "payment_ordered", "payment_cancelled"]


async def test_who_pays_at_the_counter_instead_owes_nothing_online(running: World) -> None:
    play = await Play.begin(running, extract(payer_account=NEVER_PAYS))
    await play.accept()
    await eventually(play.order, lambda order: order != {})
    await play.pay_at_counter(16000)
    await eventually(play.order, lambda order: order["status"] == "cancelled")
    await play.review()
    view = await play.at(Stage.CLOSED)
    assert view.fee is not None
    assert (view.status, view.fee.channel) == (Status.RETURNED, Channel.COUNTER)
    kinds = await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_cancelled" in kinds)
    assert kinds == ["payment_requested", "payment_ordered", "payment_cancelled"]


async def test_a_filing_is_refused_at_intake(running: World) -> None:
    play = await Play.begin(running, extract())
    why = {"reason": "another agency keeps this register", "legal_basis": "Law on civil status"}
    await play.act(cm.RefuseIntake, play.officer(Role.RECEPTION), **why)
    view = await play.view()
    assert (view.status, view.closing) == (Status.NOT_ACCEPTED, Closing.INTAKE_REFUSED)
    assert await play.kinds() == ["submitted", "intake_refused"]


async def test_a_refusal_on_the_merits_is_a_result_without_a_fee(running: World) -> None:
    play = await Play.begin(running, marriage())
    await play.accept()
    await play.review(Outcome.REFUSED, "one of the parties is married")
    await play.at(Stage.PICKUP)
    await play.hand_over()
    view = await play.view()
    assert (view.status, view.closing, view.fee) == (Status.RETURNED, Closing.DELIVERED, None)
    result = await running.client.result(play.filing)
    assert result.outcome is Outcome.REFUSED
    assert b"one of the parties is married" in await Store(from_url(running.objects)).get(result.result)


async def test_a_limit_that_passes_is_recorded_once(world: World) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        play = await Play.begin(world, birth(version=await publish_short(world, BIRTH, intake=1, step=1)))
        view = await play.until(lambda view: bool(view.overdue))
        assert (view.stage, view.status, view.overdue) == (Stage.INTAKE, Status.REGISTERED, (Clock.INTAKE,))
        await play.accept()
        view = await play.until(lambda view: Clock.STEP in view.overdue)
        assert view.tasks[0].overdue
        await play.review()
        await play.at(Stage.CLOSED)
    async with world.connection() as connection:
        bodies = await connection.fetch("select body from event where kind = 'overdue' order by seq")
    late = [json.loads(row["body"]) for row in bodies]
    assert [entry["clock"] for entry in late][:2] == ["intake", "step"]
    assert len({(entry["clock"], entry["due"]) for entry in late}) == len(late)  # once for each time the clock ran


async def half_off(world: World) -> str:
    """A version of the extract of which a cashier may waive half."""
    source = (ROOT / "procedures" / f"{EXTRACT}@2026-12.yaml").read_bytes()
    fields = yaml.safe_load(catalogue.demo_variant(source, {"payment": 60}, suffix="half"))
    name = {"vi": "Giảm một nửa", "en": "Half off"}
    half = {"code": "half", "name": name, "percent": 50, "approver": "cashier", "source": "unconfirmed"}
    fields["fee"]["waivers"].append(half)
    return (await publish(world.owner_dsn, yaml.safe_dump(fields, allow_unicode=True).encode(), demo=True)).version


async def test_what_is_waived_of_a_fee_is_not_owed_and_the_rest_is_asked_for_anew(running: World) -> None:
    play = await Play.begin(running, extract(version=await half_off(running), payer_account=NEVER_PAYS))
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
