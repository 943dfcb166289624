"""A filing of which the log holds a part only: it has its key, though it was never handed in."""

from __future__ import annotations

from uuid import UUID, uuid4

from activities.keys.masters import master_keys
from activities.ledger.vault import Vault
from tests.acting import AGENCY
from tests.conftest import World


async def keyed(world: World, filing: UUID | None = None) -> UUID:
    """The filing, or one of its own, with a key in the record."""
    named = filing or uuid4()
    async with world.connection() as connection:
        await Vault(master_keys(world.env["MOTCUA_MASTER_KEY"])).key(connection, named, AGENCY, first=True)
    return named


async def nobody_published(world: World) -> None:
    """Take away the keys that seal the names of those who have published: no key is in the record any more."""
    async with world.connection() as connection:
        await connection.execute("delete from filing_key")
