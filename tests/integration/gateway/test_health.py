"""A process is ready as long as it can begin a transaction on the primary and decrypt a key of the record."""

import asyncpg
import httpx

from activities.keys.master_key import KEY_BYTES, MasterKey
from activities.keys.masters import MasterKeys
from activities.ledger.database import Pool
from activities.ledger.health import record_works
from activities.ledger.vault import Vault
from tests.conftest import World


async def test_a_process_works_on_a_primary_whose_keys_it_opens(
    world: World, pool: Pool, gateway: httpx.AsyncClient
) -> None:
    ours, foreign = Vault(world.settings.master), Vault(MasterKeys(MasterKey(bytes(KEY_BYTES))))
    events = await world.fetchval("select count(*) from event")
    assert await record_works(pool, ours)
    assert not await record_works(pool, foreign)
    url = world.settings.database_url.get_secret_value()
    read_only = {"default_transaction_read_only": "on"}
    async with asyncpg.create_pool(url, min_size=1, max_size=1, server_settings=read_only) as standby:
        assert not await record_works(standby, ours)
    await world.execute("alter table filing_key rename to away")
    assert (await gateway.get("/healthz")).status_code == 503
    await world.execute("alter table away rename to filing_key")
    assert (await gateway.get("/healthz")).json() == {"status": "ok"}
    await world.execute("delete from filing_key")
    assert await record_works(pool, foreign), "no key, so none that does not open"
    assert await world.fetchval("select count(*) from event") == events
