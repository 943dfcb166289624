"""A filing with a key in the record but without a submission."""

from uuid import UUID, uuid4

from activities.keys.masters import master_keys
from activities.ledger.vault import Vault
from tests.acting import AGENCY
from tests.conftest import World


async def keyed(world: World, filing: UUID | None = None) -> UUID:
    """Makes a key in the record for the filing, or for a new filing; returns the filing's id."""
    named = filing or uuid4()
    async with world.connection() as connection:
        await Vault(master_keys(world.env["MOTCUA_MASTER_KEY"])).key(connection, named, AGENCY, first=True)
    return named
