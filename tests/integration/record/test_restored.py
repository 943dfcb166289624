"""The first step after a restore begins a new generation of positions, and withholds keys from the platform."""

import asyncpg
import pytest

from activities.ledger.sequencer import position_appends
from activities.ledger.vault import Vault
from operations.restored import Restored, begin
from rules.require import require
from tests.conftest import World
from tests.integration.record.appends import ASKED, opened
from views.order import last_position, resumed


async def test_a_restore_begins_a_generation_and_a_follower_goes_on_where_it_began(world: World) -> None:
    async with opened(world) as log, world.connection(world.owner_dsn) as owner, log.pool.acquire() as app:
        await log.append(ASKED, ASKED)
        await position_appends(app)
        last = await last_position(app)
        assert await resumed(app, 1, last) == (1, last)
        assert await begin(owner, "restored", ()) == Restored(2, last, 0)
        assert await resumed(app, 1, last + 50) == (2, last), "events behind the restore are others"
        assert await resumed(app, 1, last - 1) == (2, last - 1), "what it had not read yet is not skipped"
        await log.append(ASKED)
        await position_appends(app)
        assert await resumed(app, 2, last + 1) == (2, last + 1)
        assert await begin(owner, "restored once more", ()) == Restored(3, last + 1, 0)
        assert await resumed(app, 1, last + 50) == (3, last), "over two restores it goes back to the first"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await begin(app, "by a worker", ())


async def test_a_withheld_key_is_the_owners_alone(world: World) -> None:
    async with opened(world) as log, opened(world) as other, world.connection(world.owner_dsn) as owner:
        assert (await begin(owner, "restored", [log.filing])).withheld == 1
        assert (await begin(owner, "again", [log.filing])).withheld == 0
        async with log.pool.acquire() as app:
            vault = Vault(world.settings.master)
            assert await vault.find(app, log.filing) is None
            assert await vault.find(app, other.filing) is not None
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute("update filing_key set withheld = false")
        assert require(await Vault(world.settings.master).find(owner, log.filing)).key_id, "who erases it reads it"
