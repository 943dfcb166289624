"""The room of a matrix: a world whose sandbox bank, gateway, worker and relay are separate processes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

import asyncpg
import httpx
import yaml

from activities.partners.money.provider import Kind
from motcua import FilingClient
from publishing.authoring import procedures
from sandbox.bank.merchants import as_settings
from tests.acting import AGENCY, EXTRACT, eventually, publish_short
from tests.conftest import ROOT, World
from tests.faults.processes import ANY_FILES, worker_process
from tests.matrix.orders import FEE, PERCENT
from tests.sandboxes import Server, free_port
from tests.workflow.obligations import TAX, TRANSFER

T = TypeVar("T")
LONG: Final = 3600
AGENCY_OF: Final[Mapping[Kind, str]] = {"vnpay": AGENCY, "vietqr": "H01.12", "platform": "H29.16"}
"""The agency that takes money over each wire."""
_CONNECTIONS: Final = 10


@dataclass(frozen=True)
class PooledWorld(World):
    """A world with pooled connections, since it is queried many times a second."""

    pool: asyncpg.Pool[asyncpg.Record]

    @property
    def client(self) -> FilingClient:
        """Returns a client of the kit, with long patience, since many cases run at once."""
        return FilingClient(self.temporal, patience=120)

    @asynccontextmanager
    async def connection(self, dsn: str | None = None) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """Opens a connection, by default as superuser."""
        if dsn is not None:
            async with World.connection(self, dsn) as other:
                yield other
            return
        async with self.pool.acquire() as connection:
            yield connection  # type: ignore[misc] # a proxy, which is one in all but its name


@dataclass(frozen=True)
class Room:
    """Surroundings of a case. `version`, `brief`: the extract's versions; in `brief` a fee expires with its request.

    `transfer` is the version of a transfer of land, for which a tax office demands money.
    """

    world: PooledWorld
    bank: httpx.AsyncClient
    version: str
    brief: str
    transfer: str
    slots: asyncio.Semaphore
    receipts: dict[UUID, Mapping[str, int]] = field(default_factory=dict)
    """The valid receipts of each ended filing, by kind."""

    async def rest_until(self, moment: datetime) -> None:
        """Waits until a moment, and leaves the slot to other cases meanwhile."""
        self.slots.release()
        try:
            await asyncio.sleep((moment - datetime.now(UTC)).total_seconds())
        finally:
            await self.slots.acquire()


@asynccontextmanager
async def opened(world: World, folder: Path, seconds: int, at_once: int) -> AsyncIterator[Room]:
    """Opens a room on a world without workers, with slots for `at_once` active cases.

    A request through VNPay can be paid for `seconds`.
    """
    port = free_port()
    gateway = f"http://127.0.0.1:{port}"
    bank = Server("bank", folder / "bank", "--callbacks", f"{gateway}/callbacks")
    bank.data.mkdir()
    merchants = {**as_settings(bank.data, bank.url, f"{gateway}/returned")}
    merchants["vnpay"] = {**merchants["vnpay"], "minutes": seconds / 60}
    own = {"MOTCUA_GATEWAY_PORT": str(port), "MOTCUA_PROVIDERS": json.dumps(merchants)}
    version, brief = await _publish(world, LONG, "long"), await _publish(world, seconds, "brief")
    transfer = await publish_short(world, TRANSFER, pay=LONG, processing=LONG)
    async with AsyncExitStack() as stack:
        stack.callback(bank.close)
        bank.start()
        for name, module in {"worker": ANY_FILES, "gateway": "gateway.server", "relay": "workers.relay"}.items():
            await stack.enter_async_context(worker_process(world.process_env | own, folder / name, module))
        await stack.enter_async_context(world.back_office())
        pool = await stack.enter_async_context(asyncpg.create_pool(world.superuser_dsn, max_size=_CONNECTIONS))
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=bank.url, timeout=60, trust_env=False, follow_redirects=False)
        )
        pooled = PooledWorld(**{one.name: getattr(world, one.name) for one in fields(World)}, pool=pool)
        yield Room(pooled, client, version, brief, transfer, asyncio.Semaphore(at_once))


async def _publish(world: World, seconds: int, suffix: str) -> str:
    """Publishes a version of the extract with phí, lệ phí and a refund rule, where each agency has its merchant."""
    source = (ROOT / "procedures" / f"{EXTRACT}@2026-12.yaml").read_bytes()
    procedure = yaml.safe_load(procedures.demo_variant(source, {"payment": seconds, "processing": 3600}, suffix=suffix))
    item = {"code": "copying", "kind": "le_phi", "amount": FEE, "name": _COPYING, "source": "unconfirmed"}
    procedure["fee"]["items"].append(item)
    procedure["fee"]["refunds"].append({"case": "withdrawn_afterwards", "percent": PERCENT, "source": "unconfirmed"})
    published = await procedures.publish(
        world.owner_dsn, yaml.safe_dump(procedure, allow_unicode=True).encode(), demo=True
    )
    async with world.connection(world.owner_dsn) as connection:
        for merchant, agency in AGENCY_OF.items():
            await connection.execute(_TAKES_MONEY, agency, [merchant])
        await connection.execute(_TAKES_MONEY, TAX, [*AGENCY_OF])
    return published.version


_COPYING: Final = {"vi": "Lệ phí cấp bản sao", "en": "Fee for the copy"}
_TAKES_MONEY: Final = "update agency set merchants = $2 where agency = $1"


async def until(ask: Callable[[], Awaitable[T]], wanted: Callable[[T], bool], within: float = 120) -> T:
    """Calls `ask` until `wanted` accepts its answer, and returns that; raises `AssertionError` after `within` s."""
    return await eventually(ask, wanted, within)
