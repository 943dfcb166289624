"""A tax office's money on a real server and a real bank: paid, proved by the cashier, too late, taken back."""

from __future__ import annotations

from typing import Any

import pytest

from activities.partners.http import partner_client
from motcua import NotAllowed
from operations.evidence import bundle
from recovery.restart import Restarter
from rules.require import require
from schemas.filing import commands as cm
from schemas.filing.state import Stage, Status
from schemas.ids import fee_key, filing_workflow, payment_workflow
from schemas.people import Role
from schemas.refund.commands import ApproveRefund
from tests.acting import NEVER_PAYS, Play, eventually, officer, publish_short
from tests.conftest import World
from tests.sound import sound
from tests.workflow.obligations import AMOUNT, LAND, PAID, TAX, TRANSFER, N, demanded, refer, takes_money
from verifier import bundle as bundle_verifier
from workers.wiring import open_pool


async def events(play: Play, wanted: str, n: int = N) -> list[str]:
    return await eventually(lambda: play.kinds("payment", n), lambda kinds: wanted in kinds)


async def goes_back(play: Play, n: int, ordinal: int = 1) -> list[str]:
    """The events of a payment once a leader of the tax office has agreed that what nobody owes goes back."""
    refund = n * 1000 + ordinal
    await eventually(lambda: play.kinds("refund", refund), lambda kinds: "refund_opened" in kinds)
    with pytest.raises(NotAllowed):
        await play.refund(ApproveRefund, officer(Role.LEADER, LAND), refund, case=1)
    await play.refund(ApproveRefund, officer(Role.LEADER, TAX), refund, case=1)
    return await events(play, "payment_refunded", n)


async def order(play: Play, n: int) -> dict[str, Any]:
    async with partner_client(play.world.env["MOTCUA_BANK_URL"]) as bank:
        answer = await bank.get(f"/orders/{fee_key(play.filing, n)}")
    found: dict[str, Any] = answer.json()
    return found


async def test_what_a_tax_office_demands_is_paid_by_its_own_merchant_and_the_filing_goes_on(running: World) -> None:
    await takes_money(running)
    play = await demanded(running)
    view = await play.at(Stage.REVIEW)
    assert (view.status, view.obligation) == (Status.PROCESSING, None)
    assert (await play.kinds())[-3:] == ["obligation_demanded", "obligation_fulfilled", "step_started"]
    assert await play.kinds("payment", N) == PAID
    async with running.connection() as connection:
        row = await connection.fetchrow("select agency, number, amount, state from payment where n = $1", N)
        made = await bundle.export(connection, str(play.filing), None)
    assert bundle_verifier.verify(bundle_verifier.canonical(require(made))).problems == []
    assert row is not None
    assert (row["agency"], row["number"][: len(TAX) + 1], row["amount"]) == (TAX, f"{TAX}-", AMOUNT)
    assert row["state"] == "paid"
    await sound(running)


async def test_once_the_time_to_pay_is_over_the_request_ends_and_the_filing_waits_for_the_proof(running: World) -> None:
    await takes_money(running)
    version = await publish_short(running, TRANSFER, pay=2)
    play = await demanded(running, NEVER_PAYS, version)
    await events(play, "payment_expired")
    assert (await play.view()).stage is Stage.OBLIGATION
    await eventually(play.kinds, lambda kinds: "overdue" in kinds)
    await play.pay_by_hand(N)
    assert (await goes_back(play, N))[-2:] == ["payment_captured", "payment_refunded"]
    assert (await play.view()).stage is Stage.OBLIGATION
    await play.act(cm.FulfilObligation, play.officer(Role.CASHIER), reference="56/GNT")
    view = await play.at(Stage.REVIEW)
    assert view.parked == 0
    await sound(running)


async def test_a_demand_that_is_taken_back_is_paid_back_and_the_next_is_asked_for_anew(running: World) -> None:
    await takes_money(running)
    play = await demanded(running, NEVER_PAYS)
    await events(play, "payment_ordered")
    await play.act(cm.Recall, play.officer(Role.SPECIALIST))
    await events(play, "payment_cancelled")
    await refer(play, amount=AMOUNT - 500_000)
    await events(play, "payment_ordered", N + 1)
    await play.pay_by_hand(N + 1)
    await play.at(Stage.REVIEW)
    assert await play.kinds("payment", N + 1) == PAID
    assert "payment_cancelled" in await play.kinds("payment", N)
    await sound(running)


async def test_an_office_that_takes_no_money_is_paid_where_its_notice_says(running: World) -> None:
    async with running.connection(running.owner_dsn) as connection:
        await connection.execute("update agency set merchants = null where agency = $1", TAX)
    play = await demanded(running)
    view = await play.view()
    assert view.obligation is not None
    assert (view.stage, view.obligation.agency, view.obligation.n) == (Stage.OBLIGATION, TAX, None)
    await play.act(cm.FulfilObligation, play.officer(Role.CASHIER), reference="56/GNT")
    await play.at(Stage.REVIEW)
    assert await play.kinds("payment", N) == []


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
