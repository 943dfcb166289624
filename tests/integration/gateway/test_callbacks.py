"""Callbacks over HTTP, on real PostgreSQL: each gets an answer; only a signed one is stored, as one row."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

import httpx
import pytest

from activities.ledger.vault import Vault
from activities.partners.money.provider import CALLBACK_BYTES
from gateway import app
from gateway.relay import Relay
from rules.require import require
from rules.time.working_time import VIETNAM
from tests.acting import AGENCY
from tests.conftest import World
from tests.integration.gateway.calls import AMOUNT, Payments, demand, ipn, kept, note, noted, platform_callback
from tests.integration.gateway.calls import payments as payments
from tests.integration.gateway.calls import relay as relay
from tests.integration.operations.doctor import Doctor
from tests.shell import Shell
from tests.standby import Standby
from tests.standby import standby as standby
from tests.walking import walked
from views.registers.money import suspense


async def code(gateway: httpx.AsyncClient, query: str) -> str:
    answer = await gateway.get(f"/callbacks/vnpay?{query}")
    assert answer.status_code == 200
    return str(answer.json()["RspCode"])


async def platform_code(gateway: httpx.AsyncClient, body: bytes) -> str:
    answer = await gateway.post("/callbacks/dvc", content=body)
    assert answer.status_code == 200
    return str(answer.json()["MaLoi"])


async def note_code(gateway: httpx.AsyncClient, given: tuple[bytes, dict[str, str]]) -> tuple[int, str]:
    answer = await noted(gateway, given)
    return answer.status_code, answer.json()["code"]


async def test_a_repeated_ipn_is_one_row(world: World, gateway: httpx.AsyncClient, meter: Counter[str]) -> None:
    reference, filing = await demand(world, "vnpay")
    assert sorted(await asyncio.gather(*(code(gateway, ipn(reference)) for _ in range(40)))) == ["00", *["02"] * 39]
    assert +meter == {"confirmed": 1, "already": 39}
    (row,) = await kept(world)
    assert (row["stream"], row["agency"], row["verdict"]) == (f"payment:{filing}:1", AGENCY, "confirmed")
    assert (row["amount"], row["outcome"], row["said"]) == (AMOUNT, "paid", ["00", "00"])
    assert row["driven_at"] is None
    assert "canary" not in str(dict(row))


async def test_a_callback_whose_wait_was_cut_is_answered_only_once_the_standby_has_it(
    world: World, gateway: httpx.AsyncClient, standby: Standby
) -> None:
    reference, _ = await demand(world, "vnpay")
    standby.stops()
    first = asyncio.create_task(code(gateway, ipn(reference)))
    await standby.cuts()
    assert await first == "99"
    again = asyncio.create_task(code(gateway, ipn(reference)))
    await standby.waiting()
    assert not again.done()
    standby.goes_on()
    assert await again == "02"


@walked(
    ("change", "expected", "verdicts"),
    [
        ({}, "00", ["confirmed"]),
        ({"ResponseCode": "24", "TransactionStatus": "02"}, "00", ["confirmed"]),
        ({"Amount": str((AMOUNT + 1000) * 100)}, "04", ["wrong_amount"]),
        ({"Amount": "1"}, "04", []),
        ({"TxnRef": "MC234567ABCDEFGHIJ"}, "01", ["unknown_order"]),
        ({"TxnRef": "?"}, "01", []),
        ({"TmnCode": "ANOTHER1"}, "97", []),
        ({"TransactionNo": "?"}, "99", []),
        ({"PayDate": "20991231235959"}, "99", []),
    ],
    exactly=9,
)
async def test_each_ipn_gets_its_code_and_leaves_its_row(
    world: World, gateway: httpx.AsyncClient, change: dict[str, str], expected: str, verdicts: list[str]
) -> None:
    reference, _ = await demand(world, "vnpay")
    before = len(await kept(world))
    assert await code(gateway, ipn(reference, **change)) == expected
    assert [row["verdict"] for row in (await kept(world))[before:]] == verdicts


async def test_garbage_a_wrong_signature_and_doubled_fields_are_97(world: World, gateway: httpx.AsyncClient) -> None:
    for query in ("", "?", "vnp_TxnRef", "vnp_TxnRef=%ff&vnp_SecureHash=", "a=" + "1" * 2 * CALLBACK_BYTES, "%00=%00"):
        assert await code(gateway, query) == "97"
    reference, _ = await demand(world, "vnpay")
    other, _ = await demand(world, "dvc")
    signed = ipn(reference)
    assert await code(gateway, ipn(reference, "another key")) == "97"
    assert await code(gateway, f"{signed}&vnp_Amount={AMOUNT}00") == "97"
    assert await platform_code(gateway, platform_callback(other, "another key")) == "97"
    assert await platform_code(gateway, platform_callback(other) + b" " * CALLBACK_BYTES) == "97"
    assert await note_code(gateway, note(reference, "another key")) == (401, "bad_signature")
    assert await kept(world) == []


async def answered(gateway: httpx.AsyncClient, wire: str, reference: str, **change: str) -> str:
    match wire:
        case "vnpay":
            return await code(gateway, ipn(reference, **change))
        case "dvc":
            return await platform_code(gateway, platform_callback(reference, **change))
    return " ".join(map(str, await note_code(gateway, note(reference, **change))))


WIRES: Final = {
    "vnpay": ("PayDate", "99", "00", "02", "04"),
    "dvc": ("ThoiGianGD", "99", "00", "02", "04"),
    "treasury": ("at", "422 unreadable", "200 confirmed", "200 already", "200 wrong_amount"),
}
"""The field with the time of the payment, and the expected answers, for each wire."""


@pytest.mark.parametrize("wire", WIRES)
async def test_replayed_stale_future_and_of_another_amount(
    world: World, gateway: httpx.AsyncClient, relay: Relay, payments: Payments, wire: str
) -> None:
    when, unreadable, fine, again, disputed = WIRES[wire]
    (reference, filing), (other, others) = await demand(world, wire), await demand(world, wire)
    await world.execute("update payment set amount = $2 where filing_id = $1", others, AMOUNT + 1)
    ahead = datetime.now(UTC) + timedelta(minutes=20)
    future = ahead.isoformat() if wire == "treasury" else f"{ahead.astimezone(VIETNAM):%Y%m%d%H%M%S}"
    assert await answered(gateway, wire, reference, **{when: future}) == unreadable
    assert await kept(world) == []
    assert [await answered(gateway, wire, reference) for _ in range(3)] == [fine, again, again], "years old"
    assert await answered(gateway, wire, other) == disputed
    if wire == "treasury":
        assert len(await kept(world)) == 1, "one transfer is for one demand, whatever is said of it later"
        assert await answered(gateway, wire, other, id="C14000002") == disputed
    rows = {row["stream"]: row["verdict"] for row in await kept(world)}
    assert rows == {f"payment:{filing}:1": "confirmed", f"payment:{others}:1": "wrong_amount"}
    while await relay.some():
        continue
    # The provider is asked where it can be; `relay` knows that of VNPay alone here. A transfer is what it is.
    seen = {stream: notice.outcome for stream, notice in payments.told}
    assert seen == {f"payment:{filing}:1": "paid", f"payment:{others}:1": "pending" if wire == "vnpay" else "paid"}


async def test_what_the_platform_says_is_signed_byte_for_byte(world: World, gateway: httpx.AsyncClient) -> None:
    reference, _ = await demand(world, "dvc")
    good = platform_callback(reference)
    for at in range(len(good)):
        assert await platform_code(gateway, good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]) == "97", at
    assert await kept(world) == []
    mark = json.loads(good)["MaXacThuc"]
    assert await platform_code(gateway, good.replace(mark.encode(), mark.upper().encode())) == "00"
    body, headers = note(reference)
    upper = {name: value.upper() for name, value in headers.items()}
    assert await note_code(gateway, (body, upper)) == (401, "bad_signature")


async def test_a_late_truth_is_taken_and_second_money_is_kept(world: World, gateway: httpx.AsyncClient) -> None:
    for n, (state, said, verdict) in enumerate(
        (("expired", "00", "confirmed"), ("cancelled", "00", "confirmed"), ("paid", "02", "already"))
    ):
        reference, filing = await demand(world, "vnpay", state=state)
        assert {await code(gateway, ipn(reference, TransactionNo=f"99{n}")) for _ in range(2)} == {said, "02"}
        row = (await kept(world))[-1]
        assert (row["stream"], row["transaction"], row["verdict"]) == (f"payment:{filing}:1", f"99{n}", verdict)
    assert len(await kept(world)) == 3


async def test_what_names_a_demand_of_another_merchant_is_unknown(world: World, gateway: httpx.AsyncClient) -> None:
    reference, _ = await demand(world, "dvc")
    assert await code(gateway, ipn(reference)) == "01"
    assert [(row["verdict"], row["stream"]) for row in await kept(world)] == [("unknown_order", None)]


async def test_what_comes_before_its_demand_belongs_to_it_later(world: World, gateway: httpx.AsyncClient) -> None:
    reference, filing = await demand(world, "vnpay")
    await world.execute("update payment set reference = reverse(reference)")
    assert await code(gateway, ipn(reference)) == "01"
    await world.execute("update payment set reference = $1", reference)
    assert [await code(gateway, ipn(reference)) for _ in range(2)] == ["00", "02"]
    assert [(row["verdict"], row["stream"]) for row in await kept(world)] == [("confirmed", f"payment:{filing}:1")]


async def test_a_wrong_amount_that_is_put_right_is_heard(world: World, gateway: httpx.AsyncClient) -> None:
    reference, _ = await demand(world, "vnpay")
    wrong = ipn(reference, Amount=str((AMOUNT + 1000) * 100))
    assert [await code(gateway, query) for query in (wrong, wrong, ipn(reference))] == ["04", "04", "00"]
    assert [row["verdict"] for row in await kept(world)] == ["wrong_amount", "confirmed"]


async def test_a_transfer_is_found_by_its_memo(world: World, gateway: httpx.AsyncClient) -> None:
    reference, filing = await demand(world, "treasury")
    await demand(world, "treasury")
    memo = f"NGUYEN VAN CANARY chuyen tien {reference.lower()}-CHUYEN TIEN"
    given = note(memo)
    assert [await note_code(gateway, given) for _ in range(2)] == [(200, "confirmed"), (200, "already")]
    (row,) = await kept(world)
    assert (row["stream"], row["verdict"]) == (f"payment:{filing}:1", "confirmed")
    assert b"canary" not in row["memo"].lower()
    async with world.connection() as connection:
        key = require(await Vault(world.settings.master).find(connection, filing))
    assert key.unseal(row["memo"], f"callback\n{row['id']}").decode() == memo


async def test_a_transfer_that_names_none_or_two_waits_for_a_person(world: World, gateway: httpx.AsyncClient) -> None:
    references = [(await demand(world, "treasury"))[0] for _ in range(2)]
    memos = ["", "canary: tiền nhà", " ".join(references), (await demand(world, "vnpay"))[0], references[0][:9]]
    for n, memo in enumerate(memos):
        given = note(memo, id=f"C{n}")
        for _ in range(2):
            assert await note_code(gateway, given) == (200, "unknown_order")
    rows = await kept(world)
    assert [(row["verdict"], row["stream"], row["agency"]) for row in rows] == [("suspense", None, "")] * len(memos)
    async with world.connection() as connection:
        shown = await suspense(connection, Vault(world.settings.master).find)
        assert [(found.transaction, found.memo) for found in shown] == [(f"C{n}", memo) for n, memo in enumerate(memos)]
        await connection.execute("delete from filing_key where filing_id = $1", rows[1]["id"])
        assert (await suspense(connection, Vault(world.settings.master).find))[1].memo == ""
    assert "canary" not in repr(shown)


async def test_money_is_heard_also_without_the_key_for_its_memo(world: World, gateway: httpx.AsyncClient) -> None:
    (reference, _), nobodys = await demand(world, "treasury"), note("canary", id="C2")
    assert await note_code(gateway, nobodys) == (200, "unknown_order")
    await world.execute("delete from filing_key")
    assert await note_code(gateway, nobodys) == (200, "unknown_order")
    assert await note_code(gateway, note(reference)) == (200, "confirmed")
    assert await world.fetchval("select count(*) from filing_key") == 0
    assert [row["memo"] is None for row in await kept(world)] == [False, True]


async def test_without_a_record_every_provider_is_told_to_come_again(
    world: World, gateway: httpx.AsyncClient, capfd: pytest.CaptureFixture[str]
) -> None:
    reference, _ = await demand(world, "vnpay")
    assert (await gateway.get("/healthz")).json() == {"status": "ok"}
    await world.execute("alter table callback rename to away")
    assert await code(gateway, ipn(reference)) == "99"
    assert await platform_code(gateway, platform_callback(reference, MaDoiTac="MOTCUA")) == "99"
    assert await note_code(gateway, note(reference)) == (503, "not_kept")
    await world.execute("alter table away rename to callback")
    assert await kept(world) == []
    assert await code(gateway, ipn(reference)) == "00"
    assert "canary" not in "".join(capfd.readouterr())


async def test_who_is_not_set_up_is_not_there(gateway: httpx.AsyncClient) -> None:
    for path in ("/callbacks/nobody", "/callbacks/", "/", "/docs", "/openapi.json"):
        answer = await gateway.post(path, content=json.dumps({"id": str(uuid4())}))
        assert (answer.status_code, answer.json()["code"]) == (404, "http_404")
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await gateway.put("/callbacks/vnpay")).status_code == 405
    returned = await gateway.get("/returned?vnp_ResponseCode=00&x=canary")
    assert ("Cảm ơn" in returned.text, "canary" in returned.text) == (True, False)


async def test_a_missing_body_ends(world: World, gateway: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "BODY_SECONDS", 0.1)

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    answer = await gateway.post("/callbacks/dvc", content=slow())
    assert (answer.status_code, answer.json()["code"]) == (408, "http_408")
    assert await kept(world) == []


# What the doctor says of callbacks that are left, and the list of money in suspense.


async def findings(shell: Shell, check: str, **env: str) -> list[tuple[str, str]]:
    return (await Doctor(shell.env)(**env)).of(check)


async def test_the_doctor_names_what_is_stuck(world: World, gateway: httpx.AsyncClient, shell: Shell) -> None:
    well = [("ok", "every callback about money has reached its payment")]
    assert await findings(shell, "callbacks") == well
    reference, _ = await demand(world, "vnpay")
    await gateway.get(f"/callbacks/vnpay?{ipn(reference)}")
    assert await findings(shell, "callbacks") == well, "it is on its way"
    await gateway.get(f"/callbacks/vnpay?{ipn('MC234567ABCDEFGHIJ')}")
    await noted(gateway, note("canary"))
    await world.execute("update callback set received_at = received_at - interval '2 days 1 hour'")
    assert await findings(shell, "callbacks") == [
        ("fail", "1 callbacks have waited for more than 120 s, and their payments have not recorded them"),
        ("warn", "1 signed callbacks name a request for money that is not there"),
        ("warn", f"1 transfers, {AMOUNT:,} đồng, name no request for money, or several; the longest for 2 days"),
    ]


async def test_the_doctor_counts_what_waits_and_how_long(
    world: World, gateway: httpx.AsyncClient, shell: Shell
) -> None:
    for n in range(5):
        await noted(gateway, note("canary", id=f"C{n}"))
    rows = await kept(world)
    async with world.connection() as connection:
        await connection.execute("update callback set received_at = received_at - interval '9 days 1 hour'")
        told = (("assign",), ("give_back",), ("assign", "decline"), ("give_back", "approve"))
        for row, steps in zip(rows, told, strict=False):
            for n, step in enumerate(steps, 1):
                say = """insert into suspense_step (callback, n, command_id, step, officer, agency, at)
                         values ($1, $2, $3, $3, 'x', 'H56.30', now() - make_interval(days => $4, hours => 1))"""
                await connection.execute(say, row["id"], n, step, 4 - n)
        driven = "update callback set verdict = 'to_give_back', driven_at = now() where id = $1"
        await connection.execute(driven, rows[3]["id"])
    one, money = f"1 transfers, {AMOUNT:,} đồng", f"2 transfers, {2 * AMOUNT:,} đồng"
    assert await findings(shell, "callbacks") == [
        ("warn", f"{money}, name no request for money, or several; the longest for 9 days"),
        ("warn", f"{money}, wait for a leader to approve what was asked; the longest for 3 days"),
        ("warn", f"{one}, are approved to go back, and wait for a cashier; the longest for 2 days"),
    ]
    assigned = "update callback set verdict = 'assigned', stream = 'payment:x:1' where id = $1"
    await world.execute(assigned, rows[0]["id"])
    undriven = "and their payments have not recorded them"
    assert any(what.endswith(undriven) for _, what in await findings(shell, "callbacks"))
    await world.execute("update suspense_step set at = now() where callback = $1", rows[0]["id"])
    assert not any(what.endswith(undriven) for _, what in await findings(shell, "callbacks")), "it was just approved"


async def test_the_doctor_asks_the_gateway(shell: Shell) -> None:
    assert await findings(shell, "gateway") == [("skipped", "MOTCUA_GATEWAY_URL is not set")]
    assert await findings(shell, "gateway", MOTCUA_GATEWAY_URL="http://127.0.0.1:1") == [
        ("fail", "http://127.0.0.1:1: the gateway keeps nothing: ConnectError")
    ]


async def test_money_in_suspense_is_listed_with_its_memo(gateway: httpx.AsyncClient, shell: Shell) -> None:
    assert (await shell("money", "suspense", "--json")).json == []
    for n, memo in enumerate(("tiền [b]nhà[/b]", "")):
        await noted(gateway, note(memo, id=f"C{n}", amount=AMOUNT + n))
    rows = (await shell("money", "suspense", "--json")).json
    told = [(row["provider"], row["transaction"], row["amount"], row["memo"]) for row in rows]
    assert told == [("treasury", "C0", AMOUNT, "tiền [b]nhà[/b]"), ("treasury", "C1", AMOUNT + 1, "")]
    shown = (await shell("money", "suspense")).out
    assert ("tiền [b]nhà[/b]" in shown, "135,001" in shown) == (True, True)
    assert (await shell("money", "suspense", MOTCUA_MASTER_KEY="")).code == 2


async def test_a_gateway_without_its_settings_says_which(shell: Shell) -> None:
    ended = await shell("gateway", MOTCUA_DATABASE_URL=None, MOTCUA_PROVIDERS="[]", MOTCUA_GATEWAY_PORT="x")
    assert ended.code == 2
    for name in ("MOTCUA_DATABASE_URL", "MOTCUA_PROVIDERS", "MOTCUA_GATEWAY_PORT"):
        assert name in ended.err
