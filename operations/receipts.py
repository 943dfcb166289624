"""The voiding of a receipt, recorded in the stream of its filing's papers, where it was issued."""

from typing import Final

import asyncpg

from activities.keys.masters import MasterKeys
from activities.ledger.append import Ledger
from activities.ledger.recording import record
from activities.ledger.vault import Vault
from rules.require import require
from rules.rule import refuse
from rules.stream_kind import Origin
from rules.streams import KINDS, PAPERS
from schemas.errors import RefusalError, problem
from schemas.ids import StreamId, papers_stream
from schemas.papers.commands import VoidReceipt
from schemas.papers.state import RegisteredReceipt
from views.log import Log
from views.registers.receipts import receipt_of

_CONNECTIONS: Final = 2
"""The number of connections to the record: one to read, one to append."""
_RECORDED: Final = "select exists (select from receipt where stream = $1 and command_id = $2)"


async def void(dsn: str, master: MasterKeys, command: VoidReceipt) -> RegisteredReceipt:
    """Voids a receipt. Returns its row afterwards. Idempotent by the command's id.

    Raises `RefusalError`, and asyncpg's errors.
    """
    vault = Vault(master)
    async with (
        asyncpg.create_pool(dsn, min_size=0, max_size=_CONNECTIONS, timeout=10, command_timeout=10) as pool,
        pool.acquire() as connection,
    ):
        found = await receipt_of(connection, command.registered)
        if found is None:
            raise refuse(problem("registered", "unknown_receipt"))
        stream = papers_stream(found.filing_id)
        try:
            origin = Origin(StreamId.parse(stream), found.agency)
            await record(Ledger(pool, vault, KINDS), Log(connection, vault.find, KINDS), PAPERS, origin, command)
        except RefusalError:
            if not await connection.fetchval(_RECORDED, stream, command.command_id):
                raise
        return require(await receipt_of(connection, command.registered))
