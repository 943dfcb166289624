"""A ledger for tests that append events about outside acts without making the acts."""

from typing import Any

from activities.ledger.append import Ledger
from activities.ledger.database import Pool
from activities.ledger.findings import Findings
from activities.ledger.vault import Vault
from rules.stream_kind import Kinds
from schemas.ids import StreamId
from schemas.stream.ledger import Appended, Batch


class FindingLedger(Ledger):
    def __init__(self, pool: Pool, vault: Vault, kinds: Kinds, *rest: Any) -> None:
        super().__init__(pool, vault, kinds, *rest)
        self._findings = Findings(pool)

    async def append(self, batch: Batch) -> Appended:
        kind, stream = self._kinds.of(batch.stream), StreamId.parse(batch.stream)
        for event in map(kind.event, batch.events):
            await self._findings.keep(batch.stream, *kind.found_by(stream, event))
        return await super().append(batch)
