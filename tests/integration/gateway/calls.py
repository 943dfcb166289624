"""Helpers of the gateway's tests: merchants, demands in the read model, callbacks that the tests sign.

Also both neighbours of the gateway: the bank that calls, and the payments that are notified.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus
from uuid import UUID

import asyncpg
import httpx
import pytest

from activities.ledger.database import Pool
from activities.partners.money.provider import CAPABILITIES, Kind
from gateway.relay import Relay
from schemas.ids import fee_key, reference_of
from schemas.payment.state import MoneyNotice
from tests.acting import AGENCY, eventually
from tests.callbacks import providers
from tests.conftest import World
from tests.faults.processes import worker_process
from tests.keyed import keyed
from tests.sandboxes import Server, free_port
from tests.workflow.money import Till

KEY: Final = "a key"
PROVIDERS: Final = {
    "vnpay": {
        "kind": "vnpay",
        "terminal": "MOTCUA01",
        "secret": KEY,
        "pay_url": "https://vnpay.test/pay",
        "api_url": "https://vnpay.test/api",
        "return_url": "https://portal.test/back",
        "reversed": ["08"],
    },
    "dvc": {
        "kind": "platform",
        "partner": "MOTCUA",
        "secret": KEY,
        "payee": {"account": "1234567890", "bank": "NCB", "name": "Sở Tư pháp"},
        "init_url": "https://platform.test/init",
        "query_url": "https://platform.test/query",
    },
    "treasury": {"kind": "vietqr", "bank": "970400", "account": "1903001234567", "secret": KEY},
}
AMOUNT: Final = 135_000


async def demand(world: World, provider: str, *, state: str = "pending") -> tuple[str, UUID]:
    """Writes a demand for `AMOUNT` into the read model; returns its reference and its filing."""
    filing = await keyed(world)
    reference = reference_of(fee_key(filing, 1))
    await world.execute(
        """
            insert into payment (stream, filing_id, agency, n, number, provider, reference, amount, state, captured,
                                 refunded, calendar, due_at, watch_seconds, seq, requested_at)
            values ($1, $2, $3, 1, $1, $4, $5, $6, $7, 0, 0, 'vn', now(), 0, 1, now())
            """,
        f"payment:{filing}:1",
        filing,
        AGENCY,
        provider,
        reference,
        AMOUNT,
        state,
    )
    return reference, filing


async def kept(world: World) -> list[asyncpg.Record]:
    return await world.fetch("select * from callback order by received_at")


def ipn(reference: str, key: str = KEY, **change: str) -> str:
    """Returns VNPay's callback: the query string of a GET."""
    fields = {
        "vnp_Amount": str(AMOUNT * 100),
        "vnp_OrderInfo": "Le phi: canary",
        "vnp_PayDate": "20200101095900",
        "vnp_ResponseCode": "00",
        "vnp_TmnCode": "MOTCUA01",
        "vnp_TransactionNo": "14226112",
        "vnp_TransactionStatus": "00",
        "vnp_TxnRef": reference,
    } | {f"vnp_{name}": value for name, value in change.items()}
    data = "&".join(f"{name}={quote_plus(value)}" for name, value in sorted(fields.items()))
    return f"{data}&vnp_SecureHash={hmac.new(key.encode(), data.encode(), hashlib.sha512).hexdigest()}"


def platform_callback(reference: str, key: str = KEY, **change: str) -> bytes:
    """Returns a callback of the national payment platform: the body of a POST."""
    fields = {
        "LoaiBanTin": "CALLBACK",
        "MaLoi": "00",
        "MaDoiTac": "MOTCUA",
        "MaThamChieu": reference,
        "SoTien": str(AMOUNT),
        "MaTienTe": "VND",
        "MaGiaoDich": "14226113",
        "MaNganHang": "NCB",
        "ThoiGianGD": "20200101095900",
        "ThongTinGiaoDich": "canary",
    } | change
    checksum = hashlib.sha256("|".join([*fields.values(), key]).encode()).hexdigest()
    return json.dumps({**fields, "MaXacThuc": checksum}).encode()


def note(memo: str, key: str = KEY, **change: Any) -> tuple[bytes, dict[str, str]]:
    """Returns a bank's credit note: the body of a POST, and its headers."""
    said = {
        "id": "C14000001",
        "account": "1903001234567",
        "amount": AMOUNT,
        "currency": "VND",
        "memo": memo,
        "kind": "credit",
        "at": "2020-01-01T09:59:00+07:00",
    } | change
    body = json.dumps(said).encode()
    return body, {"X-Signature": hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}


async def noted(gateway: httpx.AsyncClient, given: tuple[bytes, dict[str, str]]) -> httpx.Response:
    """Sends a credit note; returns the gateway's answer."""
    return await gateway.post("/callbacks/treasury", content=given[0], headers=given[1])


CAN: Final = {"vnpay": CAPABILITIES["vnpay"], "treasury": CAPABILITIES["vietqr"]}


class Payments:
    """A stand-in for the payments: it keeps all notifications; while `away`, it fails at each of them."""

    def __init__(self) -> None:
        self.told: list[tuple[str, MoneyNotice]] = []
        self.away = False
        self.free = asyncio.Event()
        self.free.set()

    async def tell(self, stream: str, notice: MoneyNotice) -> None:
        await self.free.wait()
        if self.away:
            msg = "canary: Temporal does not answer"
            raise RuntimeError(msg)
        self.told.append((stream, notice))


@pytest.fixture
def payments() -> Payments:
    return Payments()


@pytest.fixture
def relay(pool: Pool, payments: Payments) -> Relay:
    return Relay(pool, CAN, payments.tell, asyncio.Event())


@pytest.fixture
async def till(world: World, tmp_path: Path, wire: Kind) -> AsyncIterator[Till]:
    port = free_port()
    told = ("--pay-after", "0.3", "--retry-after", "0.4", "--callbacks", f"http://127.0.0.1:{port}/callbacks")
    with Server("bank", tmp_path / "bank", *told) as bank:
        own = {"MOTCUA_GATEWAY_PORT": str(port), "MOTCUA_PROVIDERS": providers(bank)}
        async with worker_process(world.process_env | own, tmp_path / "gateway", "gateway.server"):
            yield Till(world, bank, wire, asyncio.get_running_loop())


async def verdicts(till: Till) -> list[str]:
    rows = await eventually(lambda: kept(till.world), lambda rows: bool(rows) and all(row["driven_at"] for row in rows))
    return [row["verdict"] for row in rows]
