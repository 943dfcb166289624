"""What the doctor says of callbacks that are left, and the list of money in suspense."""

from __future__ import annotations

import httpx

from tests.conftest import World
from tests.integration.gateway.calls import AMOUNT, demand, ipn, kept, note
from tests.shell import Shell

NOBODY = "http://127.0.0.1:1"


async def found(shell: Shell, check: str, **env: str) -> list[tuple[str, str]]:
    told = (await shell("doctor", "--json", **env)).json
    return [(one["health"], one["what"]["en"]) for one in told["findings"] if one["check"] == check]


async def test_the_doctor_names_what_has_not_reached_its_payment(
    world: World, gateway: httpx.AsyncClient, shell: Shell
) -> None:
    well = [("ok", "every callback about money has reached its payment")]
    assert await found(shell, "callbacks") == well
    reference, _ = await demand(world, "vnpay")
    await gateway.get(f"/callbacks/vnpay?{ipn(reference)}")
    assert await found(shell, "callbacks") == well, "it is on its way"
    await gateway.get(f"/callbacks/vnpay?{ipn('MC234567ABCDEFGHIJ')}")
    body, headers = note("canary")
    await gateway.post("/callbacks/treasury", content=body, headers=headers)
    async with world.connection() as connection:
        await connection.execute("update callback set received_at = received_at - interval '2 days 1 hour'")
    assert await found(shell, "callbacks") == [
        ("fail", "1 callbacks have waited for more than 120 s, and their payments have not recorded them"),
        ("warn", "1 signed callbacks name a request for money that is not there"),
        ("warn", f"1 transfers, {AMOUNT:,} đồng, name no request for money, or several; the longest for 2 days"),
    ]


async def test_the_doctor_counts_what_waits_for_whom_and_for_how_long(
    world: World, gateway: httpx.AsyncClient, shell: Shell
) -> None:
    for n in range(5):
        body, headers = note("canary", id=f"C{n}")
        await gateway.post("/callbacks/treasury", content=body, headers=headers)
    rows = await kept(world)
    async with world.connection() as connection:
        await connection.execute("update callback set received_at = received_at - interval '9 days 1 hour'")
        for row, steps in zip(
            rows, (("assign",), ("give_back",), ("assign", "decline"), ("give_back", "approve")), strict=False
        ):
            for n, step in enumerate(steps, 1):
                say = """insert into suspense_step (callback, n, command_id, step, officer, agency, at)
                         values ($1, $2, $3, $3, 'x', 'H56.30', now() - make_interval(days => $4, hours => 1))"""
                await connection.execute(say, row["id"], n, step, 4 - n)
        await connection.execute(
            "update callback set verdict = 'to_give_back', driven_at = now() where id = $1", rows[3]["id"]
        )
    money = f"2 transfers, {2 * AMOUNT:,} đồng"
    assert await found(shell, "callbacks") == [
        ("warn", f"{money}, name no request for money, or several; the longest for 9 days"),
        ("warn", f"{money}, wait for a leader to approve what was asked; the longest for 3 days"),
        (
            "warn",
            f"1 transfers, {AMOUNT:,} đồng, are approved to go back, and wait for a cashier; the longest for 2 days",
        ),
    ]
    async with world.connection() as connection:
        assigned = "update callback set verdict = 'assigned', stream = 'payment:x:1' where id = $1"
        await connection.execute(assigned, rows[0]["id"])
        undriven = "and their payments have not recorded them"
        assert any(what.endswith(undriven) for _, what in await found(shell, "callbacks"))
        await connection.execute("update suspense_step set at = now() where callback = $1", rows[0]["id"])
        assert not any(what.endswith(undriven) for _, what in await found(shell, "callbacks")), "it was just approved"


async def test_the_doctor_asks_the_gateway(shell: Shell) -> None:
    assert await found(shell, "gateway") == [("skipped", "MOTCUA_GATEWAY_URL is not set")]
    assert await found(shell, "gateway", MOTCUA_GATEWAY_URL=NOBODY) == [
        ("fail", "the gateway keeps nothing: ConnectError")
    ]


async def test_money_in_suspense_is_listed_with_its_memo(gateway: httpx.AsyncClient, shell: Shell) -> None:
    assert (await shell("money", "suspense", "--json")).json == []
    for n, memo in enumerate(("tiền [b]nhà[/b]", "")):
        body, headers = note(memo, id=f"C{n}", amount=AMOUNT + n)
        await gateway.post("/callbacks/treasury", content=body, headers=headers)
    rows = (await shell("money", "suspense", "--json")).json
    assert [(row["provider"], row["transaction"], row["amount"], row["memo"]) for row in rows] == [
        ("treasury", "C0", AMOUNT, "tiền [b]nhà[/b]"),
        ("treasury", "C1", AMOUNT + 1, ""),
    ]
    shown = await shell("money", "suspense")
    assert "tiền [b]nhà[/b]" in shown.out
    assert "135,001" in shown.out
    assert (await shell("money", "suspense", MOTCUA_MASTER_KEY="")).code == 2


async def test_a_gateway_without_its_settings_says_which(shell: Shell) -> None:
    ended = await shell("gateway", MOTCUA_DATABASE_URL=None, MOTCUA_PROVIDERS="[]", MOTCUA_GATEWAY_PORT="x")
    assert ended.code == 2
    for name in ("MOTCUA_DATABASE_URL", "MOTCUA_PROVIDERS", "MOTCUA_GATEWAY_PORT"):
        assert name in ended.err
