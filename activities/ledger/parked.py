"""Signals that could not be used, stored encrypted for the operator, outside the memory of any run."""

from typing import Final

from temporalio import activity

from activities.ledger.database import Pool, acquired
from activities.ledger.vault import Vault
from schemas.stream.ledger import ParkRequest

_PARK: Final = """
insert into inbox (id, stream, filing_id, agency, signal, problem, at, sealed, key_id)
select $1, $2, $3, $4, $5, $6, $7, $8, $9 where (select count(*) from inbox where stream = $2) < $10
on conflict (id) do nothing
"""
_MOST: Final = 1000
"""The maximum number of signals kept for one stream; further ones are dropped."""


class Inbox:
    """Stores signals that could not be used."""

    def __init__(self, pool: Pool, vault: Vault) -> None:
        self._pool = pool
        self._vault = vault

    @activity.defn(name="inbox.park")
    async def park(self, request: ParkRequest) -> None:
        """Stores the signal, once even if repeated."""
        async with acquired(self._pool) as connection, connection.transaction():
            key = await self._vault.key(connection, request.filing_id, request.agency)
            sealed = key.seal(request.payload.encode(), f"inbox\n{request.id}")
            given = request.model_dump(exclude={"payload"})
            await connection.execute(_PARK, *given.values(), sealed, key.key_id, _MOST)
        self._vault.remember(request.filing_id, key)
