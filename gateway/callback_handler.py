"""Handles a callback from its bytes to its answer: verified, stored, and only then answered."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import structlog

from activities.ledger.database import Pool
from activities.ledger.vault import Vault
from activities.partners.money.merchants import Merchants, door
from activities.partners.money.provider import Door, Notice, Received, Refused, Reply, Verdict
from activities.support.failpoint import failpoint
from gateway import inbox
from gateway.measures import Measures
from views.log import DATABASE_ERRORS

PASSING: Final = (*DATABASE_ERRORS, OSError, TimeoutError)
"""The errors when the record can't be reached. Their texts may quote values."""

_SECONDS: Final = 6.0
"""The maximum seconds to wait for a connection: many callers may come at once, and none should wait longer."""

_log = structlog.stdlib.get_logger("motcua.gateway")


class Hearing:
    """Handles the callbacks of payment providers. Sets `kept` if there may be a callback to deliver."""

    def __init__(self, pool: Pool, vault: Vault, merchants: Merchants, measures: Measures, kept: asyncio.Event) -> None:
        self._pool = pool
        self._vault = vault
        self._doors: Mapping[str, Door] = {name: door(name, merchant) for name, merchant in merchants.items()}
        self._measures = measures
        self._kept = kept

    async def hear(self, provider: str, received: Received) -> Reply | None:
        """Returns the answer in the provider's own format; None if no such provider is set up."""
        heard = self._doors.get(provider)
        if heard is None:
            return None
        try:
            verdict = await self._verdict(provider, heard.verified(received, datetime.now(UTC)))
        except Exception as error:  # noqa: BLE001 -- any other error is our fault, and they must call again
            _log.warning("callback.not_kept", part=provider, reason=type(error).__name__)
            verdict = Verdict.NOT_KEPT
        self._measures.answered(provider, verdict)
        return heard.reply(verdict)

    async def _verdict(self, provider: str, found: Notice | Refused) -> Verdict:
        if isinstance(found, Refused) and found.verdict is Verdict.BAD_SIGNATURE:
            return found.verdict
        async with self._pool.acquire(timeout=_SECONDS) as connection:
            if isinstance(found, Refused):
                return await inbox.refused(connection, provider, found)
            async with connection.transaction():
                verdict = await inbox.keep(connection, self._vault, found)
                failpoint("callback.keeping")
        failpoint("callback.kept")
        self._kept.set()
        return verdict
