"""Writes the monthly registers of all agencies with filings in a run of the demo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from activities.keys.masters import master_keys
from activities.ledger.vault import Vault
from activities.printing.register_book import RegisterBook
from demo.papers import write
from demo.running import Verdict
from operations.register_workbook import read_register
from rules.papers.register import period
from rules.require import require
from rules.streams import KINDS
from rules.time.working_time import local_day
from schemas.papers.register import Period, Register
from views import primary
from views.log import Log


async def leave_registers(env: Mapping[str, str], verdicts: Sequence[Verdict], folder: Path) -> None:
    """Writes each register below `folder`, as `<agency>-<month>.pdf`. Raises `NotLeftError`."""
    filings = [verdict.recorded.filing for verdict in verdicts if verdict.recorded is not None]
    months = {(filing.agency, f"{local_day(require(filing.submitted_at)):%Y-%m}") for filing in filings}
    connection = await primary.connect(env["MOTCUA_DATABASE_URL"], timeout=5)
    try:
        log = Log(connection, Vault(master_keys(env["MOTCUA_MASTER_KEY"])).find, KINDS)
        for agency, month in sorted(months):
            write(folder / f"{agency}-{month}.pdf", await _register(log, agency, require(period(month))))
    finally:
        await connection.close(timeout=5)


async def _register(log: Log, agency: str, month: Period) -> bytes:
    books: list[RegisterBook] = []

    def begin(head: Register) -> Sequence[RegisterBook]:
        books.append(RegisterBook(head))
        return books

    await read_register(log, agency, month, begin, lambda *_: None)
    return books[0].bound()
