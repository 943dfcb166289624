"""Plays the filings that a long log has copies of: most are closed, some wait at their agency."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from activities.keys.masters import master_keys
from activities.ledger.append import Ledger
from activities.ledger.findings import Findings
from activities.ledger.vault import Vault
from benchmarks.ending import end
from benchmarks.sides import Product, Timed
from benchmarks.stage import Scene, scene
from rules.evidence import Finding
from rules.streams import KINDS
from schemas.filing.commands import SYSTEM_VIA
from schemas.payment.events import PaymentWatchEnded
from schemas.people import SYSTEM
from schemas.stream.ledger import Batch, Recorded
from views.log import Log
from views.primary import create_pool

CLOSED: Final = 17
AT_INTAKE: Final = 2
AT_DECISION: Final = 1


async def record(folder: Path) -> None:
    """Records the filings in a stack of this folder, then ends the stack."""
    async with scene(folder) as on:
        product = on.sides[0]
        played = await asyncio.gather(*(product.file() for _ in range(CLOSED)))
        await asyncio.gather(*(product.submit(Timed()) for _ in range(AT_INTAKE)))
        await asyncio.gather(*(_at_decision(product) for _ in range(AT_DECISION)))
        for one in played:
            await on.client.get_workflow_handle(one.workflows[0]).result()
        payments = [one.workflows[1] for one in played]
        await end(on.client, payments)
        await _end_watches(on, payments)


async def _at_decision(product: Product) -> None:
    await product.prepare(await product.submit(Timed()), Timed())


async def _end_watches(on: Scene, payments: list[str]) -> None:
    """Ends the watch for late money of each payment, as happens after three days."""
    vault = Vault(master_keys(on.env["MOTCUA_MASTER_KEY"]))
    async with create_pool(on.dsn, min_size=1, max_size=1) as pool:
        ledger, findings = Ledger(pool, vault, KINDS), Findings(pool)
        for stream in payments:
            async with pool.acquire() as connection:
                told = await Log(connection, vault.find, KINDS).read(stream)
            payment, last = told.state, told.events[-1]
            event = PaymentWatchEnded(until=payment.watched_until)
            now: dict[str, Any] = {"command_id": "watched", "actor": SYSTEM, "at": last.at}
            ended = told.kind.evolve(payment, Recorded(seq=last.seq + 1, event=event, **now))
            await findings.keep(stream, Finding(event.kind, {"until": event.until}))
            batch = Batch(
                stream=stream,
                filing_id=payment.filing_id,
                agency=payment.agency,
                next_seq=last.seq + 1,
                digest="0" * 64,
                via=SYSTEM_VIA,
                events=(event.model_dump(mode="json"),),
                rows=told.kind.all_rows(ended),
                **now,
            )
            if not (answer := await ledger.append(batch)).stored:
                raise RuntimeError(f"the log does not take the end of a watch: {answer.refused}")
