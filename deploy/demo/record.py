"""What the record says of a filing: its events by the ledger's own door, folded by the rules."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Final, Self, TypeVar

import asyncpg
from temporalio.exceptions import ApplicationError

from activities.intake import OpenRequest, Registry
from activities.ledger.append import Ledger
from activities.ledger.vault import Vault
from deploy.demo.insisting import PATIENCE
from deploy.demo.player import Played
from rules.filing.lifecycle import evolve, status
from schemas.filing.commands import SYSTEM_VIA
from schemas.filing.events import HandedOver
from schemas.filing.state import Filing, Status
from schemas.ids import filing_workflow
from schemas.level import Channel
from schemas.people import SYSTEM
from schemas.stream.ledger import Batch, Recorded
from schemas.stream.rows import Rows

T = TypeVar("T")

PAUSE: Final = 0.5
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
)
"""How a database looks that is being started again."""


@dataclass(frozen=True)
class Told:
    """A filing as its events tell it: where it stands, its `kinds` of events and statuses, how it was handed over."""

    filing: Filing
    kinds: tuple[str, ...]
    path: tuple[Status, ...]
    handed_over: Channel | None


class Record:
    """Reads filings from the event log."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], master_key: str) -> None:
        self._ledger = Ledger(pool, Vault(base64.b64decode(master_key)))
        self._registry = Registry(pool)

    @classmethod
    @asynccontextmanager
    async def opened(cls, env: Mapping[str, str]) -> AsyncIterator[Self]:
        """The record at the addresses of a stack."""
        async with asyncpg.create_pool(env["MOTCUA_DATABASE_URL"], min_size=0, max_size=4, timeout=5) as pool:
            yield cls(pool, env["MOTCUA_MASTER_KEY"])

    async def read(self, played: Played) -> Told | None:
        """The filing, or None if the record has none."""
        return await patiently(lambda: self._read(played))

    async def _read(self, played: Played) -> Told | None:
        scenario = played.scenario
        stored = await self._events(played)
        if not stored:
            return None
        wanted = OpenRequest(
            filing_id=played.filing_id, code=scenario.procedure, version=played.version, agency=scenario.agency
        )
        opened = await self._registry.open(wanted)
        if opened.procedure is None or opened.calendar is None:
            raise LookupError(f"the catalogue has no {scenario.procedure}@{played.version}")
        filing = Filing(
            filing_id=played.filing_id,
            agency=scenario.agency,
            procedure=opened.procedure,
            calendar=opened.calendar,
        )
        return fold(filing, stored)

    async def _events(self, played: Played) -> tuple[Recorded, ...]:
        """A batch without events only asks what the log holds."""
        question = Batch(
            stream=filing_workflow(played.filing_id),
            filing_id=played.filing_id,
            agency=played.scenario.agency,
            next_seq=1,
            command_id="read",
            digest="",
            actor=SYSTEM,
            via=SYSTEM_VIA,
            at=EPOCH,
            events=(),
            rows=Rows(),
        )
        return (await self._ledger.append(question)).stored


def fold(filing: Filing, events: tuple[Recorded, ...]) -> Told:
    """The filing after all its events, and the statuses on the way."""
    passed: list[Status] = []
    handed_over = None
    for recorded in events:
        filing = evolve(filing, recorded)
        passed.append(status(filing))
        if isinstance(recorded.event, HandedOver):
            handed_over = recorded.event.channel
    kinds = tuple(recorded.event.kind for recorded in events)
    return Told(filing, kinds, tuple(one for one, _ in groupby(passed)), handed_over)


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """What `work` returns, tried again while the database is away."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return await work()
        except (*AWAY, ApplicationError):
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(PAUSE)
