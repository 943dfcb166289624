"""A callback's money reaches its payment once; so does money by the real gateway, also after a renewed request."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from activities.ledger.database import Pool
from activities.partners.money import provider_queries
from activities.partners.money.provider import CAPABILITIES
from gateway.relay import LONGEST_PAUSE, LONGEST_WAIT, RECORDED_WITHIN, Relay
from sandbox.bank.merchants import VNPAY_REVERSED, merchants
from schemas.ids import fee_key, reference_of
from schemas.payment.state import PaymentView
from schemas.people import Actor, Role
from tests.acting import Play, broken, eventually, extract
from tests.conftest import World
from tests.integration.gateway.calls import AMOUNT, Payments, demand, ipn, kept, note, noted, verdicts
from tests.integration.gateway.calls import payments as payments
from tests.integration.gateway.calls import relay as relay
from tests.integration.gateway.calls import till as till
from tests.sound import sound
from tests.workflow.money import AMOUNT as FEE
from tests.workflow.money import PAID, Till, events, paid_for
from tests.workflow.money import at_work as working
from tests.workflow.money import requested_fee as asked_at


async def now(world: World) -> None:
    """Makes all waiting callbacks due now."""
    await world.execute("update callback set next_try = clock_timestamp()")


async def calls(gateway: httpx.AsyncClient, *queries: str) -> None:
    for query in queries:
        assert (await gateway.get(f"/callbacks/vnpay?{query}")).status_code == 200


async def test_a_payment_hears_but_no_memo(
    world: World, gateway: httpx.AsyncClient, relay: Relay, payments: Payments
) -> None:
    """Callbacks report money, a reversal, and another sum, which stays pending if the provider can be queried."""
    by_ipn = [(await demand(world, "vnpay"))[0] for _ in range(3)]
    by_note = [(await demand(world, "treasury"))[0] for _ in range(3)]
    paid, back, other = by_ipn
    more = str((AMOUNT + 1000) * 100)
    await calls(gateway, ipn(paid), ipn(paid), ipn(back, TransactionStatus="08"), ipn(other, Amount=more))
    notes: list[dict[str, Any]] = [{}, {"kind": "reversal"}, {"amount": AMOUNT - 1000}]
    for n, said in enumerate(notes):
        await noted(gateway, note(f"canary {by_note[n]}", id=f"C{n}", **said))
    assert [await relay.some() for _ in range(2)] == [True, False]
    assert len(payments.told) == 6
    notices = {notice.reference: notice for _, notice in payments.told}
    assert {reference: (one.amount, one.outcome, one.by_number) for reference, one in notices.items()} == {
        paid: (AMOUNT, "paid", None),
        back: (AMOUNT, "reversed", True),
        other: (AMOUNT + 1000, "pending", None),
        by_note[0]: (AMOUNT, "paid", None),
        by_note[1]: (AMOUNT, "reversed", None),
        by_note[2]: (AMOUNT - 1000, "paid", None),
    }
    assert (notices[paid].transaction, notices[by_note[0]].transaction) == ("14226112", "C0")
    assert notices[paid].at == notices[by_note[0]].at == datetime(2020, 1, 1, 2, 59, tzinfo=UTC)
    assert all(row["told_at"] is not None for row in await kept(world))


async def pause(world: World) -> int:
    left: timedelta = await world.fetchval("select next_try - clock_timestamp() from callback")
    return round(left.total_seconds())


async def test_what_can_not_be_told_is_told_later_with_longer_and_longer_pauses(
    world: World, gateway: httpx.AsyncClient, relay: Relay, payments: Payments, capfd: pytest.CaptureFixture[str]
) -> None:
    reference, _ = await demand(world, "vnpay")
    await calls(gateway, ipn(reference))
    payments.away, pauses = True, []
    for _ in range(8):
        await now(world)
        assert await relay.some()
        (row,) = await kept(world)
        assert (row["told_at"], row["driven_at"]) == (None, None)
        pauses.append(await pause(world))
    assert pauses == [1, 2, 4, 8, 16, 32, LONGEST_PAUSE, LONGEST_PAUSE]
    assert not await relay.some(), "it is not due"
    payments.away = False
    await now(world)
    assert await relay.some()
    assert len(payments.told) == 1
    assert "canary" not in "".join(capfd.readouterr())


async def test_money_is_told_again_less_and_less_often_until_its_payment_has_it(
    world: World, gateway: httpx.AsyncClient, relay: Relay, payments: Payments
) -> None:
    reference, _ = await demand(world, "vnpay")
    await calls(gateway, ipn(reference))
    pauses = []
    for _ in range(13):
        await now(world)
        assert await relay.some()
        (row,) = await kept(world)
        assert (row["told_at"] is None, row["driven_at"]) == (False, None)
        pauses.append(await pause(world))
    assert pauses == [*(RECORDED_WITHIN * 2**n for n in range(11)), LONGEST_WAIT, LONGEST_WAIT]
    assert len(payments.told) == 13


@pytest.mark.parametrize(("status", "times"), [("08", 3), ("01", 1)])
async def test_what_was_taken_back_is_told_of_for_an_hour_and_what_is_no_money_once(
    world: World, gateway: httpx.AsyncClient, relay: Relay, payments: Payments, status: str, times: int
) -> None:
    reference, _ = await demand(world, "vnpay")
    await calls(gateway, ipn(reference, TransactionStatus=status))
    for _ in range(3):
        await now(world)
        await relay.some()
    await world.execute("update callback set told_at = told_at - interval '1 hour'")
    await now(world)
    await relay.some()
    assert len(payments.told) == times
    assert (await kept(world))[0]["driven_at"] is not None


@pytest.mark.parametrize(("provider", "driven"), [("vnpay", True), ("treasury", False)])
async def test_a_payment_that_nobody_confirms_beside_another_is_told_of_for_an_hour(
    pool: Pool, payments: Payments, provider: str, *, driven: bool
) -> None:
    can = {"vnpay": CAPABILITIES["vnpay"], "treasury": CAPABILITIES["vietqr"]}
    relay, stream = Relay(pool, can, payments.tell, asyncio.Event()), f"payment:{UUID(int=7)}:1"
    row = {"stream": stream, "demanded": "MC1", "provider": provider, "transaction": "c2", "amount": AMOUNT, "at": None}
    row |= {"outcome": "paid", "verdict": "confirmed", "told_for": timedelta(hours=1)}
    assert relay._is_driven(row, {(stream, "c1", "MC1")}) is driven
    for soon in (None, timedelta(minutes=59)):
        assert not relay._is_driven(row | {"told_for": soon}, {(stream, "c1", "MC1")})
    for alone in (set(), {(stream, "c1", "MC2")}, {(f"{stream}1", "c1", "MC1")}):
        assert not relay._is_driven(row, alone)
    assert relay._is_driven(row | {"told_for": None}, {(stream, "c2", "MC1")})


async def test_the_unknown_wait(world: World, gateway: httpx.AsyncClient, relay: Relay, payments: Payments) -> None:
    reference, filing = await demand(world, "vnpay")
    async with world.connection() as connection:
        await connection.execute("update payment set reference = reverse(reference)")
        await calls(gateway, ipn(reference))
        for _ in range(14):
            await now(world)
            assert await relay.some()
        assert await pause(world) == LONGEST_WAIT
        await connection.execute("update payment set reference = $1", reference)
    await now(world)
    assert await relay.some()
    assert payments.told == [], "before it stands in the record whose it is, the payment would not find it there"
    assert await relay.some()
    assert [stream for stream, _ in payments.told] == [f"payment:{filing}:1"]
    rows = await kept(world)
    assert [(row["stream"], row["verdict"]) for row in rows] == [(f"payment:{filing}:1", "confirmed")]


async def test_money_in_suspense_waits_for_people(gateway: httpx.AsyncClient, relay: Relay, payments: Payments) -> None:
    await noted(gateway, note("nobody's"))
    assert (await relay.some(), payments.told) == (False, [])


async def test_several_relays_share(world: World, gateway: httpx.AsyncClient, pool: Pool, payments: Payments) -> None:
    await calls(gateway, *map(ipn, [(await demand(world, "vnpay"))[0] for _ in range(60)]))
    async with asyncpg.create_pool(world.app_dsn, min_size=0, max_size=4) as others:
        relays = [Relay(held, {}, payments.tell, asyncio.Event()) for held in (pool, others)]
        driving = [asyncio.create_task(relay.forever()) for relay in relays]
        try:
            rows = await eventually(lambda: kept(world), lambda rows: all(row["told_at"] for row in rows))
        finally:
            for task in driving:
                task.cancel()
            await asyncio.gather(*driving, return_exceptions=True)
    assert len(rows) == 60
    assert set(Counter(notice.reference for _, notice in payments.told).values()) == {1}


async def test_a_repeat_is_answered_while_its_payment_is_being_told(
    world: World, gateway: httpx.AsyncClient, relay: Relay, payments: Payments
) -> None:
    reference, _ = await demand(world, "vnpay")
    await calls(gateway, ipn(reference))
    payments.free.clear()
    driving = asyncio.create_task(relay.some())
    async with world.connection() as connection:
        locked = "select count(*) = 0 from (select from callback for update skip locked) as free"
        await eventually(lambda: connection.fetchval(locked), lambda found: found)
    async with asyncio.timeout(2):
        answer = await gateway.get(f"/callbacks/vnpay?{ipn(reference)}")
    assert answer.json()["RspCode"] == "02"
    payments.free.set()
    assert await driving


# Money through the real gateway: over each wire, asked for anew through another provider, and taken back in parts.


async def asked_for(till: Till, **said: Any) -> Play:
    play = await Play.accepted(till.world, extract(payer_account=None, **said))
    await events(play, "payment_ordered")
    return play


async def page_of(till: Till, view: PaymentView) -> httpx.URL:
    start = view.pay_url or str(httpx.URL(f"{till.bank.url}/vietqr/scan", params={"code": view.code or ""}))
    async with httpx.AsyncClient(trust_env=False) as browser:
        page = await browser.get(start, follow_redirects=True)
    assert page.status_code == httpx.codes.OK, page.text
    return page.url


async def shown(play: Play, **wanted: Any) -> PaymentView:
    return await eventually(
        lambda: play.world.client.payment(play.filing),
        lambda view: all(getattr(view, name) == value for name, value in wanted.items()),
    )


async def captured(play: Play) -> list[tuple[bool, int]]:
    """Returns for each capture whether it is owed, and the number of its payment request."""
    rows: list[asyncpg.Record] = await play.world.fetch(
        "select body from event where stream = $1 and kind = 'payment_captured' order by seq",
        f"payment:{play.filing}:1",
    )
    bodies = [json.loads(row["body"]) for row in rows]
    return [(body["owed"], body.get("attempt", 1)) for body in bodies]


@pytest.mark.parametrize("wire", ["vnpay"])
async def test_only_whose_filing_it_is_asks_anew_and_only_through_whom_the_agency_names(till: Till) -> None:
    async with working(till, "vietqr"):
        play = await asked_for(till, payer_address="203.0.113.9")
        assert "vnp_IpAddr=203.0.113.9&" in str((await shown(play, attempt=1)).pay_url)
        for fields, rule in (
            ({"provider": "platform"}, "provider_not_offered"),
            ({"actor": Actor(subject="somebody", role=Role.APPLICANT)}, "not_the_applicant"),
            ({"actor": Actor(subject="somebody", role=Role.REPRESENTATIVE)}, "not_the_representative"),
            ({"actor": play.officer(Role.CASHIER)}, "role_not_allowed"),
        ):
            assert [found for _, found in await broken(play.renew_payment(**fields))] == [rule]
        assert await play.kinds("payment", 1) == PAID[:2]
        moved: dict[str, Any] = {"command_id": "again-1", "payer_address": "203.0.113.77"}
        again = [await play.renew_payment(**moved) for _ in range(2)]
        assert again[0] == again[1]
        newest = await eventually(
            lambda: till.world.client.payment(play.filing), lambda view: view.attempt > 1 and view.pay_url is not None
        )
        assert "vnp_IpAddr=203.0.113.77&" in str(newest.pay_url)
        assert (await play.kinds("payment", 1)).count("payment_renewed") == 1


@pytest.mark.parametrize("wire", ["platform"])
async def test_a_provider_that_does_not_answer_holds_up_its_own_request_alone(till: Till) -> None:
    """The provider answers no call; the payer chooses another provider, and that request is paid."""
    async with working(till, "vnpay", minutes=0.02):
        till.bank.client.put("/faults/platform", json={"fault": "broken", "times": 10_000})
        play = await Play.accepted(till.world, extract(payer_account=None))
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
        assert (await till.world.client.payment(play.filing)).captured == FEE


@pytest.mark.parametrize("wire", ["vnpay"])
async def test_a_fee_is_paid_by_a_second_request_and_the_first_money_goes_back(till: Till) -> None:
    async with working(till, "vietqr", minutes=0.05):
        play = await asked_for(till)
        first = await page_of(till, await shown(play, attempt=1))
        over = await shown(play, pay_url=None)
        assert (over.state, over.expires, over.providers) == ("pending", None, ("nobody", "vnpay", "vietqr"))
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
        orders = till.bank.client.get("/ledger").json()["orders"]
        given_back = [(order["key"], refund["amount"]) for order in orders for refund in order["refunds"]]
        assert given_back == [(f"vnpay:{reference_of(fee_key(play.filing, 1))}", 16_000)]
        await sound(till.world)


@pytest.mark.parametrize("wire", ["vnpay"])
async def test_who_asks_anew_may_pay_by_either_and_the_other_is_closed_and_paid_back(till: Till) -> None:
    """The provider `bank` sends no callbacks: its money is found by queries, its order closed once nothing is owed."""
    async with working(till, "bank"):
        play = await asked_for(till)
        first = await page_of(till, await shown(play, attempt=1))
        await play.renew_payment(provider="bank")
        second = await shown(play, attempt=2)
        await eventually(lambda: play.world.client.payment(play.filing), lambda view: view.pay_url is not None)
        assert second.provider == "bank"
        await till.pay(first)
        await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
        assert await captured(play) == [(True, 1)]
        async with httpx.AsyncClient(trust_env=False) as browser:
            order = f"{till.world.settings.bank_url}/orders/{fee_key(play.filing, 1, 2)}"
            await eventually(lambda: browser.get(order), lambda found: found.json()["status"] == "cancelled")


@pytest.mark.parametrize("wire", ["vnpay"])
async def test_another_transaction_of_one_request_counts_once_vnpay_confirms_it(till: Till) -> None:
    """A second transaction that VNPay confirms is captured and refunded; one that VNPay does not know has no effect."""
    async with working(till):
        play, reference, page = await paid_for(till)
        merchant = merchants(till.bank.data)["vnpay"]
        said = {"TmnCode": merchant.name, "Amount": f"{FEE}00", "TransactionNo": "99999999"}
        async with httpx.AsyncClient(trust_env=False) as bank:
            await bank.get(f"{till.bank.options[-1]}/vnpay?{ipn(reference, merchant.secret, **said)}")
        await eventually(lambda: kept(till.world), lambda rows: all(row["told_at"] for row in rows))
        await till.pay(page)
        await eventually(lambda: captured(play), lambda found: found == [(True, 1), (False, 1)])
        rows = await eventually(lambda: kept(till.world), lambda rows: sum(bool(row["driven_at"]) for row in rows) > 1)
        assert [row["transaction"] for row in rows if row["driven_at"] is None] == ["99999999"]


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
        parts = [*PAID, *["payment_charged_back"] * 3]
        await eventually(lambda: play.kinds("payment", 1), lambda kinds: kinds == parts)
        assert len(await verdicts(till)) == 4, "a repeat is no row"
        assert (await till.world.client.payment(play.filing)).charged_back == 10_000
