"""Money through the real gateway: over each wire, asked for anew through another provider, and taken back in parts."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import asyncpg
import httpx
import pytest

from activities.partners.money import provider_queries
from motcua import RefusedError
from operations.rebuilding.rebuild import rebuild
from sandbox.bank.merchants import VNPAY_REVERSED, merchants
from schemas.ids import fee_key, reference_of
from schemas.payment.state import PaymentView
from schemas.people import Actor, Role
from tests.acting import Play, eventually, extract
from tests.any_files import AnyFiles, received_by
from tests.callbacks import merchants_of
from tests.integration.gateway.calls import ipn, kept, verdicts
from tests.integration.gateway.calls import till as till
from tests.workflow.money import AMOUNT, PAID, Till, events, every_wire, paid_for
from tests.workflow.money import asked as asked_at
from tests.workflow.money import at_work as working
from workers.wiring import activities, platform_worker

ALL_DAY: Final = None


@asynccontextmanager
async def at_work(till: Till, minutes: float | None, *others: str) -> AsyncIterator[None]:
    """A worker for which a request of the wire's can be paid so long, where the agency has these merchants too."""
    world = till.world
    providers = dict(merchants_of(till.bank))
    providers[till.wire] = providers[till.wire].model_copy(update={"minutes": minutes})
    settings = world.settings.model_copy(update={"providers": providers})
    async with world.connection(world.owner_dsn) as connection:
        await connection.execute("update agency set merchants = $1", [till.wire, *others])
    async with (
        activities(settings) as functions,
        platform_worker(world.temporal, received_by(AnyFiles(), functions), settings),
        world.back_office(),
    ):
        yield


async def asked(till: Till) -> Play:
    play = await Play.begin(till.world, extract(payer_account=None))
    await play.accept()
    await events(play, "payment_ordered")
    return play


async def page_of(till: Till, view: PaymentView) -> httpx.URL:
    start = view.pay_url or str(httpx.URL(f"{till.bank.url}/vietqr/scan", params={"code": view.code or ""}))
    async with httpx.AsyncClient(trust_env=False) as browser:
        page = await browser.get(start, follow_redirects=True)
    assert page.status_code == httpx.codes.OK, page.text
    return page.url


async def shown(play: Play, **wanted: Any) -> PaymentView:
    """The payment's view once it is so."""
    return await eventually(
        lambda: play.world.client.payment(play.filing),
        lambda view: all(getattr(view, name) == value for name, value in wanted.items()),
    )


async def captured(play: Play) -> list[tuple[bool, int]]:
    """Of each capture, whether it is owed, and of which request it is."""
    async with play.world.connection() as connection:
        rows: list[asyncpg.Record] = await connection.fetch(
            "select body from event where stream = $1 and kind = 'payment_captured' order by seq",
            f"payment:{play.filing}:1",
        )
    bodies = [json.loads(row["body"]) for row in rows]
    return [(body["owed"], body.get("attempt", 1)) for body in bodies]


def given_back(till: Till) -> list[tuple[str, int]]:
    """Every refund of the bank's ledger: of which order, how many đồng."""
    orders = till.bank.client.get("/ledger").json()["orders"]
    return [(order["key"], refund["amount"]) for order in orders for refund in order["refunds"]]


@pytest.mark.parametrize("wire", ["vnpay"])
async def test_a_fee_is_paid_by_a_second_request_and_the_first_money_goes_back(
    till: Till,
) -> None:
    async with at_work(till, 0.05, "vietqr"):
        play = await asked(till)
        first = await page_of(till, await shown(play, attempt=1))
        over = await shown(play, pay_url=None)
        assert (over.state, over.expires, over.providers) == ("pending", None, ("vnpay", "vietqr"))
        assert (await play.kinds("payment", 1))[-1] == "payment_request_expired"
        await play.renew_payment(provider="vietqr")
        second = await eventually(lambda: play.world.client.payment(play.filing), lambda view: view.code is not None)
        assert (second.attempt, second.provider, second.state) == (2, "vietqr", "pending")
        await till.pay(await page_of(till, second))
        await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
        await till.pay(first)
        await eventually(lambda: captured(play), lambda found: found == [(True, 2), (False, 1)])
        await play.approve_refund(1002)
        await events(play, "payment_refunded")
        assert given_back(till) == [(f"vnpay:{reference_of(fee_key(play.filing, 1))}", 16_000)]
        report = await rebuild(till.world.owner_dsn, till.world.settings.master, lambda *_: None)
        assert set(report.changed.values()) == {0}


@pytest.mark.parametrize("wire", ["vnpay"])
async def test_who_asks_anew_may_pay_by_either_and_the_other_is_closed_and_paid_back(till: Till) -> None:
    """The bank's own wire does not call: its money is found by asking, and its order is closed once it is not owed."""
    async with at_work(till, ALL_DAY, "bank"):
        play = await asked(till)
        first = await page_of(till, await shown(play, attempt=1))
        await play.renew_payment(provider="bank")
        second = await eventually(
            lambda: play.world.client.payment(play.filing), lambda view: view.attempt == 2 and view.pay_url is not None
        )
        assert second.provider == "bank"
        await till.pay(first)
        await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
        assert await captured(play) == [(True, 1)]
        async with httpx.AsyncClient(trust_env=False) as browser:
            order = f"{till.world.settings.bank_url}/orders/{fee_key(play.filing, 1, 2)}"
            await eventually(lambda: browser.get(order), lambda found: found.json()["status"] == "cancelled")


@pytest.mark.parametrize("wire", ["vnpay"])
async def test_only_whose_filing_it_is_asks_anew_and_only_through_whom_the_agency_names(till: Till) -> None:
    async with at_work(till, ALL_DAY, "vietqr"):
        play = await asked(till)
        for fields, rule in (
            ({"provider": "platform"}, "provider_not_offered"),
            ({"actor": Actor(subject="somebody", role=Role.APPLICANT)}, "not_the_applicant"),
            ({"actor": Actor(subject="somebody", role=Role.REPRESENTATIVE)}, "not_the_representative"),
            ({"actor": play.officer(Role.CASHIER)}, "role_not_allowed"),
        ):
            with pytest.raises(RefusedError) as refused:
                await play.renew_payment(**fields)
            assert [problem.rule for problem in refused.value.refusal.problems] == [rule]
        assert await play.kinds("payment", 1) == PAID[:2]
        again = [await play.renew_payment(command_id="again-1") for _ in range(2)]
        assert again[0] == again[1]
        assert (await play.kinds("payment", 1)).count("payment_renewed") == 1


@pytest.mark.parametrize("wire", ["platform"])
async def test_a_provider_that_does_not_answer_holds_up_its_own_request_alone(till: Till) -> None:
    """Neither its order nor the closing of its request is answered; the payer takes another."""
    async with at_work(till, 0.02, "vnpay"):
        till.bank.client.put("/faults/platform", json={"fault": "broken", "times": 10_000})
        play = await Play.begin(till.world, extract(payer_account=None))
        await play.accept()
        await eventually(lambda: play.kinds("payment", 1), lambda kinds: kinds == ["payment_requested"])
        await play.renew_payment(provider="vnpay")
        second = await eventually(lambda: play.world.client.payment(play.filing), lambda view: view.pay_url is not None)
        assert (second.attempt, second.provider) == (2, "vnpay")
        await till.pay(await page_of(till, second))
        await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
        assert await captured(play) == [(True, 2)]
        assert await play.kinds("payment", 1) == [PAID[0], "payment_renewed", *PAID[1:]]


@every_wire
async def test_what_is_paid_is_captured_once_and_the_filing_goes_on(till: Till) -> None:
    async with working(till):
        play, _, _ = await paid_for(till)
        assert await verdicts(till) == ["confirmed"]
        assert await play.kinds("payment", 1) == PAID
        view = await till.world.client.payment(play.filing)
        assert (view.state, view.captured, view.refunded) == ("paid", AMOUNT, 0)


@pytest.mark.parametrize("wire", ["vnpay", "platform"])
async def test_a_signed_wrong_amount_is_settled_by_asking_at_once(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_queries, "gentle_pause", lambda *_: timedelta(hours=1))
    async with working(till):
        play, _, page = await asked_at(till)
        till.bank.client.put(f"/faults/{till.wire}", json={"fault": "wrong_amount", "times": 1, "value": 1000})
        await till.pay(page)
        await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
        assert set(await verdicts(till)) == {"wrong_amount"}
        assert await play.kinds("payment", 1) == PAID
        assert (await till.world.client.payment(play.filing)).captured == AMOUNT


@pytest.mark.parametrize("wire", ["vnpay"])
async def test_money_that_is_taken_back_in_parts_under_one_number_is_recorded_part_by_part(till: Till) -> None:
    async with working(till):
        play, reference, _ = await paid_for(till)
        (paid,) = await kept(till.world)
        merchant = merchants(till.bank.data)["vnpay"]
        said = {"TmnCode": merchant.name, "TransactionNo": paid["transaction"], "TransactionStatus": VNPAY_REVERSED}
        callbacks = till.bank.options[-1]
        async with httpx.AsyncClient(trust_env=False) as bank:
            for amount, at in ((3_000, "00"), (4_000, "00"), (3_000, "00"), (3_000, "07"), (4_000, "00")):
                part = said | {"Amount": f"{amount}00", "PayDate": f"202611271000{at}"}
                await bank.get(f"{callbacks}/vnpay?{ipn(reference, merchant.secret, **part)}")
        recorded = await eventually(
            lambda: play.kinds("payment", 1), lambda kinds: kinds.count("payment_charged_back") == 3
        )
        assert recorded == [*PAID, *["payment_charged_back"] * 3]
        assert len(await verdicts(till)) == 4, "a repeat is no row"
        assert (await till.world.client.payment(play.filing)).charged_back == 10_000
