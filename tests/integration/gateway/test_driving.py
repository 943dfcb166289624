"""What callbacks have said reaches its payment: once where all goes well, again where not, by whoever is there."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from activities.ledger.database import Pool
from gateway.relay import LONGEST_PAUSE, LONGEST_WAIT, RECORDED_WITHIN, Relay
from tests.acting import eventually
from tests.conftest import World
from tests.integration.gateway.calls import AMOUNT, Payments, demand, ipn, kept, note
from tests.integration.gateway.calls import payments as payments
from tests.integration.gateway.calls import relay as relay


async def now(world: World) -> None:
    """Let all that waits be due."""
    async with world.connection() as connection:
        await connection.execute("update callback set next_try = clock_timestamp()")


async def calls(gateway: httpx.AsyncClient, *queries: str) -> None:
    for query in queries:
        assert (await gateway.get(f"/callbacks/vnpay?{query}")).status_code == 200


async def test_a_payment_hears_but_no_memo(
    world: World, gateway: httpx.AsyncClient, relay: Relay, payments: Payments
) -> None:
    """Money, money that was taken back, and another amount, which is in dispute where the provider can be asked."""
    by_ipn = [(await demand(world, "vnpay"))[0] for _ in range(3)]
    by_note = [(await demand(world, "treasury"))[0] for _ in range(3)]
    paid, back, other = by_ipn
    more = str((AMOUNT + 1000) * 100)
    await calls(gateway, ipn(paid), ipn(paid), ipn(back, TransactionStatus="08"), ipn(other, Amount=more))
    notes: list[dict[str, Any]] = [{}, {"kind": "reversal"}, {"amount": AMOUNT - 1000}]
    for n, said in enumerate(notes):
        body, headers = note(f"canary {by_note[n]}", id=f"C{n}", **said)
        await gateway.post("/callbacks/treasury", content=body, headers=headers)
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
    """Seconds until the one callback is tried again."""
    async with world.connection() as connection:
        left: timedelta = await connection.fetchval("select next_try - clock_timestamp() from callback")
    return round(left.total_seconds())


async def test_what_can_not_be_told_is_told_later_with_longer_and_longer_pauses(
    world: World,
    gateway: httpx.AsyncClient,
    relay: Relay,
    payments: Payments,
    capfd: pytest.CaptureFixture[str],
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
    async with world.connection() as connection:
        await connection.execute("update callback set told_at = told_at - interval '1 hour'")
    await now(world)
    await relay.some()
    assert len(payments.told) == times
    assert (await kept(world))[0]["driven_at"] is not None


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
    body, headers = note("nobody's")
    await gateway.post("/callbacks/treasury", content=body, headers=headers)
    assert not await relay.some()
    assert payments.told == []


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
