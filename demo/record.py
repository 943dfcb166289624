"""Reads filings from the record: the ledger's own reader reads the events, and the rules fold them into states."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Self

import asyncpg

from activities.keys.masters import master_keys
from activities.ledger.vault import Vault
from demo.patience import patiently
from demo.player import Played
from rules.filing.lifecycle import status
from rules.streams import KINDS
from schemas.errors import RefusalError
from schemas.files import FileRef
from schemas.filing.events import HandedOver
from schemas.filing.state import Filing, Status
from schemas.ids import filing_workflow, result_workflow
from schemas.level import Channel
from schemas.papers.state import OfficialPaper
from schemas.reading import LoggedEvent
from schemas.result.state import Result
from views import auditor, primary
from views.log import Log
from views.log import LoggedStream as Stream
from views.registers.papers import papers, receipts_of


@dataclass(frozen=True)
class FilingOnRecord:
    """A filing read from its events. `path`: its statuses; `handed_over`: the channel of the hand-over, if any."""

    filing: Filing
    kinds: tuple[str, ...]
    path: tuple[Status, ...]
    handed_over: Channel | None


class Record:
    """Reads filings from the event log."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], master_key: str) -> None:
        self._pool = pool
        self._vault = Vault(master_keys(master_key))

    @classmethod
    @asynccontextmanager
    async def opened(cls, env: Mapping[str, str]) -> AsyncIterator[Self]:
        """Opens the record of a stack; `env`: the stack's environment."""
        async with primary.create_pool(env["MOTCUA_DATABASE_URL"], min_size=0, max_size=4, timeout=5) as pool:
            yield cls(pool, env["MOTCUA_MASTER_KEY"])

    async def read(self, played: Played) -> FilingOnRecord | None:
        """Returns the filing; None if the record does not have it."""
        return await patiently(lambda: self._read(played))

    async def _read(self, played: Played) -> FilingOnRecord | None:
        async with self._pool.acquire() as connection:
            try:
                found = await Log(connection, self._vault.find, KINDS).read(filing_workflow(played.filing_id))
            except RefusalError:
                return None
        return on_record(found)

    async def events(self, played: Played) -> list[LoggedEvent]:
        """Returns the events of all the filing's streams, with their public content only."""

        async def read() -> list[LoggedEvent]:
            async with self._pool.acquire() as connection:
                return await auditor.events(connection, played.filing_id)

        return await patiently(read)

    async def papers(self, played: Played) -> tuple[OfficialPaper, ...]:
        """Returns the official papers made for the filing."""

        async def read() -> tuple[OfficialPaper, ...]:
            async with self._pool.acquire() as connection:
                return await papers(Log(connection, self._vault.find, KINDS), filing_workflow(played.filing_id))

        return await patiently(read)

    async def receipts(self, played: Played) -> tuple[int, ...]:
        """Returns the amounts of the filing's valid money receipts, in đồng, in the order of issue."""

        async def read() -> tuple[int, ...]:
            async with self._pool.acquire() as connection:
                issued = await receipts_of(connection, played.filing_id)
            return tuple(one.amount for one in issued if one.voided_at is None)

        return await patiently(read)

    async def results(self, played: Played) -> list[FileRef]:
        """Returns the files of the issued results, even if a result was signed or corrected in a stream of its own."""

        async def read() -> list[FileRef]:
            async with self._pool.acquire() as connection:
                log = Log(connection, self._vault.find, KINDS)
                filing: Filing = (await log.read(filing_workflow(played.filing_id))).state
                found = [] if filing.result is None else [filing.result]
                for result in filing.results:
                    with suppress(RefusalError):  # a result that was never signed or changed has no stream of its own
                        signed: Result = (await log.read(result_workflow(played.filing_id, result.n))).state
                        found += [entry.issued for entry in signed.entries if entry.issued is not None]
                return list({file.sha256: file for file in found}.values())

        return await patiently(read)


def on_record(found: Stream) -> FilingOnRecord:
    """Returns the filing after all its events, with the statuses that it passed through."""
    passed = [status(state) for state in found.states()]
    kinds = tuple(recorded.event.kind for recorded in found.events)
    handed_over = [recorded.event.channel for recorded in found.events if isinstance(recorded.event, HandedOver)]
    path = tuple(one for one, _ in groupby(passed))
    return FilingOnRecord(found.state, kinds, path, handed_over[-1] if handed_over else None)
