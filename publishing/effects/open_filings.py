"""Reads every open filing from the log, page by page, without writing."""

from collections.abc import AsyncIterator, Callable
from typing import Final
from uuid import UUID

import asyncpg

from activities.keys.masters import MasterKeys
from activities.ledger.vault import Vault
from rules.streams import KINDS
from schemas.filing.state import Filing
from views.log import Log

TIMEOUT: Final = 10.0
PAGE: Final = 200
_PAGE_OF: Final = """
select s.stream, s.filing_id, s.agency, s.head_seq
from (
    select filing_id from filing
    where closed_at is null and filing_id > $1{narrowed} order by filing_id limit $2
) as f join stream s on s.stream = 'filing:' || f.filing_id order by f.filing_id
"""
OPEN_FILINGS: Final = _PAGE_OF.format(narrowed="")
OPEN_FILINGS_OF_PROCEDURE: Final = _PAGE_OF.format(narrowed=" and procedure = $3")
_HOW_MANY: Final = "select count(*) from filing where closed_at is null and ($1::text is null or procedure = $1)"

Progress = Callable[[int, int], None]


async def open_filings(
    dsn: str, master: MasterKeys, progress: Progress, procedure: str | None = None
) -> AsyncIterator[Filing]:
    """Yields all open filings, or those of one procedure, as of one moment.

    Calls `progress(filings, of)` after each page. Raises `UnfoldableError`, and asyncpg's errors.
    """
    asked = (OPEN_FILINGS,) if procedure is None else (OPEN_FILINGS_OF_PROCEDURE, procedure)
    statement, *narrowed = asked
    async with (
        asyncpg.create_pool(dsn, min_size=1, max_size=1, timeout=TIMEOUT) as pool,
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        done, of = 0, await connection.fetchval(_HOW_MANY, procedure)
        log = Log(connection, Vault(master).find, KINDS)
        after = UUID(int=0)
        while page := await connection.fetch(statement, after, PAGE, *narrowed):
            for stream in page:
                events = await log.events(stream["stream"], stream["filing_id"], stream["head_seq"])
                yield await log.fold(stream["stream"], stream["agency"], events)
            done += len(page)
            progress(done, of)
            after = page[-1]["filing_id"]
