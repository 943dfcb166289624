"""The relay of papers in tests: runs until no paper is pending; reads the papers and rows that it made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, cast

import asyncpg
import pytest
from temporalio.common import MetricMeter

from activities.ledger.vault import Vault
from activities.partners.receipts import ReceiptService
from activities.printing.relay import Print, Relay, Seal
from activities.printing.source import Papers
from motcua.files.store import Store, open_store
from rules.streams import KINDS
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.papers.state import OfficialPaper
from schemas.people import Role
from schemas.stream.ledger import About
from tests.acting import Play, extract
from tests.conftest import World
from tests.instruments import Instruments
from views.log import Log
from views.registers.papers import papers

RELAYS: Final = 4
"""The number of relays at once; each uses up to three connections: for its row, for its reads, and for its appends."""

NO_FOOT: Final = "$."
"""A pattern that matches nothing, so that all of each page is read."""


async def no_seal(_: str, __: bytes, ___: datetime, ____: About) -> bytes | None:
    return None


class Desk:
    def __init__(self, world: World, pool: asyncpg.Pool[Any]) -> None:
        self._vault, self.pool = Vault(world.settings.master), pool
        self.store = Store(open_store(world.objects))
        self.prints = Papers(pool, self._vault, None).print
        self.instruments = Instruments()

    def relay(
        self, print_: Print | None = None, seal: Seal | None = None, receipts: ReceiptService | None = None
    ) -> Relay:
        print_, seal = print_ or self.prints, seal or no_seal
        meter = cast("MetricMeter", self.instruments)
        return Relay(self.pool, self._vault, KINDS, self.store.put, print_, seal, receipts=receipts, meter=meter)

    @asynccontextmanager
    async def log(self) -> AsyncIterator[Log]:
        async with self.pool.acquire() as connection:
            yield Log(connection, self._vault.find, KINDS)

    async def made(self, play: Play) -> tuple[OfficialPaper, ...]:
        async with self.log() as log:
            return await papers(log, f"filing:{play.filing}")

    async def owed(self) -> list[tuple[str, int, str | None]]:
        rows = await self.pool.fetch("select paper, tries, problem from outbox order by seq")
        return [tuple(row.values()) for row in rows]

    async def now(self) -> None:
        """Makes all postponed papers due now."""
        await self.pool.execute("update outbox set next_try = written_at")


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with asyncpg.create_pool(world.app_dsn, min_size=1, max_size=3 * RELAYS) as pool:
        yield Desk(world, pool)


async def work(relay: Relay) -> int:
    """Runs the relay until no paper is pending; returns the number of papers made."""
    made = 0
    while await relay.one():
        made += 1
    return made


async def lived(world: World) -> Play:
    play = await Play.begin(world, extract())
    item = {"target": "field", "code": "person_name", "note": "không đọc được"}
    await play.act(cm.RequestSupplement, play.officer(Role.RECEPTION), items=[item], legal_basis="Đ15")
    await play.act(cm.Supplement, play.submission.actor, form={"person_name": "Nguyễn Thị Ước"})
    await play.accept()
    await play.review()
    await play.at(Stage.CLOSED)
    return play


@asynccontextmanager
async def at_work(world: World) -> AsyncIterator[None]:
    async with world.platform(), world.back_office():
        yield
