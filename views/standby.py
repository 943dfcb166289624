"""Ensures that a standby has the log's commits, so that no receipt is lost with the host that gave it.

PostgreSQL shows a commit to others once a standby has it (`synchronous_standby_names`), or once its wait for the
standby was cancelled: in this case only the committing client gets a warning, and the commit may be lost. So a commit
with a warning does not count; and a receipt read back from the log is returned only after one more commit, which
reaches a standby after all earlier ones.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from views.log import Connection


class WaitCutError(ConnectionError):
    """A commit's wait for the standby was cancelled: the commit may be lost with its host."""


@asynccontextmanager
async def waits_uncut(connection: Connection) -> AsyncIterator[None]:
    """Raises `WaitCutError` at the end of the block if the server sent a warning meanwhile, as for a cancelled wait."""
    warnings: list[object] = []

    def heed(_: object, message: asyncpg.PostgresLogMessage) -> None:
        if message.severity_en == "WARNING":
            warnings.append(message)

    connection.add_log_listener(heed)
    try:
        yield
    finally:
        connection.remove_log_listener(heed)
    if warnings:
        raise WaitCutError


async def confirmed(connection: Connection) -> None:
    """Waits until a standby has the whole present log; within a transaction, the commit waits for it.

    Returns at once where PostgreSQL waits for no standby. To be called within `waits_uncut`.
    """
    await connection.execute(_CONFIRM)


_CONFIRM: Final = """
select pg_logical_emit_message(true, 'motcua', '') where current_setting('synchronous_standby_names') <> ''
"""
"""SQL: makes a commit that changes no data, but is in the write-ahead log, and is waited for like any other."""
