"""Appends one filing to the log, without Temporal: a submission, then ten events of one append each.

Each of the ten events changes the filing's row and task, and causes a paper. This module uses only code that every
checkout has, because `benchmarks/driver.py` also runs it with other checkouts.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count, pairwise
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg

from activities.ledger.append import Ledger
from activities.ledger.vault import Vault
from benchmarks.sides import Filed
from deploy.stack import Stack
from rules.streams import KINDS
from schemas.stream.ledger import Batch
from workers.settings import RecordSettings

TEN: Final = 10
AGENCY: Final = "H01.12"
AT: Final = datetime(2026, 11, 26, 3, tzinfo=UTC)
_SHA256: Final = "a" * 64
_SHOWN: Final = {
    "procedure": "2.000635",
    "version": "2026-12",
    "procedure_sha256": _SHA256,
    "calendar": "vn@2026.1",
    "level": 4,
    "channel": "online",
    "result_channel": "online",
}
_FILE: Final = {"key": "papers/1.pdf", "sha256": _SHA256, "size": 1000, "media_type": "application/pdf"}
_SUBMITTED: Final = _SHOWN | {
    "kind": "submitted",
    "agency": AGENCY,
    "client_id": "portal",
    "filed_by": {"subject": "an", "role": "applicant"},
    "form": {"name": "An", "copies": 2},
    "papers": [{"code": "identity", "file": _FILE}],
    "paper_digests": {"identity": _SHA256},
}
_ROW: Final = _SHOWN | {"stage": "intake", "submitted_at": AT.isoformat(), "overdue": [], "possible_duplicates": []}
_TASK: Final = {"agency": AGENCY, "role": "leader", "actions": ["decide"], "overdue": False}
_ASKED: Final = {"kind": "fee_requested", "n": 1, "amount": 1000, "channel": "online", "lines": []}


class Appending:
    """Makes the appends of filings. Each filing has a different applicant."""

    name = "appends"

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._turn = count(1)

    async def file(self) -> Filed:
        """Appends one filing's events; returns each append's seconds by seq. Raises `RuntimeError` for a refusal."""
        n, filing = next(self._turn), uuid4()
        times = [time.perf_counter()]
        person = {"subject": "an", "kind": "person", "name": "Nguyễn Văn An", "id_number": f"{n:012}"}
        submitted = _SUBMITTED | {"submission_id": str(n), "applicant": person}
        opening = {"standing": {"open": True}, "row": _ROW | {"status": 1, "seq": 1}}
        code = await self._append(filing, 1, submitted, opening)
        times.append(time.perf_counter())
        for seq in range(2, TEN + 2):
            row = _ROW | {"code": code, "status": seq, "seq": seq}
            await self._append(filing, seq, _ASKED, {"row": row, "tasks": [_TASK | {"name": f"decide{seq % 3}"}]})
            times.append(time.perf_counter())
        return Filed(("", ""), {str(seq): end - begin for seq, (begin, end) in enumerate(pairwise(times), 1)})

    async def _append(self, filing: UUID, seq: int, event: dict[str, Any], rows: dict[str, Any]) -> str | None:
        batch = Batch.model_validate(
            {
                "stream": f"filing:{filing}",
                "filing_id": filing,
                "agency": AGENCY,
                "next_seq": seq,
                "command_id": uuid4().hex,
                "digest": _SHA256,
                "actor": {"subject": "system", "role": "system"},
                "via": {"principal": "benchmark", "channel": "online"},
                "at": AT,
                "events": [event],
                "rows": rows,
            }
        )
        answer = await self._ledger.append(batch)
        if not answer.stored:
            raise RuntimeError(f"the log does not take event {seq}: {answer.refused}")
        return answer.receipts[0].code


@asynccontextmanager
async def appending() -> AsyncIterator[tuple[Appending, dict[str, int]]]:
    """Yields an `Appending` over one connection, and the pids to measure: this process and the connection's backend."""
    with tempfile.TemporaryDirectory(prefix="motcua-bench-") as folder:
        async with Stack(Path(folder), parts=("postgres", "migrations")) as stack:
            dsn, key = stack.env["MOTCUA_DATABASE_URL"], stack.env["MOTCUA_MASTER_KEY"]
            settings = RecordSettings(database_url=dsn, master_key=key)
            async with asyncpg.create_pool(dsn, min_size=1, max_size=1, reset=_as_it_was) as pool:
                ledger = Ledger(pool, Vault(settings.master), KINDS)
                backend = await pool.fetchval("select pg_backend_pid()")
                yield Appending(ledger), {"worker": os.getpid(), "postgresql": backend}


async def _as_it_was(_: object) -> None:
    """Does nothing, in place of the pool's reset of a returned connection: no session setting was changed."""
