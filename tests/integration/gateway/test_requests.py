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
from schemas.payment.state import PaymentView
from schemas.people import Actor, Role
from tests.acting import Play, eventually, extract
from tests.any_files import AnyFiles, received_by
from tests.callbacks import merchants_of
from tests.integration.gateway.calls import till as till
from tests.integration.gateway.calls import verdicts
from tests.workflow.money import AMOUNT, PAID, Till, events
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
