"""A filing's key is made once, whoever asks for it, and found again by whoever has the master key."""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast
from uuid import uuid4

import pytest

from activities.keys.master_key import MasterKey
from activities.keys.masters import MasterKeys
from activities.ledger.vault import KeyGoneError, Vault
from tests.acting import AGENCY, eventually
from tests.conftest import World

ELSEWHERE: Final = MasterKeys(MasterKey(bytes(32)))
"""Another master key."""
NOWHERE: Final = cast("Any", None)
"""No connection: what is known is not asked for."""
WAITING: Final = """
select count(*) from pg_locks join pg_stat_activity using (pid) where not granted and datname = current_database()
"""


@pytest.fixture
def master(world: World) -> MasterKeys:
    return world.settings.master


async def test_a_key_is_made_for_its_filing_once_and_found_by_others(connection: Any, master: MasterKeys) -> None:
    filing, vault, other = uuid4(), Vault(master), Vault(master)
    assert await vault.find(connection, filing) is None
    made = await vault.key(connection, filing, AGENCY, first=True)
    assert (
        await vault.key(connection, filing, AGENCY, first=True)
        == await other.key(connection, filing, AGENCY, first=True)
        == made
    )
    [row] = await connection.fetch("select filing_id, agency, key_id from filing_key where filing_id = $1", filing)
    assert tuple(row) == (filing, AGENCY, made.key_id)


async def test_a_key_just_made_is_known_only_once_it_was_found_in_the_record(
    connection: Any, master: MasterKeys
) -> None:
    filing, vault = uuid4(), Vault(master)
    made = await vault.key(connection, filing, AGENCY, first=True)
    assert vault.known(filing) is None
    assert await vault.find(connection, filing) == made
    assert (
        vault.known(filing) == await vault.key(NOWHERE, filing, AGENCY) == await vault.others(NOWHERE, filing) == made
    )


async def test_a_key_that_is_being_made_elsewhere_is_waited_for(
    world: World, connection: Any, master: MasterKeys
) -> None:
    filing = uuid4()
    async with world.connection() as other:
        async with other.transaction():
            made = await Vault(master).key(other, filing, AGENCY, first=True)
            waiting = asyncio.create_task(Vault(master).key(connection, filing, AGENCY, first=True))
            await eventually(lambda: other.fetchval(WAITING), bool)
        assert await waiting == made


async def test_many_keys_are_learnt_at_once_but_for_what_another_master_key_wrapped(
    connection: Any, master: MasterKeys
) -> None:
    ours, theirs, none = uuid4(), uuid4(), uuid4()
    key = await Vault(master).key(connection, ours, AGENCY, first=True)
    await Vault(ELSEWHERE).key(connection, theirs, AGENCY, first=True)
    vault = Vault(master)
    await vault.learn(connection, [theirs, ours, none])
    assert [vault.known(filing) for filing in (ours, theirs, none)] == [key, None, None]
    await vault.learn(NOWHERE, [ours])


async def test_the_record_is_opened_by_the_master_key_that_wrapped_its_keys(
    connection: Any, master: MasterKeys
) -> None:
    await connection.execute("delete from filing_key")
    assert await Vault(ELSEWHERE).opens(connection)
    await Vault(master).key(connection, uuid4(), AGENCY, first=True)
    assert [await Vault(key).opens(connection) for key in (master, ELSEWHERE)] == [True, False]


async def test_a_key_that_is_not_there_is_missed_and_not_replaced(connection: Any, master: MasterKeys) -> None:
    filing, vault = uuid4(), Vault(master)
    for asked in (vault.key(connection, filing, AGENCY), vault.others(connection, filing)):
        with pytest.raises(KeyGoneError, match="the filing's key is gone"):
            await asked
    assert await vault.find(connection, filing) is None, "and nobody has made another"
