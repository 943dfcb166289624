"""Every field of every callback in every wrong shape, over HTTP: the right answer, and no row unless it is signed.

What is signed here is signed by a few lines of its own, over whatever the field was made to be.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import quote_plus

import httpx
import pytest

from gateway.relay import Relay
from rules.time.working_time import VIETNAM
from tests.conftest import World
from tests.integration.gateway.calls import AMOUNT, KEY, Payments, demand, kept, payments, relay

__all__ = ["payments", "relay"]

STAMP: Final = "%Y%m%d%H%M%S"
Fields = dict[str, Any]
Change = Callable[[httpx.AsyncClient, Fields], Awaitable[str]]
"""Sends these fields with something wrong in them; the answer's code."""

FIELDS: Final[dict[str, Fields]] = {
    "vnpay": {
        "vnp_Amount": str(AMOUNT * 100),
        "vnp_BankCode": "NCB",
        "vnp_OrderInfo": "canary",
        "vnp_PayDate": "20200101095900",
        "vnp_ResponseCode": "00",
        "vnp_TmnCode": "MOTCUA01",
        "vnp_TransactionNo": "14226112",
        "vnp_TransactionStatus": "00",
        "vnp_TxnRef": "?",
    },
    "dvc": {
        "LoaiBanTin": "CALLBACK",
        "MaLoi": "00",
        "MaDoiTac": "MOTCUA",
        "MaThamChieu": "?",
        "SoTien": str(AMOUNT),
        "MaTienTe": "VND",
        "MaGiaoDich": "14226113",
        "MaNganHang": "NCB",
        "ThoiGianGD": "20200101095900",
        "ThongTinGiaoDich": "canary",
    },
    "treasury": {
        "id": "C14000001",
        "account": "1903001234567",
        "amount": AMOUNT,
        "currency": "VND",
        "memo": "?",
        "kind": "credit",
        "at": "2020-01-01T09:59:00+07:00",
    },
}
NAMES: Final = {"vnpay": "vnp_TxnRef", "dvc": "MaThamChieu", "treasury": "memo"}
"""The field that names the demand."""
MONEY: Final = {"vnpay": "vnp_Amount", "dvc": "SoTien", "treasury": "amount"}
WHEN: Final = {"vnpay": "vnp_PayDate", "dvc": "ThoiGianGD", "treasury": "at"}
FINE: Final = {"vnpay": "00", "dvc": "00", "treasury": "200 confirmed"}
UNSIGNED: Final = {"vnpay": "97", "dvc": "97", "treasury": "401 bad_signature"}
UNREADABLE: Final = {"vnpay": "99", "dvc": "99", "treasury": "422 unreadable"}
AGAIN: Final = {"vnpay": "02", "dvc": "02", "treasury": "200 already"}
DISPUTED: Final = {"vnpay": "04", "dvc": "04", "treasury": "200 wrong_amount"}

ANSWERS: Final[dict[str, dict[str, str]]] = {
    "vnpay": {
        "vnp_Amount": "04",
        "vnp_ResponseCode": "99",
        "vnp_TmnCode": "97",
        "vnp_TransactionNo": "99",
        "vnp_TransactionStatus": "99",
        "vnp_TxnRef": "01",
    },
    "dvc": {
        "MaLoi": "99",
        "MaDoiTac": "97",
        "MaThamChieu": "01",
        "SoTien": "04",
        "MaTienTe": "04",
        "MaGiaoDich": "99",
        "ThoiGianGD": "99",
    },
    "treasury": dict.fromkeys(FIELDS["treasury"], "422 unreadable"),
}
"""What is answered where a field is signed and can't be used; any other is not asked for."""


def marked(wire: str, fields: Fields) -> str:
    """The signature over these fields; VNPay's are as they are encoded."""
    key = KEY.encode()
    if wire == "vnpay":
        data = "&".join(f"{name}={value}" for name, value in sorted(fields.items()))
        return hmac.new(key, data.encode(), hashlib.sha512).hexdigest()
    if wire == "dvc":
        texts = [value if isinstance(value, str) else "" for value in (fields.get(name) for name in FIELDS["dvc"])]
        return hashlib.sha256("|".join([*texts, KEY]).encode()).hexdigest()
    return hmac.new(key, json.dumps(fields).encode(), hashlib.sha256).hexdigest()


async def send(gateway: httpx.AsyncClient, wire: str, fields: Fields, more: str = "", mark: str | None = None) -> str:
    """The answer to these fields, signed, with `more` of them behind: of a JSON inside of it."""
    mark = mark or marked(wire, fields)
    if wire == "vnpay":
        data = "&".join(f"{name}={value}" for name, value in sorted(fields.items()))
        return str((await gateway.get(f"/callbacks/vnpay?{data}&vnp_SecureHash={mark}{more}")).json()["RspCode"])
    if wire == "dvc":
        body = json.dumps(fields | {"MaXacThuc": mark})[:-1] + more + "}"
        return str((await gateway.post("/callbacks/dvc", content=body)).json()["MaLoi"])
    body = json.dumps(fields)[:-1] + more + "}"
    if more:
        mark = hmac.new(KEY.encode(), body.encode(), hashlib.sha256).hexdigest()
    answer = await gateway.post("/callbacks/treasury", content=body, headers={"X-Signature": mark})
    return f"{answer.status_code} {answer.json()['code']}"


def encoded(wire: str, fields: Fields) -> Fields:
    return {name: quote_plus(value) for name, value in fields.items()} if wire == "vnpay" else fields


def shapes(wire: str, name: str) -> Iterator[tuple[str, Any]]:
    """Each field empty, too long, of another type, in another encoding: as it goes over the wire."""
    if wire != "treasury":
        yield "empty", ""
    if wire == "vnpay":
        yield from {"long": "1" * 300, "type": "%5B%5D", "encoding": "%ff%fe", "nul": "%00", "lone": "%C3"}.items()
    elif wire == "dvc":
        yield from {"long": "1" * 300, "list": [], "null": None, "true": True, "float": 1.5, "nul": "\0"}.items()
    else:
        yield from {"long": 10**30 if name == "amount" else "1" * 600, "list": [], "null": None, "true": True}.items()


def expected(wire: str, name: str, shape: str) -> str:
    if name == "vnp_PayDate":
        need_not_be_said = shape in {"lone", "encoding", "missing", "empty"}
        return FINE[wire] if need_not_be_said else UNREADABLE[wire]
    if (name, shape) == ("account", "long"):
        return UNSIGNED[wire]  # of somebody else
    if (wire, shape) == ("dvc", "nul"):
        return UNSIGNED[wire]  # nothing was said that could have been signed
    return ANSWERS[wire].get(name, FINE[wire])


def changes(wire: str, name: str) -> Iterator[tuple[str, str, Change]]:
    """How a field is made wrong, and what is answered."""

    def less(fields: Fields) -> Fields:
        return {other: value for other, value in fields.items() if other != name}

    def twice(fields: Fields) -> str:
        text = json.dumps({name: fields[name]})[1:-1]
        return f"&{name}={fields[name]}" if wire == "vnpay" else f", {text}"

    yield "missing", expected(wire, name, "missing"), lambda to, fields: send(to, wire, less(fields))
    yield "unsigned", UNSIGNED[wire], lambda to, fields: send(to, wire, less(fields), mark=marked(wire, fields))
    doubled = UNREADABLE[wire] if wire == "treasury" else UNSIGNED[wire]
    yield "doubled", doubled, lambda to, fields: send(to, wire, fields, twice(fields))
    yield "endless", UNSIGNED[wire], lambda to, fields: send(to, wire, fields | {name: "1" * 9000})
    for shape, value in shapes(wire, name):
        change = partial(put, wire, name, value)
        yield shape, expected(wire, name, shape), change


async def put(wire: str, name: str, value: Any, to: httpx.AsyncClient, fields: Fields) -> str:
    return await send(to, wire, fields | {name: value})


@pytest.mark.parametrize("wire", FIELDS)
async def test_every_field_in_every_wrong_shape(
    world: World, gateway: httpx.AsyncClient, relay: Relay, payments: Payments, wire: str
) -> None:
    found: dict[tuple[str, str], str] = {}
    wanted: dict[tuple[str, str], str] = {}
    fine: set[str] = set()
    for name in FIELDS[wire]:
        for shape, answer, change in changes(wire, name):
            reference, filing = await demand(world, wire)
            fields = encoded(wire, FIELDS[wire] | {NAMES[wire]: reference})
            found[name, shape], wanted[name, shape] = await change(gateway, fields), answer
            fine |= {f"payment:{filing}:1"} if answer == FINE[wire] else set()
    assert found == wanted
    assert {row["stream"] for row in await kept(world)} == fine
    while await relay.some():
        continue
    assert {stream for stream, _ in payments.told} == fine


@pytest.mark.parametrize("wire", FIELDS)
async def test_replayed_stale_future_and_swapped(
    world: World, gateway: httpx.AsyncClient, relay: Relay, payments: Payments, wire: str
) -> None:
    (reference, filing), (other, others) = await demand(world, wire), await demand(world, wire)
    async with world.connection() as connection:
        await connection.execute("update payment set amount = $2 where filing_id = $1", others, AMOUNT + 1)
    mine = encoded(wire, FIELDS[wire] | {NAMES[wire]: reference})
    theirs = mine | {NAMES[wire]: other}
    assert await send(gateway, wire, theirs, mark=marked(wire, mine)) == UNSIGNED[wire], "swapped"
    ahead = datetime.now(UTC) + timedelta(minutes=20)
    future = ahead.isoformat() if wire == "treasury" else f"{ahead.astimezone(VIETNAM):{STAMP}}"
    assert await send(gateway, wire, mine | {WHEN[wire]: future}) == UNREADABLE[wire]
    assert await kept(world) == []
    assert [await send(gateway, wire, mine) for _ in range(3)] == [FINE[wire], AGAIN[wire], AGAIN[wire]], "years old"
    assert await send(gateway, wire, theirs) == DISPUTED[wire], "signed, and another's amount"
    if wire == "treasury":
        assert len(await kept(world)) == 1, "one transfer is for one demand, whatever is said of it later"
        assert await send(gateway, wire, theirs | {"id": "C14000002"}) == DISPUTED[wire]
    rows = {row["stream"]: row["verdict"] for row in await kept(world)}
    assert rows == {f"payment:{filing}:1": "confirmed", f"payment:{others}:1": "wrong_amount"}
    while await relay.some():
        continue
    told = {stream: notice.outcome for stream, notice in payments.told}
    # The provider is asked where it can be; `relay` knows that of VNPay alone here. A transfer is what it is.
    assert told == {f"payment:{filing}:1": "paid", f"payment:{others}:1": "pending" if wire == "vnpay" else "paid"}


@pytest.mark.parametrize("wire", FIELDS)
async def test_no_byte_can_be_changed(world: World, gateway: httpx.AsyncClient, wire: str) -> None:
    """Whatever is signed is signed byte for byte: of each field one letter is another one."""
    reference, _ = await demand(world, wire)
    good = encoded(wire, FIELDS[wire] | {NAMES[wire]: reference})
    mark = marked(wire, good)
    for name, value in good.items():
        changed = value + 1 if isinstance(value, int) else f"{value[:-1]}{'1' if value[-1] != '1' else '2'}"
        assert await send(gateway, wire, good | {name: changed}, mark=mark) == UNSIGNED[wire], name
    for wrong in (mark[:-1], mark + "0", mark[::-1], "0" * len(mark), ""):
        assert await send(gateway, wire, good, mark=wrong or "-") == UNSIGNED[wire]
    assert await kept(world) == []
    answer = UNSIGNED[wire] if wire == "treasury" else FINE[wire]
    assert await send(gateway, wire, good, mark=mark.upper()) == answer, "hex in capitals is the same hex to VNPay"
