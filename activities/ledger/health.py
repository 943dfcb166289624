"""The check that this process can use the record."""

from typing import Final

import structlog

from activities.keys.master_key import KeysUnavailableError
from activities.ledger.database import ACQUIRE_SECONDS, Pool
from activities.ledger.vault import Vault
from views.log import DATABASE_ERRORS, SealBrokenError

_PASSING: Final = (*DATABASE_ERRORS, KeysUnavailableError, SealBrokenError, OSError, TimeoutError)

_log = structlog.stdlib.get_logger("motcua.health")


async def record_works(pool: Pool, vault: Vault) -> bool:
    """Returns whether a transaction on the primary can begin, and a key of the record can be opened; writes nothing."""
    try:
        async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection, connection.transaction():
            if await connection.fetchval("show transaction_read_only") == "on":
                _log.warning("health.no_record", reason="read_only")
                return False
            await vault.open_any(connection)
    except _PASSING as error:
        _log.warning("health.no_record", reason=type(error).__name__)
        return False
    return True
