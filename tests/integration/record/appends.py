"""A ledger on a database, with a filing to append to, and small events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, cast
from uuid import UUID, uuid4

import asyncpg
from temporalio.common import MetricMeter

from activities.ledger.vault import Vault
from rules.streams import KINDS
from schemas.ids import StreamId
from schemas.people import SYSTEM
from schemas.stream.ledger import Appended, Batch
from tests.acting import AGENCY, VIA
from tests.conftest import World
from tests.found import FindingLedger
from tests.instruments import Instruments
from tests.keyed import keyed

NOW: Final = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


def batch(stream: str, *events: dict[str, Any], **changes: Any) -> Batch:
    fields = {
        "stream": stream,
        "filing_id": StreamId.parse(stream).filing,
        "agency": AGENCY,
        "next_seq": 1,
        "command_id": uuid4().hex,
        "digest": "d",
        "actor": SYSTEM,
        "via": VIA,
        "at": NOW,
        "events": events,
    }
    return Batch.model_validate(fields | changes)


class Log:
    """A ledger on one database, with a filing of its own to append to."""

    def __init__(self, world: World, pool: asyncpg.Pool[Any]) -> None:
        self.filing: UUID = uuid4()
        self.world = world
        self.pool = pool
        self.meter = Instruments()
        self.ledger = FindingLedger(pool, Vault(world.settings.master), KINDS, cast("MetricMeter", self.meter))
        self._heads: dict[str, int] = {}

    def batch(self, *events: dict[str, Any], stream: str | None = None, **changes: Any) -> Batch:
        name = f"{stream or 'filing'}:{self.filing}" + (":1" if stream else "")
        return batch(name, *events, **{"next_seq": self._heads.get(name, 0) + 1} | changes)

    async def append(self, *events: dict[str, Any], stream: str | None = None, **changes: Any) -> Appended:
        batch = self.batch(*events, stream=stream, **changes)
        answer = await self.ledger.append(batch)
        if answer.stored:
            self._heads[batch.stream] = answer.stored[-1].seq
        return answer

    async def rule(self, *events: dict[str, Any], **changes: Any) -> str | None:
        """Returns the rule by which the log refuses these events; None if they are appended."""
        refused = (await self.append(*events, **changes)).refused
        return None if refused is None else refused.problems[0].rule


@asynccontextmanager
async def opened(world: World) -> AsyncIterator[Log]:
    async with asyncpg.create_pool(world.app_dsn, min_size=2, max_size=2) as pool:
        log = Log(world, pool)
        await keyed(world, log.filing)
        yield log


ASKED: Final = {"kind": "fee_requested", "n": 1, "amount": 16000, "channel": "online", "lines": []}


def captured(amount: int, *, owed: bool) -> dict[str, Any]:
    at = NOW.isoformat()
    return {"kind": "payment_captured", "capture_id": f"c{amount}", "amount": amount, "captured_at": at, "owed": owed}


RELEASED: Final = {"kind": "released"}
WAITING: Final = """
select count(*) from pg_locks join pg_stat_activity using (pid) where not granted and datname = current_database()
"""
